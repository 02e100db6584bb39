package replay;

import java.util.Arrays;

/**
 * Why blocks were computed, turn by turn.
 *
 * <p>Thread-safety: confined to its run.
 */
final class BlockAccount {
    private final BlockHistory history = new BlockHistory();
    private final TurnRecords records;
    private final int blockSizeTokens;
    /** Position up to which a turn's computed blocks are accounted for; -1 before the first. */
    private final int[] accountedBlocks;

    private long preemptedTokens;

    BlockAccount(TurnRecords records, int blockSizeTokens) {
        this.records = records;
        this.blockSizeTokens = blockSizeTokens;
        this.accountedBlocks = new int[records.turns()];
        Arrays.fill(accountedBlocks, -1);
    }

    /** A turn's engine has computed blocks of its prompt, from a position on. */
    void computed(int turn, int firstBlock, long[] hashes) {
        int accounted = accountedBlocks[turn] < 0 ? firstBlock : accountedBlocks[turn];
        for (int i = 0; i < hashes.length; i++) {
            BlockHistory.Cause cause = history.computed(hashes[i]);
            if (firstBlock + i < accounted) {
                preemptedTokens += blockSizeTokens;
                continue;
            }
            switch (cause) {
                case COLD -> records.coldTokens[turn] += blockSizeTokens;
                case EVICTION -> records.evictionTokens[turn] += blockSizeTokens;
                case PLACEMENT -> records.placementTokens[turn] += blockSizeTokens;
            }
        }
        accountedBlocks[turn] = Math.max(accounted, firstBlock + hashes.length);
    }

    /** A tier has blocks that were computed before. */
    void copied(long[] hashes) {
        for (long hash : hashes) {
            history.copied(hash);
        }
    }

    /** A tier has dropped blocks. */
    void dropped(long[] hashes) {
        for (long hash : hashes) {
            history.dropped(hash);
        }
    }

    /** Tokens computed again after a preemption. */
    long preemptedTokens() {
        return preemptedTokens;
    }
}
