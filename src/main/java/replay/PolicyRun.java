package replay;

import agents.plan.GapPolicies;
import inference.TurnId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import kv.CacheOwner;
import kv.KvEvent;
import kv.Prefix;
import kv.PromptBlocks;
import kv.RunPrefixIndex;
import kv.SequenceHash;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import replay.trace.Trace;
import replay.trace.TracedTurn;
import router.placement.Decision;
import router.placement.Placement;
import router.placement.PlacementSettings;
import router.placement.Placer;
import router.placement.Resolved;
import router.placement.RouteRequest;
import router.retention.LiveWorker;
import workers.sim.SimRequest;
import workers.status.AnswerExtras;
import workers.status.TimingModel;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * One pair of policies over one trace in virtual time. Placement, queue, index, leases and holds are production's own classes;
 * the engines are simulated; what a router, a keeper and workers learn of each other reaches them late, as in production.
 *
 * <p>Thread-safety: confined to its thread.
 */
final class PolicyRun implements SimulatedWorker.Owner {
    private static final String MODEL = "replayed";
    private static final double HEARTBEAT_MILLIS = 1000;
    /** Without any placement for so long, nothing will come of waiting. */
    private static final double PATIENCE_MILLIS = 3_600_000;

    private final Trace trace;
    private final Prompts prompts;
    private final ReplaySettings settings;
    private final PlacementSettings placement;
    private final LongSupplier nanoClock;
    private final Runnable onTurnEnded;
    private final EventQueue events = new EventQueue();
    private final RunPrefixIndex index = new RunPrefixIndex();
    private final Placer placer;
    private final SessionPace pace;
    private final TurnRecords records;
    private final SimulatedFleet fleet;
    private final List<WorkerHolds> holds = new ArrayList<>();
    private final RetentionFigures figures;
    private final DecisionLog log;
    private final LeaseDesk keeper;
    private final SessionSide sessions;
    private final BlockAccount account;
    private final boolean[] loadTold;
    private final @Nullable WorkerId[] lastWorker;
    private final int[] placedOn;
    private final int[] lastBlocks;
    /** End of each lineage's last turn; NaN before there was one. */
    private final double[] lastEndedMillis;
    /** Lineage of each turn, numbered over the whole trace. */
    private final int[] lineages;

    private long[] decisionNanos = new long[1024];
    private int decisions;
    private int preemptions;
    private boolean looking;
    private double placedMillis;

    PolicyRun(
            Trace trace,
            Prompts prompts,
            ReplaySettings settings,
            PlacementSettings placement,
            RetentionRules retention,
            boolean logged,
            LongSupplier nanoClock,
            Runnable onTurnEnded) {
        this.trace = trace;
        this.prompts = prompts;
        this.settings = settings;
        this.placement = placement;
        this.nanoClock = nanoClock;
        this.onTurnEnded = onTurnEnded;
        this.placer = new Placer(index, placement);
        this.pace =
                new SessionPace(trace, settings.gapCapSeconds(), (turn, at) -> events.at(at, now -> arrive(turn, now)));
        int turns = trace.turns().size();
        this.records = new TurnRecords(turns);
        this.account = new BlockAccount(records, settings.blockSizeTokens());
        this.lineages = Lineages.number(trace);
        this.log = new DecisionLog(logged);
        this.figures = new RetentionFigures((double) retention.sessions().bytesPerToken() * settings.blockSizeTokens());
        this.keeper = new LeaseDesk(events, settings.controlDelayMillis(), retention, holds, figures, log);
        TimingModel timing = settings.timingModel();
        this.sessions = new SessionSide(
                trace,
                turns,
                GapPolicies.create(
                        retention.sessions().policy(),
                        retention.sessions(),
                        tokens -> timing.passMillis() + timing.prefillMillis(tokens, 0)),
                events,
                keeper,
                timing,
                retention.sessions().bytesPerToken(),
                MODEL,
                figures);
        this.lastWorker = new WorkerId[turns];
        this.lastBlocks = new int[turns];
        this.lastEndedMillis = new double[turns];
        Arrays.fill(lastEndedMillis, Double.NaN);
        this.placedOn = new int[turns];
        this.loadTold = new boolean[settings.workers()];
        Arrays.fill(loadTold, true);
        this.fleet = new SimulatedFleet(settings, placement.transfers(), MODEL, events, this);
        fleet.members().forEach(member -> join(member, retention));
    }

    private void join(SimulatedFleet.Member member, RetentionRules retention) {
        WorkerLoad idle = WorkerLoad.idle(settings.blocksPerWorker());
        CacheOwner cache = member.cache();
        placer.join(cache.worker(), cache.incarnation(), member.facts(), WorkerState.READY, idle);
        keeper.join(new LiveWorker(cache.worker(), cache.incarnation(), WorkerState.READY, member.facts(), idle));
        holds.add(new WorkerHolds(
                cache, member.engine(), prompts.chains(), member.facts(), retention, figures, keeper::holdOver));
    }

    PolicyOutcome run() {
        pace.begin(settings.sessions());
        events.run();
        if (placer.waiting() > 0) {
            throw new IllegalStateException(placer.waiting() + " turns wait for ever");
        }
        return new PolicyOutcome(
                placement.strategy(),
                placement.pauses().policy(),
                records,
                pace.sessionSeconds(),
                fleet.busyMillis(),
                preemptions,
                account.preemptedTokens(),
                OfflineBound.hitTokens(prompts, records, settings.blocksOfAllTiers()),
                figures,
                log.text(),
                Arrays.copyOf(decisionNanos, decisions));
    }

    private void arrive(int turn, double nowMillis) {
        TracedTurn traced = trace.turns().get(turn);
        records.arrived(turn, traced.inputTokens(), traced.outputTokens(), nowMillis);
        records.away(turn, nowMillis - lastEndedMillis[lineages[turn]]);
        sessions.begun(lineages[turn]);
        RouteRequest request = request(turn, traced);
        long before = nanoClock.getAsLong();
        Decision decision = placer.route(request, VirtualTime.nanos(nowMillis), VirtualTime.nanos(nowMillis));
        decided(nanoClock.getAsLong() - before);
        act(turn, decision, nowMillis);
    }

    private RouteRequest request(int turn, TracedTurn traced) {
        int lineage = lineages[turn];
        PromptBlocks prompt = prompts.of(turn);
        RouteRequest request = new RouteRequest(
                new TurnId(Integer.toString(turn)),
                MODEL,
                lineage,
                prompt,
                traced.inputTokens(),
                settings.expectedOutputTokens(),
                0,
                0,
                lastWorker[lineage],
                Math.min(lastBlocks[lineage], prompt.size()),
                keeper.kept(trace.sessionNames().get(traced.session()), prompt),
                AnswerExtras.NONE,
                RouteRequest.NOBODY);
        lastBlocks[lineage] = prompt.size();
        return request;
    }

    private void act(int turn, Decision decision, double nowMillis) {
        if (decision instanceof Decision.Placed placed) {
            placed(turn, placed.placement(), nowMillis);
        } else if (decision instanceof Decision.Refused) {
            ended(turn, nowMillis);
        } else {
            log.queued(nowMillis, turn);
            lookAgainLater(nowMillis);
        }
    }

    private void placed(int turn, Placement at, double nowMillis) {
        TracedTurn traced = trace.turns().get(turn);
        PromptBlocks prompt = prompts.of(turn);
        lastWorker[lineages[turn]] = at.worker();
        int number = (int) at.incarnation().low();
        log.placed(nowMillis, turn, at.worker(), at.expectedCachedTokens(), at.queuedNanos());
        records.queued(turn, VirtualTime.millis(Duration.ofNanos(at.queuedNanos())));
        int cached = Math.min(prompt.size(), at.expectedCachedTokens() / settings.blockSizeTokens());
        int tokens = traced.inputTokens() + settings.expectedOutputTokens();
        holds.get(number)
                .admitted(
                        turn,
                        (tokens + settings.blockSizeTokens() - 1) / settings.blockSizeTokens(),
                        cached == 0 ? null : new Prefix(cached, new SequenceHash(prompt.hashAt(cached - 1))),
                        nowMillis);
        placedOn[turn] = number;
        placedMillis = nowMillis;
        WorkerId source = at.pullFrom();
        fleet.get(number)
                .engine()
                .submit(
                        new SimRequest(
                                Integer.toString(turn),
                                prompt.toArray(),
                                traced.inputTokens(),
                                traced.outputTokens(),
                                0),
                        source == null ? null : fleet.engine(source),
                        nowMillis);
    }

    private void drain(double nowMillis) {
        for (Resolved resolved : placer.drain(VirtualTime.nanos(nowMillis))) {
            act(Integer.parseInt(resolved.turn().value()), resolved.decision(), nowMillis);
        }
        lookAgainLater(nowMillis);
    }

    /** A waiting turn may become due by time alone: a node's workers speak at least once a second, which makes its router look. */
    private void lookAgainLater(double nowMillis) {
        if (!looking && placer.waiting() > 0 && nowMillis - placedMillis < PATIENCE_MILLIS) {
            looking = true;
            events.at(nowMillis + HEARTBEAT_MILLIS, now -> {
                looking = false;
                drain(now);
            });
        }
    }

    @Override
    public void onPulled(int turn, int blocks) {
        records.pulled(turn, blocks * settings.blockSizeTokens());
    }

    @Override
    public void onRemoteLoaded(int turn, int blocks) {
        records.remote(turn, blocks * settings.blockSizeTokens());
    }

    @Override
    public void onFirstToken(int turn, int cachedTokens, double nowMillis) {
        records.firstToken(turn, nowMillis);
        records.cached(turn, cachedTokens);
        placer.firstToken(new TurnId(Integer.toString(turn)), VirtualTime.nanos(nowMillis));
        drain(nowMillis);
    }

    @Override
    public void onFinished(int turn, double nowMillis) {
        records.finished(turn, nowMillis);
        release(turn, nowMillis);
    }

    @Override
    public void onRejected(int turn, double nowMillis) {
        release(turn, nowMillis);
    }

    private void release(int turn, double nowMillis) {
        holds.get(placedOn[turn]).ended(turn);
        placer.release(
                new TurnId(Integer.toString(turn)), trace.turns().get(turn).callsTools(), VirtualTime.nanos(nowMillis));
        sessions.ended(
                lineages[turn],
                new SessionSide.Ended(
                        turn,
                        prompts.of(turn),
                        lastWorker[lineages[turn]],
                        records.arrivedMillis[turn],
                        records.firstTokenMillis[turn],
                        records.cachedTokens[turn]),
                nowMillis);
        ended(turn, nowMillis);
        drain(nowMillis);
    }

    private void ended(int turn, double nowMillis) {
        lastEndedMillis[lineages[turn]] = nowMillis;
        pace.ended(turn, nowMillis);
        onTurnEnded.run();
    }

    @Override
    public void onPreempted(int turn) {
        preemptions++;
    }

    @Override
    public void onStored(int worker, int turn, int firstBlock, KvEvent.BlocksStored event, double nowMillis) {
        account.computed(turn, firstBlock, event.sequenceHashes());
        tellIndex(worker, event, nowMillis);
    }

    @Override
    public void onRemoved(int worker, KvEvent.BlocksRemoved event, double nowMillis) {
        account.dropped(event.sequenceHashes());
        holds.get(worker).evicted(event.tier(), event.sequenceHashes(), nowMillis);
        tellIndex(worker, event, nowMillis);
    }

    @Override
    public void onMoved(int worker, KvEvent.BlocksStored event, double nowMillis) {
        account.copied(event.sequenceHashes());
        tellIndex(worker, event, nowMillis);
    }

    private void tellIndex(int worker, KvEvent event, double nowMillis) {
        events.at(
                nowMillis + settings.eventDelayMillis(),
                now -> index.apply(fleet.get(worker).cache(), event));
    }

    @Override
    public void onPass(int worker, double nowMillis) {
        if (loadTold[worker]) {
            loadTold[worker] = false;
            events.at(nowMillis + settings.loadIntervalMillis(), now -> tellLoad(worker, now));
        }
    }

    private void tellLoad(int worker, double nowMillis) {
        loadTold[worker] = true;
        SimulatedFleet.Member member = fleet.get(worker);
        placer.update(
                member.cache().worker(), WorkerState.READY, member.engine().load());
        drain(nowMillis);
    }

    private void decided(long nanos) {
        if (decisions == decisionNanos.length) {
            decisionNanos = Arrays.copyOf(decisionNanos, decisions * 2);
        }
        decisionNanos[decisions++] = nanos;
    }
}
