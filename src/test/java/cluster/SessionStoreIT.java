package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.AgentSession;
import agents.AgentSettings;
import agents.Sessions;
import agents.plan.SessionLeases;
import agents.session.Conversation;
import agents.session.FrontierMatch;
import agents.session.PromptOutline;
import agents.session.SessionKey;
import agents.session.SessionLimits;
import agents.session.SessionState;
import agents.session.TurnResult;
import akka.Done;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.AskPattern;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.persistence.query.PersistenceQuery;
import akka.persistence.r2dbc.query.javadsl.R2dbcReadJournal;
import com.typesafe.config.ConfigFactory;
import inference.FinishReason;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.TurnId;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sessions on the real store, over node restarts and between nodes. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class SessionStoreIT {
    private static final Duration ASK = Duration.ofSeconds(20);
    private static final AgentSettings.Session SETTINGS = new AgentSettings.Session(
            Duration.ofMinutes(5),
            5,
            new SessionLimits(8, 8, 64, 8, 8),
            ASK,
            Duration.ofSeconds(1),
            Duration.ofMillis(100),
            Duration.ofSeconds(1));
    private static final String SYSTEM = "s:You are a careful agent that answers in few words.";

    @TempDir
    static Path temporary;

    private static RealStore store;

    @BeforeAll
    static void startTheStore() throws Exception {
        store = RealStore.in(temporary);
    }

    @AfterAll
    static void stopTheStore() {
        store.close();
    }

    /** One node with nothing but sessions. */
    private static final class Node implements AutoCloseable {
        final ActorSystem<Void> system;
        final Sessions sessions;

        Node() {
            system = ActorSystem.create(Behaviors.empty(), "sessions", store.bareNode());
            sessions = Sessions.init(
                    system,
                    PersistenceQuery.get(system)
                            .getReadJournalFor(R2dbcReadJournal.class, R2dbcReadJournal.Identifier()),
                    SETTINGS,
                    (tenant, root) -> system.ignoreRef(),
                    SessionLeases.of(
                            Settings.of(ConfigFactory.load().resolve()).agents().retention(), tokens -> tokens),
                    InstantSource.fixed(Conversation.START));
        }

        Node join(Node seed) throws Exception {
            Cluster cluster = Cluster.get(system);
            cluster.manager()
                    .tell(Join.create(Cluster.get(seed.system).selfMember().address()));
            Eventually.get(() -> {
                assertEquals(MemberStatus.up(), cluster.selfMember().status());
                return Done.getInstance();
            });
            return this;
        }

        long members() {
            return StreamSupport.stream(Cluster.get(system).state().getMembers().spliterator(), false)
                    .count();
        }

        <R> R ask(SessionKey key, Function<ActorRef<R>, AgentSession.Command> question) {
            CompletionStage<R> reply = AskPattern.ask(sessions.ref(key), question::apply, ASK, system.scheduler());
            return reply.toCompletableFuture().join();
        }

        void complete(SessionContext context, TurnResult result) {
            this.<AgentSession.TurnRecorded>ask(
                    SessionKey.of(context), replyTo -> new AgentSession.CompleteTurn(context, result, replyTo));
        }

        /** Asks once, and not for long. */
        void tryToComplete(SessionContext context, TurnResult result) {
            AskPattern.<AgentSession.Command, AgentSession.TurnRecorded>ask(
                            sessions.ref(SessionKey.of(context)),
                            replyTo -> new AgentSession.CompleteTurn(context, result, replyTo),
                            Duration.ofSeconds(3),
                            system.scheduler())
                    .toCompletableFuture()
                    .join();
        }

        AgentSession.TurnBegun begin(SessionContext context, String turn, String... prompt) {
            PromptOutline outline = Conversation.outline(prompt);
            AgentSession.BeginReply reply = ask(
                    SessionKey.of(context),
                    replyTo -> new AgentSession.BeginTurn(
                            context,
                            new TurnId(turn),
                            outline.model(),
                            outline.blockSizeTokens(),
                            outline.chain(),
                            Conversation.START,
                            system.ignoreRef(),
                            replyTo));
            return assertInstanceOf(AgentSession.TurnBegun.class, reply);
        }

        SessionState state(SessionContext context) {
            return sessions.get(SessionKey.of(context))
                    .toCompletableFuture()
                    .join()
                    .orElseThrow()
                    .state();
        }

        Sessions.Page list(TenantId tenant, int limit, @Nullable String after) {
            return sessions.list(tenant, limit, after).toCompletableFuture().join();
        }

        @Override
        public void close() {
            system.terminate();
            system.getWhenTerminated().toCompletableFuture().join();
        }
    }

    private static SessionContext session(String tenant, String id) {
        return new SessionContext(new TenantId(tenant), new SessionId(id), null, false);
    }

    private static TurnResult turn(int number, String... prompt) {
        return Conversation.completed("turn-" + number, number, number, FinishReason.TOOL_CALLS, prompt);
    }

    @Test
    void aSessionSurvivesARestartOfItsNode() throws Exception {
        SessionContext context = session("restarts", "a session / with ✓ any name");
        SessionState before;
        try (Node node = new Node()) {
            node.join(node);
            String[] prompt = {SYSTEM, "u:start"};
            for (int number = 1; number <= 12; number++) {
                node.complete(context, turn(number, prompt));
                prompt = longer(prompt, "a:" + number, "t:" + number);
            }
            before = node.state(context);
            Eventually.get(() -> {
                assertTrue(storedEvents("restarts") <= 2 * SETTINGS.snapshotEveryEvents(), "older events are deleted");
                return Done.getInstance();
            });
        }
        try (Node node = new Node()) {
            node.join(node);
            assertEquals(1, node.list(context.tenant(), 10, null).sessions().size());
            assertEquals(before, node.state(context));
            assertEquals(12, before.totalTurns());

            node.complete(context, turn(12, SYSTEM, "u:start"));
            assertEquals(12, node.state(context).totalTurns(), "a repeated end is not recorded again");
            AgentSession.TurnBegun next = node.begin(context, "turn-13", promptOf(12));
            assertEquals(FrontierMatch.Kind.EXTENDS, next.kind());
            assertEquals(Conversation.WORKER, next.lastWorker());
        }
    }

    private static int storedEvents(String tenant) {
        String sql = "SELECT count(*) FROM event_journal WHERE persistence_id LIKE '%|"
                + SessionKey.tenantPrefix(new TenantId(tenant)) + "%'";
        return Integer.parseInt(StoreClient.query(store.connection(), sql).get(0));
    }

    private static String[] promptOf(int turns) {
        String[] prompt = {SYSTEM, "u:start"};
        for (int number = 1; number <= turns; number++) {
            prompt = longer(prompt, "a:" + number, "t:" + number);
        }
        return prompt;
    }

    @Test
    void sessionsAreListedPageByPageAndNeverAnotherTenants() throws Exception {
        try (Node node = new Node()) {
            node.join(node);
            for (int i = 0; i < 5; i++) {
                node.complete(session("lister", "session-" + i), turn(1, SYSTEM, "u:" + i));
                node.complete(session("stranger", "session-" + i), turn(1, SYSTEM, "u:" + i));
            }
            TenantId tenant = new TenantId("lister");
            Set<SessionId> seen = new HashSet<>();
            Sessions.Page page = node.list(tenant, 2, null);
            while (page.next() != null) {
                assertEquals(2, page.sessions().size());
                page.sessions().forEach(line -> assertTrue(seen.add(line.session())));
                page = node.list(tenant, 2, page.next());
            }
            page.sessions().forEach(line -> assertTrue(seen.add(line.session())));

            assertEquals(5, seen.size());
            assertNull(node.list(new TenantId("nobody"), 10, null).next());
            String foreign = SessionKey.of(session("stranger", "session-1")).entityId();
            assertThrows(IllegalArgumentException.class, () -> node.list(tenant, 2, foreign));
        }
    }

    @Test
    void sessionsAreReachedFromAnyNodeAndOutliveTheirs() throws Exception {
        Node first = new Node();
        try (Node second = new Node()) {
            first.join(first);
            second.join(first);
            for (int i = 0; i < 20; i++) {
                SessionContext context = session("movers", "session-" + i);
                Node here = i % 2 == 0 ? first : second;
                Node there = i % 2 == 0 ? second : first;
                assertEquals(
                        FrontierMatch.Kind.OPENS,
                        here.begin(context, "turn-1", SYSTEM, "u:x").kind());
                here.complete(context, turn(1, SYSTEM, "u:x"));
                assertEquals(1, there.state(context).totalTurns());
            }
            first.close();
            Eventually.get(() -> {
                assertEquals(1, second.members());
                return Done.getInstance();
            });
            for (int i = 0; i < 20; i++) {
                SessionContext context = session("movers", "session-" + i);
                second.complete(context, turn(2, SYSTEM, "u:x", "a:1", "t:2"));
                assertEquals(2, second.state(context).totalTurns());
            }
        }
    }

    /** Nodes that are no cluster: each has its own actor of a session, as one that stood still has for a moment. */
    @Test
    void ofTwoWritersTheOneThatIsBehindIsNotAcknowledgedAndItsRepetitionLosesNothing() throws Exception {
        SessionContext context = session("writers", "s");
        try (Node stale = new Node();
                Node other = new Node()) {
            stale.join(stale);
            other.join(other);
            stale.complete(context, turn(1, SYSTEM, "u:1"));
            other.complete(context, turn(2, SYSTEM, "u:2"));

            assertThrows(CompletionException.class, () -> stale.tryToComplete(context, turn(3, SYSTEM, "u:3")));

            stale.complete(context, turn(3, SYSTEM, "u:3"));
            assertEquals(3, stale.state(context).totalTurns());
        }
        try (Node node = new Node()) {
            node.join(node);
            assertEquals(3, node.state(context).totalTurns());
        }
    }

    @Test
    void aWriterBehindASnapshotIsRefusedAlthoughTheEventsBeforeItAreDeleted() throws Exception {
        SessionContext context = session("behind", "s");
        int others = 4 * SETTINGS.snapshotEveryEvents();
        try (Node stale = new Node();
                Node other = new Node()) {
            stale.join(stale);
            other.join(other);
            stale.complete(context, turn(1, SYSTEM, "u:1"));
            for (int number = 2; number <= others; number++) {
                other.complete(context, turn(number, SYSTEM, "u:" + number));
            }
            Eventually.get(() -> {
                assertTrue(storedEvents("behind") <= 2 * SETTINGS.snapshotEveryEvents(), "older events are deleted");
                return Done.getInstance();
            });

            assertThrows(
                    CompletionException.class, () -> stale.tryToComplete(context, turn(others + 1, SYSTEM, "u:x")));
            stale.complete(context, turn(others + 1, SYSTEM, "u:x"));
        }
        try (Node node = new Node()) {
            node.join(node);
            assertEquals(others + 1, node.state(context).totalTurns());
        }
    }

    private static String[] longer(String[] prompt, String... more) {
        String[] all = Arrays.copyOf(prompt, prompt.length + more.length);
        System.arraycopy(more, 0, all, prompt.length, more.length);
        return all;
    }
}
