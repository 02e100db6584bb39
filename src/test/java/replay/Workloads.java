package replay;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import replay.trace.BlockRuns;
import replay.trace.Trace;
import replay.trace.TracedTurn;

/** Small synthetic traces: sessions that share a system prompt, grow turn by turn, and spawn a subagent now and then. */
final class Workloads {
    static final int BLOCK = 64;
    private static final int SYSTEM_BLOCKS = 20;

    private Workloads() {}

    static Trace agents(int sessions, int turnsPerSession, long seed) {
        Random random = new Random(seed);
        List<TracedTurn> turns = new ArrayList<>();
        List<String> names = new ArrayList<>();
        long nextBlock = SYSTEM_BLOCKS;
        for (int session = 0; session < sessions; session++) {
            names.add("s" + session);
            int context = 5 + random.nextInt(30);
            int growth = turnsPerSession * 8;
            long first = nextBlock;
            nextBlock += context + growth;
            int previous = -1;
            for (int k = 0; k < turnsPerSession; k++) {
                int[] after = previous < 0 ? new int[0] : new int[] {previous};
                previous = turns.size();
                turns.add(turn(random, session, 0, first, context, after));
                if (random.nextInt(6) == 0) {
                    long own = nextBlock;
                    nextBlock += 10;
                    turns.add(turn(random, session, k + 1, own, 10, new int[] {previous}));
                }
                context += random.nextInt(8);
            }
        }
        return new Trace("synthetic", "agent-lineages", BLOCK, false, names, turns, 0);
    }

    private static TracedTurn turn(Random random, int session, int lineage, long first, int own, int[] after) {
        BlockRuns blocks = new BlockRuns(new long[] {0, first}, new int[] {SYSTEM_BLOCKS, own});
        int tokens = (SYSTEM_BLOCKS + own) * BLOCK + random.nextInt(BLOCK);
        double gap = random.nextInt(5) == 0 ? 40 : random.nextInt(3);
        return new TracedTurn(session, lineage, blocks, tokens, 1 + random.nextInt(60), true, after, gap, 0, 0);
    }
}
