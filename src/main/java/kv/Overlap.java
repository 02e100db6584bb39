package kv;

/**
 * Leading blocks of one prompt that each cache holds.
 *
 * <p>Thread-safety: immutable.
 */
public interface Overlap {

    /** Owners that hold at least the first block somewhere. */
    Iterable<CacheOwner> owners();

    /**
     * Number of leading blocks that are each held in {@code tier} or a hotter one; grows from hot to cold tiers. 0 for an
     * owner that holds none.
     */
    int blocks(CacheOwner owner, KvTier tier);

    /** The largest {@link #blocks} of any owner, in any tier. */
    int deepest();
}
