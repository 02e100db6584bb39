package workers.holds;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import kv.KvTier;
import kv.Prefix;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The held blocks of one tier: prefixes that share blocks share nodes, so that a block counts once however many hold it.
 *
 * <p>I1: a block is in the tree if and only if some hold ends in it or behind it. Adding and removing a hold costs as much
 * as it has blocks that no other hold has.
 *
 * <p>Mutable, not thread safe.
 */
final class HeldTree {
    private final KvTier tier;
    private final Long2ObjectHashMap<HeldBlock> blocks = new Long2ObjectHashMap<>();

    HeldTree(KvTier tier) {
        this.tier = tier;
    }

    /** Leading blocks of a prefix: those up to where it leaves the tree, and those behind. */
    record Path(@Nullable HeldBlock base, long[] behind) {
        int depth() {
            return (base == null ? 0 : base.depth) + behind.length;
        }

        /** Its blocks in the tree. O(its depth). */
        Set<HeldBlock> known() {
            Set<HeldBlock> blocks = Collections.newSetFromMap(new IdentityHashMap<>());
            for (HeldBlock block = base; block != null; block = block.parent) {
                blocks.add(block);
            }
            return blocks;
        }
    }

    int size() {
        return blocks.size();
    }

    /** How many leading blocks of a known prefix are in the tree; 0 for an unknown one. */
    int heldPart(Prefix prefix, CachedBlocks cached) {
        HeldBlock base = walk(prefix, cached).base();
        return base == null ? 0 : base.depth;
    }

    /** The deepest part of a prefix that lies in this tier whole, from its first block on; of depth 0 if there is none. */
    Path find(Prefix prefix, CachedBlocks cached) {
        Path known = walk(prefix, cached);
        long[] behind = known.behind();
        int leading = 0;
        while (leading < behind.length && cached.contains(behind[leading], tier)) {
            leading++;
        }
        return new Path(known.base(), Arrays.copyOf(behind, leading));
    }

    /** A prefix, wherever it lies, from its tail to where it meets the tree; of depth 0 if it is unknown or its tail of another depth. */
    private Path walk(Prefix prefix, CachedBlocks cached) {
        long[] reversed = new long[Math.min(prefix.blocks(), 64)];
        int count = 0;
        long hash = prefix.tail().value();
        HeldBlock base = blocks.get(hash);
        boolean root = false;
        while (base == null && !root && count < prefix.blocks() && cached.knows(hash)) {
            if (count == reversed.length) {
                reversed = Arrays.copyOf(reversed, 2 * count);
            }
            reversed[count++] = hash;
            OptionalLong parent = cached.parent(hash);
            root = parent.isEmpty();
            hash = parent.orElse(0);
            base = root ? null : blocks.get(hash);
        }
        int depth = count + (base == null ? 0 : base.depth);
        if ((base == null && !root) || depth != prefix.blocks()) {
            return new Path(null, new long[0]);
        }
        long[] behind = new long[count];
        for (int i = 0; i < count; i++) {
            behind[i] = reversed[count - 1 - i];
        }
        return new Path(base, behind);
    }

    /** The block at the end of a path, which is in the tree from here on and must be given a hold at once. */
    HeldBlock grow(Path path) {
        HeldBlock end = path.base();
        for (long hash : path.behind()) {
            HeldBlock block = new HeldBlock(hash, end);
            if (end != null) {
                end.children.add(block);
            }
            blocks.put(hash, block);
            end = block;
        }
        if (end == null) {
            throw new IllegalArgumentException("a path of depth 0 has no end");
        }
        return end;
    }

    /** Takes a hold away from its tail, and with it the blocks that nothing else holds. */
    void remove(Held held) {
        HeldBlock block = held.tail;
        block.tails.remove(held);
        prune(block);
    }

    /** How many blocks would leave the tree with a hold, those left out that are kept in any case. */
    int alone(Held held, Set<HeldBlock> kept) {
        HeldBlock block = held.tail;
        boolean needed = block.tails.size() > 1 || !block.children.isEmpty();
        int count = 0;
        while (block != null && !needed && !kept.contains(block)) {
            count++;
            block = block.parent;
            needed = block != null && (!block.tails.isEmpty() || block.children.size() > 1);
        }
        return count;
    }

    /** Moves a hold's tail one block up, unless another hold ends there or behind it; false when it cannot move. */
    boolean shorten(Held held) {
        HeldBlock tail = held.tail;
        HeldBlock up = tail.parent;
        if (up == null || tail.tails.size() > 1 || !tail.children.isEmpty()) {
            return false;
        }
        up.tails.add(held);
        held.tail = up;
        tail.tails.clear();
        prune(tail);
        return true;
    }

    /**
     * A block left the cache: it and all behind it leave the tree. Their holds end before it now, in the block before it, or
     * nowhere: {@link Held#tail} is left in place then and they are not in the tree.
     *
     * @return whose holds they were; none if the block was not held
     */
    List<Held> cut(long hash) {
        HeldBlock gone = blocks.get(hash);
        if (gone == null) {
            return List.of();
        }
        List<Held> hit = new ArrayList<>();
        Deque<HeldBlock> open = new ArrayDeque<>(List.of(gone));
        while (!open.isEmpty()) {
            HeldBlock block = open.pop();
            blocks.remove(block.hash);
            hit.addAll(block.tails);
            open.addAll(block.children);
        }
        HeldBlock before = gone.parent;
        if (before != null) {
            before.children.remove(gone);
            before.tails.addAll(hit);
            hit.forEach(held -> held.tail = before);
        }
        return hit;
    }

    boolean contains(HeldBlock block) {
        return blocks.get(block.hash) == block;
    }

    /** Held blocks that the tier does not contain. */
    long[] missing(CachedBlocks cached) {
        return blocks.keySet().stream()
                .mapToLong(Long::longValue)
                .filter(hash -> !cached.contains(hash, tier))
                .toArray();
    }

    private void prune(HeldBlock from) {
        HeldBlock block = from;
        while (block != null && !block.needed()) {
            blocks.remove(block.hash);
            if (block.parent != null) {
                block.parent.children.remove(block);
            }
            block = block.parent;
        }
    }
}
