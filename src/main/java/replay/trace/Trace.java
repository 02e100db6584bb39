package replay.trace;

import java.util.List;

/**
 * A recorded workload.
 *
 * <p>Thread-safety: immutable.
 *
 * @param name file names, joined by {@code +}
 * @param format name of the format it was read from
 * @param blockSizeTokens tokens that a block id stands for
 * @param arrivals whether turns start at recorded times instead of after one another
 * @param sessionNames by session number
 * @param turns in the order of the file; a turn waits only for earlier ones
 * @param skippedRows bad rows that were left out
 */
public record Trace(
        String name,
        String format,
        int blockSizeTokens,
        boolean arrivals,
        List<String> sessionNames,
        List<TracedTurn> turns,
        int skippedRows) {
    public Trace {
        sessionNames = List.copyOf(sessionNames);
        turns = List.copyOf(turns);
    }

    /** The first turns only. */
    public Trace first(int count) {
        return new Trace(
                name,
                format,
                blockSizeTokens,
                arrivals,
                sessionNames,
                turns.subList(0, Math.min(count, turns.size())),
                skippedRows);
    }
}
