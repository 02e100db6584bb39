package replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import kv.KvEvent;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import workers.sim.SimFabric;
import workers.sim.SimRequest;
import workers.sim.SimSettings;
import workers.sim.SimTiers;
import workers.status.TimingModel;

/** What a worker takes over from another one. */
class SimulatedWorkerTest implements SimulatedWorker.Owner {
    private static final int BLOCK = 64;
    private static final int BLOCKS = 100;
    private static final SimTiers NETWORK = new SimTiers(0, 0, true, 1, 1e9, 1e9, 1e9);

    private final EventQueue events = new EventQueue();
    private final SimFabric fabric = new SimFabric(0, 1e9);
    private final SimulatedWorker source = worker(0);
    private final SimulatedWorker target = worker(1);
    private final List<String> happened = new ArrayList<>();
    private double firstTokenMillis;

    private SimulatedWorker worker(int number) {
        return new SimulatedWorker(
                number,
                events,
                new SimSettings(BLOCK, 1_000, 16, 8_192, 60_000),
                TimingModel.MEASURED,
                NETWORK,
                fabric,
                this);
    }

    private void submit(SimulatedWorker worker, int turn, @Nullable SimulatedWorker from, double nowMillis) {
        long[] chain = LongStream.rangeClosed(1, BLOCKS).toArray();
        worker.submit(new SimRequest(Integer.toString(turn), chain, BLOCKS * BLOCK + 1, 2, 0), from, nowMillis);
    }

    @Test
    void whatAnotherHasComputedIsTakenOverOnce() {
        submit(source, 0, null, 0);
        events.at(100_000, now -> submit(target, 1, source, now));
        events.at(200_000, now -> submit(target, 2, source, now));
        events.run();
        assertEquals(List.of("0 cached 0", "1 pulls 100", "1 cached 6400", "2 cached 6400"), happened);
    }

    @Test
    void nothingIsTakenOverFromAPassThatIsUnderWay() {
        submit(source, 0, null, 0);
        events.at(1, now -> submit(target, 1, source, now));
        events.run();
        assertTrue(firstTokenMillis > 2, "the source computed until " + firstTokenMillis);
        assertEquals(List.of("0 cached 0", "1 cached 0"), happened);
    }

    @Override
    public void onPulled(int turn, int blocks) {
        happened.add(turn + " pulls " + blocks);
    }

    @Override
    public void onRemoteLoaded(int turn, int blocks) {
        happened.add(turn + " loads " + blocks);
    }

    @Override
    public void onFirstToken(int turn, int cachedTokens, double nowMillis) {
        firstTokenMillis = turn == 0 ? nowMillis : firstTokenMillis;
        happened.add(turn + " cached " + cachedTokens);
    }

    @Override
    public void onFinished(int turn, double nowMillis) {}

    @Override
    public void onRejected(int turn, double nowMillis) {
        throw new AssertionError("turn " + turn);
    }

    @Override
    public void onPreempted(int turn) {}

    @Override
    public void onStored(int worker, int turn, int firstBlock, KvEvent.BlocksStored event, double nowMillis) {}

    @Override
    public void onMoved(int worker, KvEvent.BlocksStored event, double nowMillis) {}

    @Override
    public void onRemoved(int worker, KvEvent.BlocksRemoved event, double nowMillis) {}

    @Override
    public void onPass(int worker, double nowMillis) {}
}
