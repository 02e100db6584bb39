package router.retention;

import com.fasterxml.jackson.annotation.JsonInclude;
import inference.ConversationRef;
import inference.SessionId;
import inference.TenantId;
import java.util.Comparator;
import java.util.List;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.RetentionClass;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * What a lease is about; fixed while it lasts. Another prefix is another lease.
 *
 * <p>Thread-safety: immutable.
 *
 * @param root session at the top of the session's tree: its leases live in one partition
 * @param model what a worker must serve to take the prefix over
 * @param bytesPerBlock size of one block in an engine's memory
 * @param priority 0 to 100; of one density, higher yields later
 * @param density see {@link kv.Hold}; at 0 or below the prefix is not worth being computed again
 * @param minCopies 1 to 16: copies that shall exist at once; with k of them the prefix outlives the sudden end of k - 1 holders
 * @param tiers where copies may lie, hottest first; copies in storage need DISK or REMOTE
 * @param conversation whose text rebuilds the prefix or finds the engine's slot; null when nobody kept it
 * @param home worker that computed the prefix last, null when unknown
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record LeaseTerms(
        LeaseId id,
        TenantId tenant,
        SessionId root,
        SessionId session,
        String model,
        Prefix prefix,
        int blockSizeTokens,
        long bytesPerBlock,
        RetentionClass retentionClass,
        int priority,
        double density,
        int minCopies,
        List<KvTier> tiers,
        @Nullable ConversationRef conversation,
        @Nullable WorkerId home) {
    /** What is worth least comes first: by density, and of one density by priority, as holds yield on workers. */
    static final Comparator<LeaseTerms> CHEAPEST_FIRST =
            Comparator.comparingDouble(LeaseTerms::density).thenComparingInt(LeaseTerms::priority);

    /** Most copies that can be asked for. */
    public static final int MAX_COPIES = 16;

    private static final long MAX_BYTES = 1L << 42;

    public LeaseTerms {
        tiers = List.copyOf(tiers);
        require(priority >= 0 && priority <= 100, "a lease's priority is 0 to 100, got " + priority);
        require(minCopies >= 1 && minCopies <= MAX_COPIES, "a lease has 1 to 16 copies, got " + minCopies);
        require(!tiers.isEmpty(), "a lease allows at least one tier");
        require(
                bytesPerBlock >= 1 && bytesPerBlock <= MAX_BYTES / prefix.blocks(),
                "a lease is for 1 byte to 4 TiB, got " + prefix.blocks() + " blocks of " + bytesPerBlock + " bytes");
    }

    /** Bytes of all copies together. */
    public long bytes() {
        return prefix.blocks() * bytesPerBlock * minCopies;
    }

    /** Whether it is about a prefix that nobody has computed yet, at one place, for a turn that may come. */
    boolean guess() {
        return retentionClass == RetentionClass.SPECULATIVE;
    }

    boolean storable() {
        return tiers.contains(KvTier.DISK) || tiers.contains(KvTier.REMOTE);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
