package workers;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import kv.Incarnation;
import kv.KvEvent;
import org.jspecify.annotations.Nullable;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * What one router still has to be told, sent in numbered pieces and never further than a window past its last
 * acknowledgement. A router that falls too far behind loses its backlog and gets a snapshot when it has caught up.
 *
 * <p>Mutable, not thread safe.
 */
final class UpdateStream {
    private final Consumer<WorkerUpdate> router;
    private final WorkerSettings settings;
    private final Deque<Piece> backlog = new ArrayDeque<>();
    private int backlogHashes;
    private int allowedHashes;
    private long sent;
    private long acknowledged;
    private boolean behind;
    private @Nullable LongFunction<WorkerUpdate> load;

    private record Piece(int hashes, LongFunction<WorkerUpdate> withNumber) {}

    UpdateStream(Consumer<WorkerUpdate> router, WorkerSettings settings) {
        this.router = router;
        this.settings = settings;
    }

    /** Voids what was told and what was still to be told; says what the worker is and all that it holds. */
    void begin(LongFunction<WorkerUpdate> joined, Incarnation incarnation, Map<Integer, List<KvEvent>> snapshot) {
        backlog.clear();
        backlogHashes = 0;
        behind = false;
        load = null;
        add(new Piece(0, joined));
        snapshot.forEach((rank, events) -> cut(incarnation, rank, events));
        // A snapshot may be of any length: only what comes on top is bounded.
        allowedHashes = backlogHashes + settings.backlogHashes();
    }

    /** Tells a change of blocks. */
    void blocks(Incarnation incarnation, int rank, List<KvEvent> events) {
        if (behind) {
            return;
        }
        cut(incarnation, rank, events);
        if (backlogHashes > allowedHashes) {
            backlog.clear();
            backlogHashes = 0;
            behind = true;
        }
    }

    private void cut(Incarnation incarnation, int rank, List<KvEvent> events) {
        for (List<KvEvent> chunk : UpdateChunks.cut(events, settings.updateHashes())) {
            int hashes = chunk.stream().mapToInt(UpdateChunks::hashes).sum();
            add(new Piece(hashes, number -> new WorkerUpdate.BlocksChanged(number, incarnation, rank, chunk)));
        }
    }

    /** Tells the newest load; one that could not be sent yet is replaced. */
    void load(WorkerState state, WorkerLoad newest) {
        load = number -> new WorkerUpdate.LoadChanged(number, state, newest);
        send();
    }

    /** The router has applied everything up to a number. */
    void acknowledge(long number) {
        acknowledged = Math.max(acknowledged, Math.min(number, sent));
        send();
    }

    /** Whether the router lost its backlog and has caught up with what it was sent: it can begin anew. */
    boolean wantsSnapshot() {
        return behind && sent == acknowledged;
    }

    private void add(Piece piece) {
        backlog.add(piece);
        backlogHashes += piece.hashes();
        send();
    }

    private void send() {
        while (sent - acknowledged < settings.updateWindow()) {
            Piece next = backlog.poll();
            if (next != null) {
                backlogHashes -= next.hashes();
                router.accept(next.withNumber().apply(++sent));
            } else if (load != null && sent > 0 && !behind) {
                router.accept(load.apply(++sent));
                load = null;
            } else {
                return;
            }
        }
    }
}
