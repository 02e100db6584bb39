package router.placement;

import java.util.List;
import java.util.Optional;
import kv.Incarnation;
import kv.PromptBlocks;
import kv.StoredCopy;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.retention.Holder;
import router.retention.Lease;
import workers.status.EngineCapabilities;

/**
 * What leases keep of one prompt: who holds how much of it, and which copies of its beginning could be loaded.
 *
 * <p>Thread-safety: immutable.
 */
public record KeptPrefix(List<Holder> holders, List<Copied> copies) {
    /** No lease is on any beginning of the prompt. */
    public static final KeptPrefix NOTHING = new KeptPrefix(List.of(), List.of());

    /**
     * A copy of the prompt's beginning.
     *
     * @param blocks leading blocks of the prompt that it surely covers
     */
    public record Copied(StoredCopy copy, int blocks) {}

    public KeptPrefix {
        holders = List.copyOf(holders);
        copies = List.copyOf(copies);
    }

    /** What a session's leases keep of a prompt; those on something else are left out. */
    public static KeptPrefix of(List<Lease> leases, PromptBlocks prompt) {
        List<Lease> begun = leases.stream()
                .filter(lease -> lease.terms().prefix().begins(prompt))
                .toList();
        return new KeptPrefix(
                begun.stream().flatMap(lease -> lease.holders().stream()).toList(),
                begun.stream()
                        .flatMap(lease -> lease.storedCopies().stream()
                                .map(copy ->
                                        new Copied(copy, lease.terms().prefix().blocks())))
                        .toList());
    }

    /** Leading blocks that a worker promised to keep in its present life; 0 when none. */
    int heldBlocks(WorkerId worker, Incarnation life) {
        int most = 0;
        for (Holder holder : holders) {
            if (holder.worker().equals(worker) && holder.incarnation().equals(life)) {
                most = Math.max(most, holder.blocks());
            }
        }
        return most;
    }

    /** The copy of the longest beginning that an engine can read; empty when there is none. */
    Optional<Copied> readable(EngineCapabilities engine) {
        @Nullable Copied longest = null;
        for (Copied copied : copies) {
            if ((longest == null || copied.blocks() > longest.blocks()) && engine.reads(copied.copy())) {
                longest = copied;
            }
        }
        return Optional.ofNullable(longest);
    }
}
