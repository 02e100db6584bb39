package replay;

import inference.TurnId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import kv.CacheOwner;
import kv.Incarnation;
import kv.KvEvent;
import kv.PromptBlocks;
import kv.RunPrefixIndex;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import replay.trace.Trace;
import replay.trace.TracedTurn;
import router.placement.Decision;
import router.placement.KeptPrefix;
import router.placement.PlacementSettings;
import router.placement.Placer;
import router.placement.Resolved;
import router.placement.RouteRequest;
import workers.sim.SimRequest;
import workers.sim.SimSettings;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * One policy over one trace in virtual time. Placement, queue and index are production's own classes; the engines are
 * simulated; what a router learns of them reaches it late, as in production.
 *
 * <p>Thread-safety: confined to its thread.
 */
final class PolicyRun implements SimulatedWorker.Owner {
    private static final String MODEL = "replayed";
    private static final double NANOS_PER_MILLI = 1e6;

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
    private final BlockHistory history = new BlockHistory();
    private final TurnRecords records;
    private final List<SimulatedWorker> workers = new ArrayList<>();
    private final List<CacheOwner> caches = new ArrayList<>();
    private final boolean[] loadTold;
    private final @Nullable WorkerId[] lastWorker;
    private final int[] lastBlocks;
    /** Lineage of each turn, numbered over the whole trace. */
    private final int[] lineages;
    /** Position up to which a turn's computed blocks are accounted for; -1 before the first. */
    private final int[] accountedBlocks;

    private long[] decisionNanos = new long[1024];
    private int decisions;
    private int preemptions;
    private long preemptedTokens;

    PolicyRun(
            Trace trace,
            Prompts prompts,
            ReplaySettings settings,
            PlacementSettings placement,
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
        this.lineages = Lineages.number(trace);
        this.lastWorker = new WorkerId[turns];
        this.lastBlocks = new int[turns];
        this.accountedBlocks = new int[turns];
        Arrays.fill(accountedBlocks, -1);
        this.loadTold = new boolean[settings.workers()];
        Arrays.fill(loadTold, true);
        for (int i = 0; i < settings.workers(); i++) {
            addWorker(i);
        }
    }

    private void addWorker(int number) {
        int contextTokens =
                (int) Math.min(Integer.MAX_VALUE, (long) settings.blocksPerWorker() * settings.blockSizeTokens());
        SimSettings engine = new SimSettings(
                settings.blockSizeTokens(),
                settings.blocksPerWorker(),
                settings.maxSequences(),
                settings.maxBatchedTokens(),
                contextTokens);
        workers.add(new SimulatedWorker(number, events, engine, settings.timingModel(), this));
        WorkerId worker = new WorkerId("http://worker-" + number);
        CacheOwner cache = new CacheOwner(worker, new Incarnation(0, number), 0);
        caches.add(cache);
        EngineFacts facts = new EngineFacts(
                List.of(MODEL),
                settings.blockSizeTokens(),
                settings.blocksPerWorker(),
                settings.maxBatchedTokens(),
                settings.maxSequences(),
                contextTokens,
                EngineCapabilities.NONE);
        placer.join(worker, cache.incarnation(), facts, WorkerState.READY, WorkerLoad.idle(settings.blocksPerWorker()));
    }

    PolicyOutcome run() {
        pace.begin(settings.sessions());
        events.run();
        if (placer.waiting() > 0) {
            throw new IllegalStateException(placer.waiting() + " turns wait for ever");
        }
        double[] busyMillis = new double[workers.size()];
        for (int i = 0; i < busyMillis.length; i++) {
            busyMillis[i] = workers.get(i).busyMillis();
        }
        return new PolicyOutcome(
                placement.strategy(),
                "lru",
                records,
                pace.sessionSeconds(),
                busyMillis,
                preemptions,
                preemptedTokens,
                Arrays.copyOf(decisionNanos, decisions));
    }

    private void arrive(int turn, double nowMillis) {
        TracedTurn traced = trace.turns().get(turn);
        records.arrived(turn, traced.inputTokens(), traced.outputTokens(), nowMillis);
        RouteRequest request = request(turn, traced);
        long before = nanoClock.getAsLong();
        Decision decision = placer.route(request, nanos(nowMillis), nanos(nowMillis));
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
                KeptPrefix.NOTHING,
                Set.of());
        lastBlocks[lineage] = prompt.size();
        return request;
    }

    private void act(int turn, Decision decision, double nowMillis) {
        if (decision instanceof Decision.Placed placed) {
            TracedTurn traced = trace.turns().get(turn);
            WorkerId worker = placed.placement().worker();
            lastWorker[lineages[turn]] = worker;
            int number = (int) placed.placement().incarnation().low();
            workers.get(number)
                    .submit(
                            new SimRequest(
                                    Integer.toString(turn),
                                    prompts.of(turn).toArray(),
                                    traced.inputTokens(),
                                    traced.outputTokens(),
                                    0),
                            nowMillis);
        } else if (decision instanceof Decision.Refused) {
            ended(turn, nowMillis);
        }
    }

    private void drain(double nowMillis) {
        for (Resolved resolved : placer.drain(nanos(nowMillis))) {
            act(Integer.parseInt(resolved.turn().value()), resolved.decision(), nowMillis);
        }
    }

    @Override
    public void onFirstToken(int turn, int cachedTokens, double nowMillis) {
        records.firstToken(turn, nowMillis);
        records.cached(turn, cachedTokens);
        placer.firstToken(new TurnId(Integer.toString(turn)), nanos(nowMillis));
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
        placer.release(new TurnId(Integer.toString(turn)), nanos(nowMillis));
        ended(turn, nowMillis);
        drain(nowMillis);
    }

    private void ended(int turn, double nowMillis) {
        pace.ended(turn, nowMillis);
        onTurnEnded.run();
    }

    @Override
    public void onPreempted(int turn) {
        preemptions++;
    }

    @Override
    public void onStored(int worker, int turn, int firstBlock, KvEvent.BlocksStored event, double nowMillis) {
        int accounted = accountedBlocks[turn] < 0 ? firstBlock : accountedBlocks[turn];
        long[] hashes = event.sequenceHashes();
        int tokens = settings.blockSizeTokens();
        for (int i = 0; i < hashes.length; i++) {
            BlockHistory.Cause cause = history.computed(hashes[i]);
            if (firstBlock + i < accounted) {
                preemptedTokens += tokens;
                continue;
            }
            switch (cause) {
                case COLD -> records.coldTokens[turn] += tokens;
                case EVICTION -> records.evictionTokens[turn] += tokens;
                case PLACEMENT -> records.placementTokens[turn] += tokens;
            }
        }
        accountedBlocks[turn] = Math.max(accounted, firstBlock + hashes.length);
        tellIndex(worker, event, nowMillis);
    }

    @Override
    public void onRemoved(int worker, KvEvent.BlocksRemoved event, double nowMillis) {
        for (long hash : event.sequenceHashes()) {
            history.dropped(hash);
        }
        tellIndex(worker, event, nowMillis);
    }

    @Override
    public void onMoved(int worker, KvEvent.BlocksStored event, double nowMillis) {
        for (long hash : event.sequenceHashes()) {
            history.copied(hash);
        }
        tellIndex(worker, event, nowMillis);
    }

    private void tellIndex(int worker, KvEvent event, double nowMillis) {
        events.at(nowMillis + settings.eventDelayMillis(), now -> index.apply(caches.get(worker), event));
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
        placer.update(
                caches.get(worker).worker(),
                WorkerState.READY,
                workers.get(worker).load());
        drain(nowMillis);
    }

    private void decided(long nanos) {
        if (decisions == decisionNanos.length) {
            decisionNanos = Arrays.copyOf(decisionNanos, decisions * 2);
        }
        decisionNanos[decisions++] = nanos;
    }

    private static long nanos(double millis) {
        return StrictMath.round(millis * NANOS_PER_MILLI);
    }
}
