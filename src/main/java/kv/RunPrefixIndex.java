package kv;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Prefix index over chain runs. What is monotone in a prefix is the chain of sequence hashes itself: two prompts that agree
 * at one depth agree at every depth before it. So unforked stretches of the chain are stored once as <em>runs</em>, and a
 * lookup compares a whole run by its last hash. Holders are not monotone (any block may be evicted): they are kept as
 * {@link Segments} over each run and intersected on the way down.
 *
 * <p>Cost of a lookup: O(runs + segments crossed), plus a search where the prompt forks off inside a run. Cost of an event:
 * O(its blocks + segments of the runs it touches). Of {@link #remove}: O(the owner's runs).
 *
 * <p>Invariants, checked by tests:
 * <ul>
 *   <li>I1: the block map has exactly the blocks of all runs, each at its one place.
 *   <li>I2: the head table shows exactly the runs' current versions.
 *   <li>I3: a run's last block has a holder, or another run hangs off it.
 *   <li>I4: segments start at 0, ascend within the run, and neighbours differ.
 *   <li>I5: every run that an owner holds a block of is in the owner's list; every bit set belongs to a known owner.
 *   <li>I6: {@link #distinctBlocks} is the number of blocks with a holder.
 * </ul>
 *
 * <p>Thread-safety: one writer, many readers without locks. A lookup sees each run as it was at some instant during the
 * lookup, not all runs at one instant; once the writer rests it is exact.
 */
public final class RunPrefixIndex implements PrefixIndex {
    private final HeadTable heads = new HeadTable();
    private final RunWriter writer;
    private final AtomicReference<OwnerDirectory> owners = new AtomicReference<>(OwnerDirectory.EMPTY);
    private final AtomicLong distinctBlocks = new AtomicLong();

    public RunPrefixIndex() {
        this(BlockMap.MAX_RUN_BLOCKS);
    }

    /** @param longestRunBlocks blocks after which a chain goes on in a new run, so that no version gets large */
    RunPrefixIndex(int longestRunBlocks) {
        writer = new RunWriter(heads, longestRunBlocks);
    }

    @Override
    public Overlap match(PromptBlocks prompt, int depthHint) {
        return match(owners.getAcquire(), prompt, depthHint);
    }

    /** Matches with the owners as they were some time before. */
    Overlap match(OwnerDirectory before, PromptBlocks prompt, int depthHint) {
        RunOverlap overlap = PrefixWalk.walk(heads, before, prompt.hashes(), prompt.size(), depthHint);
        OwnerDirectory after = owners.getAcquire();
        if (after != before) {
            overlap.keepUnchanged(after);
        }
        return overlap;
    }

    @Override
    public long distinctBlocks() {
        return distinctBlocks.getAcquire();
    }

    @Override
    public Applied apply(CacheOwner owner, KvEvent event) {
        Applied applied = event instanceof KvEvent.BlocksStored stored
                ? store(owner, stored)
                : release(owner, event) ? Applied.CHANGED : Applied.UNCHANGED;
        distinctBlocks.setRelease(writer.distinctBlocks());
        return applied;
    }

    @Override
    public void remove(CacheOwner owner) {
        @Nullable OwnerSlot slot = owners().slotOf(owner);
        if (slot != null) {
            writer.releaseAll(slot);
            distinctBlocks.setRelease(writer.distinctBlocks());
            // Only now may the number be given again: no version shows it any more.
            owners.setRelease(owners().without(slot));
        }
    }

    RunWriter writer() {
        return writer;
    }

    HeadTable heads() {
        return heads;
    }

    OwnerDirectory owners() {
        return owners.getPlain();
    }

    private Applied store(CacheOwner owner, KvEvent.BlocksStored stored) {
        if (stored.sequenceHashes().length == 0) {
            return Applied.UNCHANGED;
        }
        if (!writer.seek(stored)) {
            return Applied.UNKNOWN_PARENT;
        }
        int tier = stored.tier().distance();
        return writer.hold(slotOf(owner, tier), stored.sequenceHashes(), tier) ? Applied.CHANGED : Applied.UNCHANGED;
    }

    private boolean release(CacheOwner owner, KvEvent event) {
        @Nullable OwnerSlot slot = owners().slotOf(owner);
        if (slot == null) {
            return false;
        }
        return event instanceof KvEvent.BlocksRemoved removed
                ? writer.release(slot, removed.sequenceHashes(), removed.tier().distance())
                : writer.releaseAll(slot);
    }

    /** The owner's slot, shown to readers before any version that uses it. */
    private OwnerSlot slotOf(CacheOwner owner, int tier) {
        if (tier >= owners().tiers()) {
            owners.setRelease(owners().withTiers(tier + 1));
        }
        @Nullable OwnerSlot known = owners().slotOf(owner);
        if (known != null) {
            return known;
        }
        owners.setRelease(owners().with(owner));
        return Objects.requireNonNull(owners().slotOf(owner));
    }
}
