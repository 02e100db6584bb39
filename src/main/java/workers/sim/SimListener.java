package workers.sim;

import kv.KvEvent;

/**
 * Receiver of what a simulated engine does, in order of time. Times are virtual milliseconds. A listener must not call
 * back into the engine.
 *
 * <p>Every submitted request ends in exactly one of {@link #onFinished}, {@link #onRejected} or a successful {@link
 * SimulatedEngine#cancel}.
 */
public interface SimListener {

    /** Why a request never runs. */
    enum Rejection {
        /** Prompt plus answer exceed the context or the whole block pool. */
        CONTEXT_LENGTH_EXCEEDED
    }

    /**
     * The first output token came.
     *
     * @param cachedTokens prompt tokens found in the pool when the request was first admitted
     */
    void onFirstToken(String id, int cachedTokens, double timeMillis);

    /**
     * Told before a request's first token if it waited for blocks of the store that engines share.
     *
     * @param blocks that were loaded from there for it; siblings that waited for the same load are told of none
     */
    void onRemoteLoaded(String id, int blocks, double timeMillis);

    /**
     * Output tokens after the first came, evenly spaced.
     *
     * @param count at least 1
     * @param firstMillis when the first of them came; each next one is {@code intervalMillis} after the one before, added
     *     in floating point one by one
     */
    void onTokens(String id, int count, double firstMillis, double intervalMillis);

    /** All output tokens came; the last of them was told just before. */
    void onFinished(String id, double timeMillis);

    /** The request can never run here. */
    void onRejected(String id, Rejection reason, double timeMillis);

    /** The request lost its blocks to others and waits again; tokens already told stay valid. */
    void onPreempted(String id, double timeMillis);

    /**
     * Blocks of a request were computed and became matchable on the device.
     *
     * @param firstBlock position in the request's chain of the event's first hash; the others follow it
     */
    void onBlocksStored(String id, int firstBlock, KvEvent.BlocksStored event, double timeMillis);

    /** Blocks that some tier of this engine or of another one has became matchable in a tier of this one. */
    void onBlocksMoved(KvEvent.BlocksStored event, double timeMillis);

    /** Blocks were evicted from a tier. */
    void onBlocksRemoved(KvEvent.BlocksRemoved event, double timeMillis);
}
