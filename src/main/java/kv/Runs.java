package kv;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * All runs of an index by a small number, which is given again once its run is gone.
 *
 * <p>Thread-safety: confined to the index's writer.
 */
final class Runs {
    static final int FIRST_ID = 1;

    private @Nullable Run[] byId = new Run[16];
    private int endId = FIRST_ID;
    private int[] free = new int[16];
    private int freeCount;

    /** The run with an id, or null if there is none now. */
    @Nullable
    Run get(int id) {
        return byId[id];
    }

    /** One more than the largest id ever given. */
    int endId() {
        return endId;
    }

    int nextId() {
        if (freeCount > 0) {
            return free[--freeCount];
        }
        if (endId > BlockMap.MAX_RUN_ID) {
            throw new IllegalStateException("an index holds at most " + BlockMap.MAX_RUN_ID + " runs");
        }
        if (endId == byId.length) {
            byId = Arrays.copyOf(byId, byId.length * 2);
        }
        return endId++;
    }

    void add(Run run) {
        byId[run.id] = run;
    }

    void remove(Run run) {
        byId[run.id] = null;
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, free.length * 2);
        }
        free[freeCount++] = run.id;
    }
}
