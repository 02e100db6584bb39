package replay.trace;

import java.util.List;

/**
 * Rows of recorded agent runs without end times: {@code sid, agent, seq, ia, in, out, b}, 16-token blocks. A turn follows
 * the one before it in its session, no sooner than {@code ia} seconds after that one's start. Every turn
 * may have ended in tool calls.
 */
final class SpacedRows implements RowReader {
    private static final int BLOCK_SIZE_TOKENS = 16;
    private static final int WHOLE_SESSION = -1;
    private final Sessions sessions = new Sessions();

    @Override
    public TracedTurn read(Row row, int position) throws BadRow {
        String name = row.text("sid");
        String agent = row.text("agent");
        int inputTokens = row.number("in", 1);
        int outputTokens = Math.max(1, row.number("out", 0));
        BlockRuns blocks = row.runs("b");
        if (blocks.size() != inputTokens / BLOCK_SIZE_TOKENS) {
            throw new BadRow("b", "has " + blocks.size() + " blocks for " + inputTokens + " tokens");
        }
        double spacing = row.has("ia") ? row.seconds("ia") : 0;
        int session = sessions.number(name);
        int previous = sessions.lastTurn(session, WHOLE_SESSION);
        int[] after = previous < 0 ? new int[0] : new int[] {previous};
        sessions.turn(session, WHOLE_SESSION, position);
        int lineage = sessions.lineage(session, agent);
        return new TracedTurn(session, lineage, blocks, inputTokens, outputTokens, true, after, 0, spacing, 0);
    }

    @Override
    public int blockSizeTokens() {
        return BLOCK_SIZE_TOKENS;
    }

    @Override
    public boolean arrivals() {
        return false;
    }

    @Override
    public List<String> sessionNames() {
        return sessions.names();
    }
}
