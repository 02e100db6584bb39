package agents.plan;

import kv.KvTier;

/**
 * Ranks contexts by the steps until their agent runs again: the fewer, the later they are evicted. Of KVFlow, which knows the graph of
 * its agents' steps, this keeps what is known of an agent whose graph nobody told: a session that waits for tools runs next, one step
 * away; of one whose calls nobody recorded nothing is known, and it ranks one behind the four levels of the published code.
 *
 * <p>The rank is a hold's density, 1 over the steps, for as long as leases last; a block that several sessions use has the best of
 * their ranks, because every hold keeps it. Sessions of equal rank yield in the order they were asked for. Left out for want of a graph:
 * joins, branches, and prefetching two steps ahead.
 *
 * @see <a href="https://arxiv.org/abs/2507.07400">KVFlow: Efficient prefix caching for accelerating LLM-based multi-agent
 *     workflows</a>
 */
final class KvFlow implements GapPolicy {
    static final String NAME = "kvflow";
    private static final int LEVELS = 4;

    private final RetentionSettings settings;

    KvFlow(RetentionSettings settings) {
        this.settings = settings;
    }

    @Override
    public Keep atGap(Gap gap) {
        int steps = gap.tools().isEmpty() ? LEVELS + 1 : 1;
        return new Keep(settings.maxLease(), 1.0 / steps, KvTier.DEVICE, settings.minCopies());
    }
}
