package cluster;

import agents.AgentSession;
import agents.Sessions;
import agents.TurnService;
import agents.session.Frontier;
import agents.session.Segment;
import agents.session.SessionKey;
import agents.session.SessionState;
import agents.session.TurnRecord;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.AskPattern;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import frontend.ModelCatalog;
import frontend.Readiness;
import frontend.RefusedRequest;
import frontend.admin.AdminQueries;
import inference.InferenceRequest;
import inference.PlacementReason;
import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import kv.KvTier;
import kv.SequenceHash;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.Leases;
import router.Router;
import router.placement.Decision;
import router.placement.Explanation;
import router.placement.RouteRequest;
import router.retention.Evacuation;
import workers.EngineEndpoint;
import workers.Worker;
import workers.WorkerStatus;
import workers.Workers;
import workers.status.ColderTiers;
import workers.status.CopyRoom;
import workers.status.EngineFacts;
import workers.status.HeldTier;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * What the frontend asks of the cluster: sessions, leases, workers, models, explanations, readiness.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class ClusterQueries implements AdminQueries, ModelCatalog, Readiness {
    /** Probes give up after a second. */
    private static final Duration READY_WAIT = Duration.ofMillis(500);

    /** Leases shown with a session. */
    private static final int SHOWN_LEASES = 100;

    private final ActorSystem<?> system;
    private final Settings settings;
    private final Sessions sessions;
    private final Workers workers;
    private final Leases leases;
    private final ActorRef<Router.Command> router;
    private final TurnService turns;
    private final Instant startedAt;

    ClusterQueries(
            ActorSystem<?> system,
            Settings settings,
            Sessions sessions,
            Workers workers,
            Leases leases,
            ActorRef<Router.Command> router,
            TurnService turns,
            InstantSource clock) {
        this.system = system;
        this.settings = settings;
        this.sessions = sessions;
        this.workers = workers;
        this.leases = leases;
        this.router = router;
        this.turns = turns;
        this.startedAt = clock.instant();
    }

    @Override
    public CompletionStage<SessionPage> sessions(TenantId tenant, int limit, @Nullable String after) {
        if (!Sessions.follows(tenant, after)) {
            throw RefusedRequest.invalid("after", "'after' must be the 'next' of an earlier page of this list");
        }
        return sessions.list(tenant, limit, after)
                .thenApply(page -> new SessionPage(
                        page.sessions().stream().map(ClusterQueries::summary).toList(), page.next()));
    }

    @Override
    public CompletionStage<Optional<SessionView>> session(TenantId tenant, SessionId id) {
        return sessions.get(new SessionKey(tenant, id))
                .thenCombine(
                        leases(tenant, id, SHOWN_LEASES), (found, kept) -> found.map(session -> view(session, kept)));
    }

    @Override
    public CompletionStage<Boolean> closeSession(TenantId tenant, SessionId id) {
        return sessions.close(new SessionKey(tenant, id));
    }

    @Override
    public CompletionStage<List<LeaseView>> leases(TenantId tenant, @Nullable SessionId session, int limit) {
        return leases.list(tenant, session, limit)
                .thenApply(shown -> shown.stream().map(LeaseViews::view).toList());
    }

    @Override
    public CompletionStage<Boolean> endLease(TenantId tenant, String id) {
        return LeaseViews.id(id)
                .map(lease -> leases.revoke(tenant, lease))
                .orElse(CompletableFuture.completedFuture(false));
    }

    @Override
    public CompletionStage<List<WorkerView>> workers() {
        return statuses().thenApply(all -> all.stream()
                .sorted(Comparator.comparing(WorkerStatus::worker))
                .map(ClusterQueries::view)
                .toList());
    }

    @Override
    public CompletionStage<Optional<DrainView>> drain(String worker, boolean wanted) {
        WorkerId id = new WorkerId(worker);
        if (settings.workers().engine(id).isEmpty()) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        return AskPattern.<Worker.Command, WorkerStatus>ask(
                        workers.ref(id),
                        replyTo -> new Worker.SetDraining(wanted, replyTo),
                        askTimeout(),
                        system.scheduler())
                .thenCombine(leases.evacuation(id), (status, moving) -> Optional.of(view(status, moving)));
    }

    private static DrainView view(WorkerStatus status, Evacuation leases) {
        return new DrainView(
                status.worker().url(),
                status.state().name(),
                status.state() == WorkerState.DRAINING && status.admittedTurns() == 0 && leases.moving() == 0,
                status.admittedTurns(),
                leases.moved(),
                leases.moving(),
                leases.stuck(),
                leases.named().stream()
                        .map(stuck -> new StuckView(
                                stuck.lease().toString(), stuck.session().value(), stuck.blocks()))
                        .toList());
    }

    @Override
    public CompletionStage<ExplanationView> explain(InferenceRequest request) {
        return turns.routeRequest(request).thenCompose(route -> AskPattern.<Router.Command, Explanation>ask(
                        router, replyTo -> new Router.Explain(route, replyTo), askTimeout(), system.scheduler())
                .thenApply(explanation -> {
                    Decision.Refused refusal = explanation.refusal();
                    if (refusal != null) {
                        throw new RefusedRequest(refusal.failure());
                    }
                    return view(explanation, route);
                }));
    }

    @Override
    public CompletionStage<List<ServedModel>> models() {
        return statuses().thenApply(all -> all.stream()
                .map(WorkerStatus::facts)
                .flatMap(facts -> facts == null ? java.util.stream.Stream.empty() : facts.models().stream())
                .distinct()
                .sorted()
                .map(model -> new ServedModel(model, startedAt, "holdfast"))
                .toList());
    }

    @Override
    public CompletionStage<List<String>> missing() {
        return routerStatus(READY_WAIT).handle((status, failure) -> {
            List<String> missing = new ArrayList<>();
            if (!Cluster.get(system).selfMember().status().equals(MemberStatus.up())) {
                missing.add("the node has not joined its cluster");
            }
            if (status == null) {
                missing.add("its router does not answer");
            } else if (status.acceptingWorkers() == 0) {
                missing.add("no worker takes turns now");
            }
            return missing;
        });
    }

    CompletionStage<Router.Status> routerStatus() {
        return routerStatus(askTimeout());
    }

    private CompletionStage<Router.Status> routerStatus(Duration wait) {
        return AskPattern.ask(router, Router.GetStatus::new, wait, system.scheduler());
    }

    /** What every worker says of itself. */
    CompletionStage<List<WorkerStatus>> statuses() {
        CompletionStage<List<WorkerStatus>> all = CompletableFuture.completedFuture(List.of());
        for (EngineEndpoint engine : settings.workers().engines()) {
            CompletionStage<WorkerStatus> one = AskPattern.<Worker.Command, WorkerStatus>ask(
                            workers.ref(engine.worker()), Worker.GetStatus::new, askTimeout(), system.scheduler())
                    .exceptionally(silent -> silent(engine.worker()));
            all = all.thenCombine(one, (before, status) -> {
                List<WorkerStatus> more = new ArrayList<>(before);
                more.add(status);
                return more;
            });
        }
        return all;
    }

    /** What is shown of a worker whose actor is on its way to another node, say: the others are shown all the same. */
    private static WorkerStatus silent(WorkerId worker) {
        return new WorkerStatus(
                worker,
                WorkerState.UNREACHABLE,
                null,
                null,
                WorkerLoad.idle(0),
                0,
                "the worker does not answer",
                0,
                0,
                List.of(),
                List.of(),
                null);
    }

    private Duration askTimeout() {
        return settings.agents().session().askTimeout();
    }

    private static SessionSummary summary(AgentSession.SummaryFound found) {
        return new SessionSummary(
                found.session().value(),
                found.phase().name(),
                name(found.parent()),
                found.totalTurns(),
                found.lastTurnAt());
    }

    private static SessionView view(AgentSession.SessionFound found, List<LeaseView> leases) {
        SessionState state = found.state();
        boolean subagent = state.parent() != null;
        return new SessionView(
                state.id().value(),
                found.phase().name(),
                name(state.parent()),
                state.treeRoot().value(),
                name(state.forkOf()),
                state.children().stream().map(SessionId::value).toList(),
                state.totalTurns(),
                state.frontiers().stream()
                        .map(frontier -> view(frontier, subagent))
                        .toList(),
                leases,
                state.turns().stream().map(ClusterQueries::view).toList());
    }

    private static FrontierView view(Frontier frontier, boolean subagent) {
        return new FrontierView(
                frontier.id(),
                frontier.blockSizeTokens(),
                frontier.live(),
                frontier.segments(subagent).stream().map(ClusterQueries::view).toList());
    }

    private static SegmentView view(Segment segment) {
        SequenceHash tail = segment.tail();
        return new SegmentView(
                segment.retentionClass().name(),
                segment.fromBlock(),
                segment.toBlock(),
                tail == null ? null : HexFormat.of().toHexDigits(tail.value()));
    }

    private static TurnView view(TurnRecord turn) {
        WorkerId worker = turn.worker();
        PlacementReason placement = turn.placement();
        return new TurnView(
                turn.number(),
                turn.id().value(),
                turn.frontier(),
                turn.outcome().name(),
                worker == null ? null : worker.url(),
                placement == null ? null : placement.name(),
                turn.usage().inputTokens(),
                turn.usage().cachedTokens(),
                turn.usage().outputTokens(),
                turn.ttftMillis(),
                Duration.between(turn.startedAt(), turn.endedAt()).toMillis(),
                turn.gapMillis(),
                turn.startedAt());
    }

    private static WorkerView view(WorkerStatus status) {
        EngineFacts facts = status.facts();
        WorkerLoad load = status.load();
        CopyRoom copies = status.copies();
        return new WorkerView(
                status.worker().url(),
                status.state().name(),
                status.reason(),
                status.incarnation() == null ? null : status.incarnation().toString(),
                facts == null ? List.of() : facts.models(),
                new LoadView(load.runningRequests(), load.waitingRequests(), status.admittedTurns()),
                tiers(status),
                new HoldsView(status.holds().size(), load.deviceBlocksHeld(), held(status)),
                copies == null ? new CopiesView(0, 0) : new CopiesView(copies.bytes(), copies.budgetBytes()));
    }

    private static Map<String, HeldView> held(WorkerStatus status) {
        Map<String, HeldView> tiers = new LinkedHashMap<>();
        for (HeldTier held : status.held()) {
            tiers.put(held.tier().name(), new HeldView(held.blocks(), held.budgetBlocks()));
        }
        return tiers;
    }

    /** The tiers that a worker's engine has. */
    private static Map<String, TierView> tiers(WorkerStatus status) {
        WorkerLoad load = status.load();
        Map<String, TierView> tiers = new LinkedHashMap<>();
        tiers.put(
                KvTier.DEVICE.name(),
                new TierView(load.deviceBlocksUsed(), load.deviceBlocksCached(), load.deviceBlocksTotal()));
        EngineFacts facts = status.facts();
        if (facts != null) {
            ColderTiers colder = facts.capabilities().tiers();
            if (colder.hostBlocks() > 0) {
                tiers.put(KvTier.HOST.name(), new TierView(0, status.hostBlocks(), colder.hostBlocks()));
            }
            if (colder.diskBlocks() > 0) {
                tiers.put(KvTier.DISK.name(), new TierView(0, status.diskBlocks(), colder.diskBlocks()));
            }
        }
        return tiers;
    }

    private static ExplanationView view(Explanation explanation, RouteRequest route) {
        WorkerId chosen = explanation.chosen();
        return new ExplanationView(
                explanation.strategy(),
                chosen == null ? null : chosen.url(),
                explanation.lowerWins(),
                explanation.wouldQueue(),
                route.inputTokens(),
                route.blocks().size(),
                explanation.scores().stream()
                        .map(score -> new ScoreView(
                                score.worker().url(), score.overlapBlocks(), score.total(), score.terms()))
                        .toList());
    }

    private static @Nullable String name(@Nullable SessionId id) {
        return id == null ? null : id.value();
    }
}
