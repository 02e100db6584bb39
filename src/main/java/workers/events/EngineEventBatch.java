package workers.events;

import java.util.List;

/**
 * Decoded content of one message of an engine's event stream.
 *
 * <p>Thread-safety: immutable.
 *
 * @param rank data-parallel rank that the engine states, or {@link #RANK_UNSAID}
 * @param skipped events of it that could not be used: unknown tags, unknown media, broken fields
 */
public record EngineEventBatch(int rank, List<EngineEvent> events, int skipped) {
    /** Rank of a batch that names none: its stream tells. */
    public static final int RANK_UNSAID = -1;

    public EngineEventBatch {
        events = List.copyOf(events);
    }
}
