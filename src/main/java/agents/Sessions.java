package agents;

import agents.AgentSession.Closed;
import agents.AgentSession.SessionFound;
import agents.AgentSession.SummaryFound;
import agents.plan.SessionLeases;
import agents.session.Control;
import agents.session.SessionEvent.CloseReason;
import agents.session.SessionKey;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.AskPattern;
import akka.cluster.sharding.typed.ClusterShardingSettings;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.persistence.query.javadsl.PagedPersistenceIdsQuery;
import akka.persistence.typed.PersistenceId;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import inference.SessionId;
import inference.TenantId;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import router.LeaseKeeper;

/**
 * Every session of the cluster, by name.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class Sessions {
    /** Sessions asked at a time for one page. */
    private static final int PAGE_PARALLELISM = 8;

    private final ActorSystem<?> system;
    private final Function<String, RecipientRef<AgentSession.Command>> entities;
    private final PagedPersistenceIdsQuery journal;
    private final AgentSettings.Session settings;

    Sessions(
            ActorSystem<?> system,
            Function<String, RecipientRef<AgentSession.Command>> entities,
            PagedPersistenceIdsQuery journal,
            AgentSettings.Session settings) {
        this.system = system;
        this.entities = entities;
        this.journal = journal;
        this.settings = settings;
    }

    /**
     * Starts the sharding of sessions on this node.
     *
     * @param journal lists the sessions; of the same store that keeps their events
     * @param keepers see {@link SessionPorts}
     * @param retention see {@link SessionPorts}
     */
    public static Sessions init(
            ActorSystem<?> system,
            PagedPersistenceIdsQuery journal,
            AgentSettings.Session settings,
            BiFunction<TenantId, SessionId, RecipientRef<LeaseKeeper.Command>> keepers,
            SessionLeases retention,
            InstantSource clock) {
        ClusterSharding sharding = ClusterSharding.get(system);
        Function<String, RecipientRef<AgentSession.Command>> entities =
                id -> sharding.entityRefFor(AgentSession.TYPE_KEY, id);
        SessionPorts ports = new SessionPorts(entities, keepers, retention, clock);
        // Sessions passivate themselves: a turn may be silent for longer than any idle time that sharding could know.
        sharding.init(Entity.of(
                        AgentSession.TYPE_KEY,
                        entity -> AgentSession.create(entity.getEntityId(), entity.getShard(), settings, ports))
                .withStopMessage(AgentSession.stopMessage())
                .withSettings(ClusterShardingSettings.create(system).withNoPassivationStrategy()));
        return new Sessions(system, entities, journal, settings);
    }

    /** The session's actor, which need not be awake or opened. */
    public RecipientRef<AgentSession.Command> ref(SessionKey key) {
        return entities.apply(key.entityId());
    }

    /** One session in full, or empty when nobody has opened it. */
    public CompletionStage<Optional<SessionFound>> get(SessionKey key) {
        return this.<AgentSession.SessionReply>ask(key.entityId(), AgentSession.GetSession::new)
                .thenApply(reply -> reply instanceof SessionFound found ? Optional.of(found) : Optional.empty());
    }

    /**
     * Tells a session something.
     *
     * @param request see {@link AgentSession.TakeControl}
     */
    public CompletionStage<AgentSession.ControlReply> control(
            SessionKey key, Control control, @Nullable String request) {
        return ask(key.entityId(), replyTo -> new AgentSession.TakeControl(control, request, replyTo));
    }

    /** Closes a session; false when nobody has opened it. */
    public CompletionStage<Boolean> close(SessionKey key) {
        return this.<AgentSession.CloseReply>ask(
                        key.entityId(), replyTo -> new AgentSession.Close(CloseReason.REQUESTED, replyTo))
                .thenApply(Closed.class::isInstance);
    }

    /**
     * One page of sessions in an order of no meaning that stays the same.
     *
     * @param next what to pass as {@code after} for the next page, null on the last
     */
    public record Page(List<SummaryFound> sessions, @Nullable String next) {
        public Page {
            sessions = List.copyOf(sessions);
        }
    }

    /** Whether {@code after} can be from an earlier page of a tenant's list, or asks for the first. */
    public static boolean follows(TenantId tenant, @Nullable String after) {
        return after == null || after.startsWith(SessionKey.tenantPrefix(tenant));
    }

    /**
     * A page of a tenant's sessions, sleeping ones included.
     *
     * @param limit sessions per page, at least 1
     * @param after see {@link #follows}
     */
    public CompletionStage<Page> list(TenantId tenant, int limit, @Nullable String after) {
        String prefix = SessionKey.tenantPrefix(tenant);
        if (limit < 1 || !follows(tenant, after)) {
            throw new IllegalArgumentException("not a page of this list: limit " + limit + ", after " + after);
        }
        String typePrefix = PersistenceId.of(AgentSession.TYPE_KEY.name(), "").id();
        String from = typePrefix + (after == null ? prefix : after);
        return journal.currentPersistenceIds(Optional.of(from), limit + 1L)
                .takeWhile(id -> id.startsWith(typePrefix + prefix))
                .map(id -> id.substring(typePrefix.length()))
                .runWith(Sink.seq(), system)
                .thenCompose(ids -> page(ids, limit));
    }

    private CompletionStage<Page> page(List<String> ids, int limit) {
        List<String> shown = ids.subList(0, Math.min(limit, ids.size()));
        String next = ids.size() > limit ? shown.get(limit - 1) : null;
        return Source.from(shown)
                .mapAsync(PAGE_PARALLELISM, id -> this.<AgentSession.SummaryReply>ask(id, AgentSession.GetSummary::new))
                .runFold(
                        new ArrayList<SummaryFound>(),
                        (found, reply) -> {
                            if (reply instanceof SummaryFound summary) {
                                found.add(summary);
                            }
                            return found;
                        },
                        system)
                .thenApply(found -> new Page(found, next));
    }

    private <R> CompletionStage<R> ask(String entityId, Function<ActorRef<R>, AgentSession.Command> question) {
        return AskPattern.ask(entities.apply(entityId), question::apply, settings.askTimeout(), system.scheduler());
    }
}
