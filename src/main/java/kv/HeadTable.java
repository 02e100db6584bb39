package kv;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Runs by the hash of their first block: what readers look runs up in. Open addressing with linear probing.
 *
 * <p>Nothing ever moves within a table: a removed run leaves a tombstone that a new run may take over, and a table that
 * fills up is replaced by a fresh one. So a run that is there all the time is found all the time.
 *
 * <p>Thread-safety: one writer, many readers.
 */
final class HeadTable {
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(RunVersion[].class);
    private static final VarHandle SLOTS;
    private static final int LEAST_SLOTS = 16;

    /** Never equal to a run that is looked up: {@link #find} compares identities first. */
    private static final RunVersion TOMBSTONE = new RunVersion(new long[1], 1, Segments.of(0, 0));

    static {
        try {
            SLOTS = MethodHandles.lookup().findVarHandle(HeadTable.class, "slots", RunVersion[].class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private @Nullable RunVersion[] slots = new RunVersion[LEAST_SLOTS];
    private int live;
    private int used;

    /** The run that starts with a hash, or null. */
    @Nullable
    RunVersion find(long head) {
        RunVersion[] table = (RunVersion[]) SLOTS.getAcquire(this);
        int mask = table.length - 1;
        for (int at = home(head) & mask; ; at = at + 1 & mask) {
            RunVersion found = (RunVersion) SLOT.getAcquire(table, at);
            if (found == null) {
                return null;
            }
            if (found.head == head && found != TOMBSTONE) {
                return found;
            }
        }
    }

    /** Adds a run whose head is not in the table. */
    void add(Run run, Runs all) {
        if ((used + 1) * 2 > slots.length) {
            rebuild(all);
        }
        run.headSlot = claim(slots, run.version());
        live++;
    }

    /** Shows readers a run's current version in place of its last one. */
    void replace(Run run) {
        SLOT.setRelease(slots, run.headSlot, run.version());
    }

    void remove(Run run) {
        SLOT.setRelease(slots, run.headSlot, TOMBSTONE);
        live--;
    }

    private int claim(@Nullable RunVersion[] table, RunVersion version) {
        int mask = table.length - 1;
        int at = home(version.head) & mask;
        while (table[at] != null && table[at] != TOMBSTONE) {
            at = at + 1 & mask;
        }
        if (table[at] == null) {
            used++;
        }
        SLOT.setRelease(table, at, version);
        return at;
    }

    private void rebuild(Runs all) {
        int size = LEAST_SLOTS;
        while (size < (live + 1) * 4) {
            size *= 2;
        }
        @Nullable RunVersion[] table = new RunVersion[size];
        used = 0;
        for (int id = Runs.FIRST_ID; id < all.endId(); id++) {
            Run run = all.get(id);
            if (run != null && run.headSlot >= 0) {
                run.headSlot = claim(table, run.version());
            }
        }
        SLOTS.setRelease(this, table);
    }

    private static int home(long head) {
        return (int) ((head * 0x9E3779B97F4A7C15L) >>> 32);
    }
}
