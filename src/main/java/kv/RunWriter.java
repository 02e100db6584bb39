package kv;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Everything that changes runs: walks the blocks of an event along the runs they are in, and shows readers the outcome.
 *
 * <p>Thread-safety: confined to the index's writer.
 */
final class RunWriter {
    private final HeadTable heads;
    private final int longestRunBlocks;
    private final Runs runs = new Runs();
    private final BlockMap blocks = new BlockMap(runs);
    private final SegmentsEditor editor = new SegmentsEditor();
    private long distinctBlocks;

    /** The block that the next one of an event comes after: its run, or null before the first block of a prompt. */
    private @Nullable Run cursor;

    private int cursorOffset;

    RunWriter(HeadTable heads, int longestRunBlocks) {
        this.heads = heads;
        this.longestRunBlocks = longestRunBlocks;
    }

    long distinctBlocks() {
        return distinctBlocks;
    }

    Runs runs() {
        return runs;
    }

    BlockMap blocks() {
        return blocks;
    }

    /**
     * Finds the place of an event's first block, or its parent's if it has none; false if neither is known. {@link #hold}
     * comes next.
     */
    boolean seek(KvEvent.BlocksStored stored) {
        blocks.touch(stored.sequenceHashes());
        if (seekBefore(stored.sequenceHashes()[0])) {
            return true;
        }
        if (stored.root()) {
            cursor = null;
            return true;
        }
        long parent = blocks.find(stored.parent());
        if (parent == BlockMap.ABSENT) {
            return false;
        }
        cursor = runs.get(BlockMap.run(parent));
        cursorOffset = BlockMap.offset(parent);
        return true;
    }

    private boolean seekBefore(long hash) {
        long location = blocks.find(hash);
        if (location == BlockMap.ABSENT) {
            return false;
        }
        cursor = runs.get(BlockMap.run(location));
        cursorOffset = BlockMap.offset(location) - 1;
        return true;
    }

    /** Adds a holder to the blocks of the event that was sought last; whether that changed anything. */
    boolean hold(OwnerSlot owner, long[] hashes, int tier) {
        boolean changed = false;
        for (int i = 0; i < hashes.length; ) {
            // The first block has been sought already: it comes right behind the cursor, or is nowhere.
            int known = agreement(hashes, i);
            if (known > 0) {
                changed |= hold(Objects.requireNonNull(cursor), cursorOffset + 1, known, owner, tier);
                cursorOffset += known;
                i += known;
            } else if (i == 0 || !seekBefore(hashes[i])) {
                changed = true;
                i += canAppend() ? append(owner, hashes, i, tier) : start(owner, hashes, i, tier);
            }
        }
        return changed;
    }

    /** Number of blocks behind the cursor in its run that the event goes through next. */
    private int agreement(long[] hashes, int from) {
        if (cursor == null || cursorOffset + 1 >= cursor.length()) {
            return 0;
        }
        int count = Math.min(hashes.length - from, cursor.length() - cursorOffset - 1);
        int start = cursorOffset + 1;
        int fork = Arrays.mismatch(cursor.version().hashes, start, start + count, hashes, from, from + count);
        return fork < 0 ? count : fork;
    }

    private boolean hold(Run run, int from, int count, OwnerSlot owner, int tier) {
        Segments before = run.version().segments;
        if (before.holds(owner.number, tier, from, from + count)) {
            return false;
        }
        Segments after = editor.hold(before, run.length(), from, from + count, owner.number, tier);
        distinctBlocks += editor.heldBlocksDelta();
        run.update(run.length(), after);
        heads.replace(run);
        if (!before.holds(owner.number)) {
            noteGain(owner, run);
        }
        return true;
    }

    private boolean canAppend() {
        return cursor != null && cursorOffset + 1 == cursor.length() && cursor.length() < longestRunBlocks;
    }

    /** Appends unknown blocks to the cursor's run; returns how many. */
    private int append(OwnerSlot owner, long[] hashes, int from, int tier) {
        Run run = Objects.requireNonNull(cursor);
        Segments before = run.version().segments;
        int length = run.length();
        int count = Math.min(hashes.length - from, longestRunBlocks - length);
        run.append(hashes, from, count, longestRunBlocks);
        count = index(run, length, count);
        Segments after = before.lastIsOnly(owner.number, tier)
                ? before
                : editor.hold(before, length, length, length + count, owner.number, tier);
        run.update(length + count, after);
        heads.replace(run);
        distinctBlocks += count;
        if (!before.holds(owner.number)) {
            noteGain(owner, run);
        }
        cursorOffset += count;
        return count;
    }

    /** Starts a run of unknown blocks behind the cursor; returns how many. */
    private int start(OwnerSlot owner, long[] hashes, int from, int tier) {
        int count = Math.min(hashes.length - from, longestRunBlocks);
        Segments segments = Segments.of(owner.number, tier);
        long[] own = Arrays.copyOfRange(hashes, from, from + count);
        Run run = new Run(runs.nextId(), cursor, cursorOffset, new RunVersion(own, count, segments));
        runs.add(run);
        count = index(run, 0, count);
        run.update(count, segments);
        heads.add(run, runs);
        if (cursor != null) {
            cursor.fork(cursorOffset);
        }
        distinctBlocks += count;
        noteGain(owner, run);
        cursor = run;
        cursorOffset = count - 1;
        return count;
    }

    /**
     * Enters a run's new blocks into the block map. Stops at one that is known already, which no well-formed chain has: the
     * caller goes on from that block's place.
     */
    private int index(Run run, int from, int count) {
        int added = 0;
        while (added < count && blocks.add(run.hashAt(from + added), BlockMap.location(run.id, from + added))) {
            added++;
        }
        return added;
    }

    /** Notes that an owner, which held nothing of a run, now does. */
    private void noteGain(OwnerSlot owner, Run run) {
        if (owner.isCrowded()) {
            owner.clean(id -> holds(runs.get(id), owner));
        }
        owner.gained(run.id);
    }

    /** Takes a holder out of blocks, in one tier; whether that changed anything. Neighbours are taken out together. */
    boolean release(OwnerSlot owner, long[] hashes, int tier) {
        boolean changed = false;
        blocks.touch(hashes);
        @Nullable Run run = null;
        int from = 0;
        int to = 0;
        for (long hash : hashes) {
            if (run != null && run.has(from - 1, hash)) {
                from--;
            } else if (run != null && run.has(to, hash)) {
                to++;
            } else {
                changed |= run != null && release(run, from, to, owner, tier);
                long location = blocks.find(hash);
                run = location == BlockMap.ABSENT ? null : runs.get(BlockMap.run(location));
                from = BlockMap.offset(location);
                to = from + 1;
            }
        }
        changed |= run != null && release(run, from, to, owner, tier);
        return changed;
    }

    private boolean release(Run run, int from, int to, OwnerSlot owner, int tier) {
        Segments before = run.version().segments;
        return settle(
                run, owner, editor.release(before, run.length(), from, to, owner.number, tier, run.leastLength()));
    }

    /** Takes a holder out of everything; whether it held anything. */
    boolean releaseAll(OwnerSlot owner) {
        boolean changed = false;
        for (int id : owner.takeRuns()) {
            @Nullable Run run = runs.get(id);
            if (run != null && holds(run, owner)) {
                Segments before = run.version().segments;
                changed |= settle(run, owner, editor.releaseAll(before, run.length(), owner.number, run.leastLength()));
            }
        }
        return changed;
    }

    private static boolean holds(@Nullable Run run, OwnerSlot owner) {
        return run != null && run.version().segments.holds(owner.number);
    }

    /** Brings the outcome of a release into force. */
    private boolean settle(Run run, OwnerSlot owner, Segments after) {
        if (!editor.changed()) {
            return false;
        }
        distinctBlocks += editor.heldBlocksDelta();
        if (!after.holds(owner.number)) {
            owner.lost();
        }
        cut(run, editor.length(), after);
        return true;
    }

    /** Shortens a run; one without blocks goes, and its parent loses what was kept only for it. */
    private void cut(Run first, int firstLength, Segments firstSegments) {
        Run run = first;
        int length = firstLength;
        Segments segments = firstSegments;
        while (true) {
            for (int offset = run.length() - 1; offset >= length; offset--) {
                blocks.remove(run.hashAt(offset), BlockMap.location(run.id, offset));
            }
            if (length > 0) {
                run.update(length, segments);
                heads.replace(run);
                return;
            }
            heads.remove(run);
            runs.remove(run);
            @Nullable Run parent = run.parent;
            if (parent == null) {
                return;
            }
            parent.join(run.parentOffset);
            segments = parent.version().segments;
            int last = segments.count() - 1;
            int heldEnd = segments.isEmpty(last) ? segments.start(last) : parent.length();
            length = Math.max(heldEnd, parent.leastLength());
            if (length == parent.length()) {
                return;
            }
            segments = heldEnd < length ? segments : segments.withoutLast();
            run = parent;
        }
    }
}
