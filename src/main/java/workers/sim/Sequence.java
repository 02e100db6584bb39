package workers.sim;

/**
 * A request inside the engine, with its progress and its blocks.
 *
 * <p>Thread-safety: none.
 */
final class Sequence implements Comparable<Sequence> {
    final SimRequest request;
    /** Position in order of submission. */
    final long order;
    /** Room for the blocks of prompt and answer; the last answer token is never computed. */
    final int[] blocks;

    int blockCount;
    /** Tokens whose KV is computed. */
    int computed;
    /** Output tokens told so far. */
    int produced;
    /** Prompt tokens found cached at the first admission; -1 before it. */
    int cachedTokens = -1;
    /** Whether blocks were loaded for it since it last waited: it asks once. */
    boolean loaded;
    /** Blocks loaded for it from the store that engines share, until it was first admitted. */
    int remoteBlocks;
    /** Whether it decodes nothing until resumed. */
    boolean paused;
    /** Whether the pass at hand ends in a token of it. */
    boolean emits;

    Sequence(SimRequest request, long order, int blockRoom) {
        this.request = request;
        this.order = order;
        this.blocks = new int[blockRoom];
    }

    /** Tokens of the prompt and of the answer so far. */
    int known() {
        return request.inputTokens() + produced;
    }

    int remainingOutput() {
        return request.outputTokens() - produced;
    }

    /** Most important first; within a priority, oldest first. */
    @Override
    public int compareTo(Sequence other) {
        int byPriority = Integer.compare(request.priority(), other.request.priority());
        return byPriority != 0 ? byPriority : Long.compare(order, other.order);
    }
}
