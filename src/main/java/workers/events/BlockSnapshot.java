package workers.events;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import kv.KvEvent;
import kv.KvTier;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;

/** Telling mirrored blocks as events in our own hashes. Stateless. */
final class BlockSnapshot {
    private BlockSnapshot() {}

    /** Tells all blocks behind the empty prefix, parents first; see {@link EngineBlockMap#snapshot}. */
    static void tell(MirroredBlock empty, Consumer<KvEvent> changes) {
        List<MirroredBlock> placeholders = new ArrayList<>();
        Deque<MirroredBlock> open = new ArrayDeque<>();
        pushSiblings(empty.firstChild, open);
        while (!open.isEmpty()) {
            List<MirroredBlock> path = new ArrayList<>();
            for (MirroredBlock block = open.pop(); block != null; block = block.firstChild) {
                path.add(block);
                MirroredBlock next = block.firstChild;
                pushSiblings(next == null ? null : next.nextSibling, open);
            }
            tellPath(path, placeholders, changes);
        }
        if (!placeholders.isEmpty()) {
            changes.accept(new KvEvent.BlocksRemoved(hashes(placeholders), KvTier.DEVICE));
        }
    }

    /** Tells blocks as stored in one tier, one event per stretch in which each is the child of the one before. */
    static void tellStored(List<MirroredBlock> blocks, KvTier tier, Consumer<KvEvent> changes) {
        int from = 0;
        for (int to = 1; to <= blocks.size(); to++) {
            if (to == blocks.size() || blocks.get(to).parent != blocks.get(to - 1)) {
                changes.accept(stored(blocks.subList(from, to), tier));
                from = to;
            }
        }
    }

    private static void pushSiblings(@Nullable MirroredBlock first, Deque<MirroredBlock> open) {
        for (MirroredBlock block = first; block != null; block = block.nextSibling) {
            open.push(block);
        }
    }

    private static void tellPath(
            List<MirroredBlock> path, List<MirroredBlock> placeholders, Consumer<KvEvent> changes) {
        int from = 0;
        for (int to = 1; to <= path.size(); to++) {
            if (to == path.size() || !path.get(to).heldLike(path.get(from))) {
                tellStretch(path.subList(from, to), placeholders, changes);
                from = to;
            }
        }
    }

    private static void tellStretch(
            List<MirroredBlock> stretch, List<MirroredBlock> placeholders, Consumer<KvEvent> changes) {
        if (!stretch.get(0).held()) {
            changes.accept(stored(stretch, KvTier.DEVICE));
            placeholders.addAll(stretch);
            return;
        }
        for (KvTier tier : KvTier.values()) {
            if (stretch.get(0).heldIn(tier)) {
                changes.accept(stored(stretch, tier));
            }
        }
    }

    private static KvEvent stored(List<MirroredBlock> chain, KvTier tier) {
        MirroredBlock first = chain.get(0);
        if (first.opensPrompt() || first.parent == null) {
            return KvEvent.BlocksStored.atRoot(hashes(chain), tier);
        }
        return KvEvent.BlocksStored.after(new SequenceHash(first.parent.sequenceHash), hashes(chain), tier);
    }

    private static long[] hashes(List<MirroredBlock> blocks) {
        return blocks.stream().mapToLong(block -> block.sequenceHash).toArray();
    }
}
