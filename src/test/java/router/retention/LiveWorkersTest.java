package router.retention;

import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.List;
import kv.Incarnation;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

class LiveWorkersTest {
    private static final WorkerId A = new WorkerId("http://a");
    private static final WorkerId B = new WorkerId("http://b");

    private final LiveWorkers seen = LiveWorkers.UNKNOWN.with(worker(A, 1, WorkerState.READY, "m", 100));

    @Test
    void loadsChangeNoLife() {
        assertSame(
                seen.lives(),
                seen.with(worker(A, 1, WorkerState.READY, "m", 50)).lives());
        assertSame(seen.lives(), seen.complete().lives());
        assertSame(seen.lives(), seen.without(B).lives(), "it was not there");
        assertSame(seen.lives(), seen.missing(B).lives(), "it was not there");
    }

    @Test
    void whoeverComesGoesOrBecomesAnotherDoes() {
        for (LiveWorkers changed : List.of(
                seen.with(worker(B, 1, WorkerState.READY, "m", 100)),
                seen.with(worker(A, 2, WorkerState.READY, "m", 100)),
                seen.with(worker(A, 1, WorkerState.UNREACHABLE, "m", 100)),
                seen.with(worker(A, 1, WorkerState.READY, "n", 100)),
                seen.without(A),
                seen.missing(A))) {
            assertNotSame(seen.lives(), changed.lives());
        }
    }

    private static LiveWorker worker(WorkerId worker, long life, WorkerState state, String model, int blocks) {
        return new LiveWorker(
                worker,
                new Incarnation(life, life),
                state,
                new EngineFacts(List.of(model), 16, 100, 8192, 2, 150, EngineCapabilities.NONE),
                WorkerLoad.idle(blocks));
    }
}
