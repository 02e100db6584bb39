package kv;

import java.time.Duration;

/**
 * A worker's answer to a retention command: what it acknowledges, which is neither what was asked for nor what is observed
 * later.
 *
 * <p>Thread-safety: immutable.
 */
public sealed interface Receipt {

    /** As asked. */
    record Accepted() implements Receipt {}

    /**
     * Less than asked: shallower, shorter or colder.
     *
     * @param prefix what is kept
     * @param reason what was short
     */
    record Bounded(Prefix prefix, KvTier tier, Duration remaining, Reason reason) implements Receipt {}

    /** Not now; asking again after that time may succeed. */
    record Deferred(Duration retryAfter, Reason reason) implements Receipt {}

    /** Not kept. */
    record Rejected(Reason reason) implements Receipt {}

    /** The engine has no way to do it. */
    record Unsupported() implements Receipt {}

    /** Why a worker keeps less than asked, or nothing. */
    enum Reason {
        /** The tier's budget for holds is taken by denser ones. */
        BUDGET,
        /** Part of the prefix, or all, is not in the engine's cache. */
        NOT_RESIDENT,
        /** The command names another life of the engine or of its worker. */
        STALE_INCARNATION,
        /** A later command was obeyed for this lease already, perhaps of a later keeper. */
        STALE_EPOCH,
        /** The engine is busy with what the command needs. */
        BUSY,
        /** The engine does not answer, or not as it should. */
        ENGINE_FAILED,
        /** The conversation's text, which the command needs, is not to be had. */
        CONTENT_UNKNOWN,
        /** The worker takes nothing new. */
        DRAINING,
        /** The device's room costs more than a load from the tier where it is kept now. */
        RENT
    }
}
