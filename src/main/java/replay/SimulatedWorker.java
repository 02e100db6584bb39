package replay;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import kv.KvEvent;
import kv.KvTier;
import org.jspecify.annotations.Nullable;
import workers.sim.SimFabric;
import workers.sim.SimHold;
import workers.sim.SimListener;
import workers.sim.SimRequest;
import workers.sim.SimSettings;
import workers.sim.SimTiers;
import workers.sim.SimulatedEngine;
import workers.status.TimingModel;
import workers.status.WorkerLoad;

/**
 * A simulated engine in virtual time: runs pass after pass while it has work, and tells what a pass brought when it ends. What
 * moves between its tiers meanwhile arrives with the next pass, or by itself while there is none.
 *
 * <p>Thread-safety: confined to its run.
 */
final class SimulatedWorker implements SimListener {
    private final int number;
    private final EventQueue events;
    private final Owner owner;
    private final SimulatedEngine engine;
    private final List<Arrival> arrived = new ArrayList<>();
    private final List<EventQueue.Action> outcomes = new ArrayList<>();
    /** Blocks of the pass under way, which the engine has already and nobody can have from it before the pass is over. */
    private final Set<Long> unfinished = new HashSet<>();

    private boolean running;
    /** When the engine is looked after next while it has no passes; infinity when nothing is planned. */
    private double wakeMillis = Double.POSITIVE_INFINITY;

    private double busyMillis;

    /** A request, and the worker to take over from what this one lacks of its prompt. */
    private record Arrival(SimRequest request, @Nullable SimulatedWorker source) {}

    /** Who hears of a worker's turns and blocks. */
    interface Owner {
        /** Blocks of a turn's prompt that none of its worker's tiers had are on their way there from another worker. */
        void onPulled(int turn, int blocks);

        /** Blocks of a turn's prompt were loaded from the store that all workers share. */
        void onRemoteLoaded(int turn, int blocks);

        void onFirstToken(int turn, int cachedTokens, double nowMillis);

        void onFinished(int turn, double nowMillis);

        void onRejected(int turn, double nowMillis);

        void onPreempted(int turn);

        void onStored(int worker, int turn, int firstBlock, KvEvent.BlocksStored event, double nowMillis);

        /** Blocks known before, there or elsewhere, are in a tier of this worker now. */
        void onMoved(int worker, KvEvent.BlocksStored event, double nowMillis);

        void onRemoved(int worker, KvEvent.BlocksRemoved event, double nowMillis);

        /** A pass is over. */
        void onPass(int worker, double nowMillis);
    }

    /**
     * @param tiers memory beyond the device and a network; null for neither
     * @param fabric what all workers of the run share
     */
    SimulatedWorker(
            int number,
            EventQueue events,
            SimSettings settings,
            TimingModel timing,
            @Nullable SimTiers tiers,
            SimFabric fabric,
            Owner owner) {
        this.number = number;
        this.events = events;
        this.owner = owner;
        this.engine = tiers == null
                ? new SimulatedEngine(settings, timing, this)
                : new SimulatedEngine(settings, timing, tiers, fabric, this);
    }

    /**
     * Queues a request; the engine sees it when the pass under way is over.
     *
     * @param source worker to take over from what this one lacks of the prompt; null for none
     */
    void submit(SimRequest request, @Nullable SimulatedWorker source, double nowMillis) {
        arrived.add(new Arrival(request, source));
        if (!running) {
            running = true;
            events.at(nowMillis, this::startPass);
        }
    }

    /**
     * Keeps a prefix in its hold's tier, where it is moved to first.
     *
     * @return how many of its leading blocks are there, or on their way
     */
    int hold(SimHold hold, double nowMillis) {
        if (hold.tier() != KvTier.DEVICE) {
            engine.demote(hold.chain(), hold.tier(), nowMillis);
        }
        int covered = engine.hold(hold, nowMillis);
        wakeLater(nowMillis);
        return covered;
    }

    /**
     * Brings a prefix to the device.
     *
     * @return how many of its blocks begin to move
     */
    int prefetch(long[] chain, double nowMillis) {
        engine.settle(nowMillis);
        int before = 0;
        while (before < chain.length && engine.matchable(chain[before], KvTier.DEVICE)) {
            before++;
        }
        int coming = engine.prefetch(chain, nowMillis);
        wakeLater(nowMillis);
        return coming - before;
    }

    void release(String hold) {
        engine.release(hold);
    }

    /** Whether a block is in a tier and can be used there. */
    boolean has(long hash, KvTier tier) {
        return engine.matchable(hash, tier);
    }

    WorkerLoad load() {
        return engine.load();
    }

    /** Time spent in passes. */
    double busyMillis() {
        return busyMillis;
    }

    private void startPass(double nowMillis) {
        for (Arrival arrival : arrived) {
            if (arrival.source() != null) {
                pull(arrival.request(), arrival.source(), nowMillis);
            }
            engine.submit(arrival.request(), nowMillis);
        }
        arrived.clear();
        engine.settle(nowMillis);
        if (engine.stalled()) {
            running = false;
            tellOutcomes(nowMillis);
            wakeLater(nowMillis);
            return;
        }
        double end = engine.advance(nowMillis, events.nextMillis());
        busyMillis += end - nowMillis;
        events.at(end, this::endPass);
    }

    private void pull(SimRequest request, SimulatedWorker source, double nowMillis) {
        long[] chain = source.finished(request.sequenceHashes());
        engine.settle(nowMillis);
        int had = engine.resident(chain);
        int coming = engine.pull(request.id(), chain, source.engine, nowMillis);
        if (coming > had) {
            owner.onPulled(Integer.parseInt(request.id()), coming - had);
        }
    }

    /** A chain up to what the pass under way computes of it. */
    private long[] finished(long[] chain) {
        int end = 0;
        while (end < chain.length && !unfinished.contains(chain[end])) {
            end++;
        }
        return Arrays.copyOf(chain, end);
    }

    /** Plans the next look at an engine without passes, in which something is on its way or waits to be told. */
    private void wakeLater(double nowMillis) {
        double next = outcomes.isEmpty() ? engine.nextArrivalMillis() : nowMillis;
        if (!running && next < wakeMillis) {
            wakeMillis = Math.max(next, nowMillis);
            events.at(wakeMillis, this::wake);
        }
    }

    private void wake(double nowMillis) {
        wakeMillis = Double.POSITIVE_INFINITY;
        if (!running) {
            running = true;
            startPass(nowMillis);
        }
    }

    private void endPass(double nowMillis) {
        tellOutcomes(nowMillis);
        // After everything that the outcomes plan for this instant, so that a turn without a gap joins the next pass.
        events.at(nowMillis, this::startPass);
    }

    private void tellOutcomes(double nowMillis) {
        List<EventQueue.Action> told = List.copyOf(outcomes);
        outcomes.clear();
        unfinished.clear();
        told.forEach(outcome -> outcome.at(nowMillis));
        owner.onPass(number, nowMillis);
    }

    @Override
    public void onFirstToken(String id, int cachedTokens, double timeMillis) {
        outcomes.add(now -> owner.onFirstToken(Integer.parseInt(id), cachedTokens, now));
    }

    @Override
    public void onRemoteLoaded(String id, int blocks, double timeMillis) {
        outcomes.add(now -> owner.onRemoteLoaded(Integer.parseInt(id), blocks));
    }

    @Override
    public void onTokens(String id, int count, double firstMillis, double intervalMillis) {
        // The mean interval of a turn follows from its first and last token.
    }

    @Override
    public void onFinished(String id, double timeMillis) {
        outcomes.add(now -> owner.onFinished(Integer.parseInt(id), now));
    }

    @Override
    public void onRejected(String id, Rejection reason, double timeMillis) {
        outcomes.add(now -> owner.onRejected(Integer.parseInt(id), now));
    }

    @Override
    public void onPreempted(String id, double timeMillis) {
        outcomes.add(now -> owner.onPreempted(Integer.parseInt(id)));
    }

    @Override
    public void onBlocksStored(String id, int firstBlock, KvEvent.BlocksStored event, double timeMillis) {
        for (long hash : event.sequenceHashes()) {
            unfinished.add(hash);
        }
        outcomes.add(now -> owner.onStored(number, Integer.parseInt(id), firstBlock, event, now));
    }

    @Override
    public void onBlocksMoved(KvEvent.BlocksStored event, double timeMillis) {
        outcomes.add(now -> owner.onMoved(number, event, now));
    }

    @Override
    public void onBlocksRemoved(KvEvent.BlocksRemoved event, double timeMillis) {
        outcomes.add(now -> owner.onRemoved(number, event, now));
    }
}
