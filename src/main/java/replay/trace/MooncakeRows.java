package replay.trace;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows of Mooncake's published traces: {@code timestamp} in milliseconds, {@code input_length}, {@code output_length}, {@code
 * hash_ids} of 512-token blocks, a partly filled last one included. There are no sessions: each request is its own.
 *
 * @see <a href="https://github.com/kvcache-ai/Mooncake">Mooncake, FAST25-release/traces</a>
 */
final class MooncakeRows implements RowReader {
    private static final int BLOCK_SIZE_TOKENS = 512;
    private static final double MILLIS_PER_SECOND = 1000;
    private final List<String> names = new ArrayList<>();

    @Override
    public TracedTurn read(Row row, int position) throws BadRow {
        double arrival = row.seconds("timestamp") / MILLIS_PER_SECOND;
        int inputTokens = row.number("input_length", 1);
        int outputTokens = Math.max(1, row.number("output_length", 0));
        BlockRuns blocks = row.ids("hash_ids");
        if ((long) blocks.size() * BLOCK_SIZE_TOKENS < inputTokens - inputTokens % BLOCK_SIZE_TOKENS) {
            throw new BadRow("hash_ids", "has " + blocks.size() + " ids for " + inputTokens + " tokens");
        }
        names.add("request-" + position);
        return new TracedTurn(names.size() - 1, 0, blocks, inputTokens, outputTokens, false, new int[0], 0, 0, arrival);
    }

    @Override
    public int blockSizeTokens() {
        return BLOCK_SIZE_TOKENS;
    }

    @Override
    public boolean arrivals() {
        return true;
    }

    @Override
    public List<String> sessionNames() {
        return names;
    }
}
