package replay;

import java.util.ArrayList;
import java.util.List;
import kv.KvEvent;
import workers.sim.SimListener;
import workers.sim.SimRequest;
import workers.sim.SimSettings;
import workers.sim.SimulatedEngine;
import workers.status.TimingModel;
import workers.status.WorkerLoad;

/**
 * A simulated engine in virtual time: runs pass after pass while it has work, and tells what a pass brought when it ends.
 *
 * <p>Thread-safety: confined to its run.
 */
final class SimulatedWorker implements SimListener {
    private final int number;
    private final EventQueue events;
    private final Owner owner;
    private final SimulatedEngine engine;
    private final List<SimRequest> arrived = new ArrayList<>();
    private final List<EventQueue.Action> outcomes = new ArrayList<>();
    private boolean running;
    private double busyMillis;

    /** Who hears of a worker's turns and blocks. */
    interface Owner {
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

    SimulatedWorker(int number, EventQueue events, SimSettings settings, TimingModel timing, Owner owner) {
        this.number = number;
        this.events = events;
        this.owner = owner;
        this.engine = new SimulatedEngine(settings, timing, this);
    }

    /** Queues a request; the engine sees it when the pass under way is over. */
    void submit(SimRequest request, double nowMillis) {
        arrived.add(request);
        if (!running) {
            running = true;
            events.at(nowMillis, this::startPass);
        }
    }

    SimulatedEngine engine() {
        return engine;
    }

    WorkerLoad load() {
        return engine.load();
    }

    /** Time spent in passes. */
    double busyMillis() {
        return busyMillis;
    }

    private void startPass(double nowMillis) {
        for (SimRequest request : arrived) {
            engine.submit(request, nowMillis);
        }
        arrived.clear();
        if (engine.stalled()) {
            running = false;
            tellOutcomes(nowMillis);
            return;
        }
        double end = engine.advance(nowMillis, events.nextMillis());
        busyMillis += end - nowMillis;
        events.at(end, this::endPass);
    }

    private void endPass(double nowMillis) {
        tellOutcomes(nowMillis);
        // After everything that the outcomes plan for this instant, so that a turn without a gap joins the next pass.
        events.at(nowMillis, this::startPass);
    }

    private void tellOutcomes(double nowMillis) {
        List<EventQueue.Action> told = List.copyOf(outcomes);
        outcomes.clear();
        told.forEach(outcome -> outcome.at(nowMillis));
        owner.onPass(number, nowMillis);
    }

    @Override
    public void onFirstToken(String id, int cachedTokens, double timeMillis) {
        outcomes.add(now -> owner.onFirstToken(Integer.parseInt(id), cachedTokens, now));
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
