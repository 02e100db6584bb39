package workers.events;

import kv.KvTier;
import org.jspecify.annotations.Nullable;

/**
 * One block of an {@link EngineBlockMap}: a node of the tree of prefixes, with the number of copies per tier. Mutable, not
 * thread safe.
 *
 * <p>A block without copies stays while blocks behind it exist: their hashes are chained through it.
 */
final class MirroredBlock {
    private static final int COUNT_BITS = 16;
    private static final long COUNT_MASK = (1L << COUNT_BITS) - 1;

    final long engineHash;
    final long sequenceHash;
    final Salted salted;
    final @Nullable MirroredBlock parent;

    @Nullable
    MirroredBlock firstChild;

    @Nullable
    MirroredBlock nextSibling;

    private @Nullable MirroredBlock previousSibling;
    /** Copies per tier, 16 bits each: engines hold duplicates of a block when two requests computed it at once. */
    private long copies;

    private MirroredBlock(long engineHash, long sequenceHash, Salted salted, @Nullable MirroredBlock parent) {
        this.engineHash = engineHash;
        this.sequenceHash = sequenceHash;
        this.salted = salted;
        this.parent = parent;
    }

    /** The empty prefix, in front of every first block. */
    static MirroredBlock empty() {
        return new MirroredBlock(0, 0, Salted.of(1, ""), null);
    }

    /** Adds a block behind this one. */
    MirroredBlock addChild(long childEngineHash, long childSequenceHash, Salted childSalted) {
        MirroredBlock child = new MirroredBlock(childEngineHash, childSequenceHash, childSalted, this);
        MirroredBlock next = firstChild;
        child.nextSibling = next;
        if (next != null) {
            next.previousSibling = child;
        }
        firstChild = child;
        return child;
    }

    /** Takes this block out of its parent's children. */
    void detach() {
        MirroredBlock before = previousSibling;
        MirroredBlock after = nextSibling;
        if (after != null) {
            after.previousSibling = before;
        }
        if (before != null) {
            before.nextSibling = after;
        } else if (parent != null) {
            parent.firstChild = after;
        }
    }

    /** Whether this block opens a prompt. */
    boolean opensPrompt() {
        return parent != null && parent.parent == null;
    }

    boolean heldIn(KvTier tier) {
        return (copies >>> shift(tier) & COUNT_MASK) != 0;
    }

    boolean held() {
        return copies != 0;
    }

    /** Whether both lie in the same tiers. */
    boolean heldLike(MirroredBlock other) {
        for (KvTier tier : KvTier.values()) {
            if (heldIn(tier) != other.heldIn(tier)) {
                return false;
            }
        }
        return true;
    }

    /** Counts one more copy; returns whether it is the tier's first. */
    boolean add(KvTier tier) {
        long count = copies >>> shift(tier) & COUNT_MASK;
        if (count < COUNT_MASK) {
            copies += 1L << shift(tier);
        }
        return count == 0;
    }

    /** Counts one copy less; returns whether it was the tier's last. */
    boolean remove(KvTier tier) {
        long count = copies >>> shift(tier) & COUNT_MASK;
        if (count > 0) {
            copies -= 1L << shift(tier);
        }
        return count == 1;
    }

    private static int shift(KvTier tier) {
        return slot(tier) * COUNT_BITS;
    }

    /** Position of a tier in arrays, from 0. */
    static int slot(KvTier tier) {
        return switch (tier) {
            case DEVICE -> 0;
            case HOST -> 1;
            case DISK -> 2;
            case REMOTE -> 3;
        };
    }
}
