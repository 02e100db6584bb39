package kv;

/**
 * Which cache holds which leading blocks of a prompt, in which tier; for one (model, block size).
 *
 * <p>Thread-safety: one writer, many readers. {@link #apply} and {@link #remove} are called by one thread; {@link #match}
 * by any. A match that races the writer may miss or overstate the newest changes; that can cost a worse placement, never
 * a wrong answer, because the engine itself decides what it reuses.
 */
public interface PrefixIndex {

    /** What an event did. */
    enum Applied {
        CHANGED,
        /** Repeated or about blocks nobody holds: no change. */
        UNCHANGED,
        /**
         * Stored behind a block that nobody holds, nor any block after it: rejected, the feed must resynchronise. A store
         * whose own first block is known is not rejected.
         */
        UNKNOWN_PARENT
    }

    /** Applies one change of one cache. */
    Applied apply(CacheOwner owner, KvEvent event);

    /** Forgets a cache: its worker restarted or left. O(its runs). */
    void remove(CacheOwner owner);

    /**
     * Finds how many leading blocks of a prompt each cache holds.
     *
     * @param depthHint where the prompt's known part ends, in blocks, or 0; may change speed, never the result
     */
    Overlap match(PromptBlocks prompt, int depthHint);

    /** Number of distinct blocks held by anybody. */
    long distinctBlocks();
}
