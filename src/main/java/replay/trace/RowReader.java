package replay.trace;

import java.util.List;

/** Reader of one format's rows, in the order of the file. Confined to one reading. */
interface RowReader {

    /**
     * Reads a row.
     *
     * @param position the turn's place in the trace
     */
    TracedTurn read(Row row, int position) throws BadRow;

    int blockSizeTokens();

    boolean arrivals();

    List<String> sessionNames();
}
