package kv;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of a chain of sequence hashes without a fork of its own, stored once; the writer's side of it.
 *
 * <p>Other runs may hang off any of its blocks. Blocks at its end that nobody holds and nothing hangs off are cut away.
 *
 * <p>Thread-safety: confined to the index's writer.
 */
final class Run {
    final int id;
    final @Nullable Run parent;

    /** Offset in the parent of the block before this run's first one. */
    final int parentOffset;

    /** Where readers find this run; negative while it is not shown. */
    int headSlot = -1;

    private @Nullable ForkPoints forks;
    private RunVersion version;

    /** Elements of the version's array that were ever shown to readers. */
    private int written;

    Run(int id, @Nullable Run parent, int parentOffset, RunVersion version) {
        this.id = id;
        this.parent = parent;
        this.parentOffset = parentOffset;
        this.version = version;
        this.written = version.length;
    }

    RunVersion version() {
        return version;
    }

    int length() {
        return version.length;
    }

    long hashAt(int offset) {
        return version.hashes[offset];
    }

    /** Whether a block's hash is at an offset, which may lie outside. */
    boolean has(int offset, long hash) {
        return offset >= 0 && offset < version.length && version.hashes[offset] == hash;
    }

    /** Blocks that stay even if nobody holds them, because other runs hang off them. */
    int leastLength() {
        return forks == null ? 0 : forks.last() + 1;
    }

    void fork(int offset) {
        if (forks == null) {
            forks = new ForkPoints();
        }
        forks.add(offset);
    }

    void join(int offset) {
        if (forks == null) {
            throw new IllegalStateException("run " + id + " has no run hanging off it");
        }
        forks.remove(offset);
        if (forks.isEmpty()) {
            forks = null;
        }
    }

    /** Changes holders and keeps the first {@code length} blocks. */
    void update(int length, Segments segments) {
        version = new RunVersion(version.hashes, length, segments);
    }

    /**
     * Appends blocks whose holders are still to be set by {@link #update}. What readers were ever shown is not rewritten:
     * new blocks go behind it, or into a copy unless they are the very blocks that were cut off there.
     *
     * @param longest blocks that this run can ever have
     */
    void append(long[] added, int from, int count, int longest) {
        int length = version.length;
        long[] hashes = version.hashes;
        int again = Math.min(count, written - length);
        boolean same = Arrays.equals(hashes, length, length + again, added, from, from + again);
        if (!same || length + count > hashes.length) {
            hashes = Arrays.copyOf(hashes, Math.min(longest, capacity(length + count)));
            written = length;
        }
        if (length + count > written) {
            System.arraycopy(added, from, hashes, length, count);
            written = length + count;
        }
        version = new RunVersion(hashes, length + count, version.segments);
    }

    /** Room to grow: twice the blocks of a short run, an eighth more of a long one, so that little is wasted. */
    private static int capacity(int blocks) {
        return blocks + Math.max(blocks >> 3, Math.min(blocks, 64));
    }
}
