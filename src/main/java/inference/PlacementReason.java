package inference;

/**
 * Why a turn runs where it does: what became of the worker that its line of prompts ran on before, or else what drew it to another
 * one. Durable by name.
 */
public enum PlacementReason {
    /** Its line ran nowhere before. */
    NEW,
    /** It stays where its line ran before. */
    KEPT,
    /** The same, once it had waited in the pending queue. */
    WAITED,
    /** The worker before refused this very turn, lost it, or cannot go on with the answer that another one began. */
    REFUSED,
    /** The worker before is away, or does not reach its engine. */
    HOLDER_LOST,
    /** The worker before drains. */
    DRAINED,
    /** The worker before cannot serve this turn: it has become too long, or wants what the engine does not do. */
    UNFIT,
    /** The worker before had no room, so that the turn would have waited for it. */
    BUSY,
    /** Another worker holds what is leased, too. */
    OTHER_HOLDER,
    /** Another worker takes the prompt over from an engine that has it. */
    PULLED,
    /** Another worker loads a stored copy. */
    COPY_LOADED,
    /** The strategy preferred another worker. */
    PREFERRED
}
