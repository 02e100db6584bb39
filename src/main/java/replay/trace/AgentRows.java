package replay.trace;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Rows of recorded coding-agent sessions with lineages: {@code sid, lin, k, gap, sp, off, join, in, out, stop, b}, 64-token
 * blocks, full ones only.
 *
 * <p>A turn follows the one before it in its lineage after {@code gap} seconds. A lineage's first turn follows the turn
 * {@code sp} of another lineage after {@code off} seconds, whether that one waits for it ({@code sub}), goes on beside it
 * ({@code side}) or ended there ({@code cont}). A {@code join} turn starts once the lineages it names are finished. A row
 * that recorded no output token counts as one: engines produce at least that. A row whose {@code stop} is not recorded ended
 * in tool calls, as nearly all do.
 */
final class AgentRows implements RowReader {
    private static final int BLOCK_SIZE_TOKENS = 64;
    private final Sessions sessions = new Sessions();
    private final Map<TurnKey, Integer> positions = new HashMap<>();

    private record TurnKey(int session, int lineage, int k) {}

    @Override
    public TracedTurn read(Row row, int position) throws BadRow {
        String name = row.text("sid");
        int lineage = row.number("lin", 0);
        int k = row.number("k", 0);
        int inputTokens = row.number("in", 1);
        int outputTokens = Math.max(1, row.number("out", 0));
        BlockRuns blocks = row.runs("b");
        if (blocks.size() != inputTokens / BLOCK_SIZE_TOKENS) {
            throw new BadRow("b", "has " + blocks.size() + " blocks for " + inputTokens + " tokens");
        }
        boolean first = k == 0 && !row.has("gap");
        double delay = first ? (row.has("sp") ? row.seconds("off") : 0) : row.has("join") ? 0 : row.seconds("gap");
        int session = sessions.number(name);
        int[] after = first ? parent(row, session) : previous(row, session, lineage);
        positions.put(new TurnKey(session, lineage, k), position);
        sessions.turn(session, lineage, position);
        boolean callsTools = !row.has("stop") || row.text("stop").equals("tool_use");
        return new TracedTurn(session, lineage, blocks, inputTokens, outputTokens, callsTools, after, delay, 0, 0);
    }

    private int[] parent(Row row, int session) throws BadRow {
        if (!row.has("sp")) {
            return new int[0];
        }
        int[] parent = row.numbers("sp");
        if (parent.length != 2) {
            throw new BadRow("sp", "is not [lineage, turn]");
        }
        Integer position = positions.get(new TurnKey(session, parent[0], parent[1]));
        if (position == null) {
            throw new BadRow("sp", "names a turn that is not before this one: " + Arrays.toString(parent));
        }
        return new int[] {position};
    }

    private int[] previous(Row row, int session, int lineage) throws BadRow {
        int previous = sessions.lastTurn(session, lineage);
        if (previous < 0) {
            throw new BadRow("k", "continues a lineage that has no turn before this one");
        }
        if (!row.has("join")) {
            return new int[] {previous};
        }
        int[] joined = row.numbers("join");
        int[] after = new int[joined.length + 1];
        after[0] = previous;
        for (int i = 0; i < joined.length; i++) {
            after[i + 1] = sessions.lastTurn(session, joined[i]);
            if (after[i + 1] < 0) {
                throw new BadRow("join", "names a lineage that has no turn before this one: " + joined[i]);
            }
        }
        return after;
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
