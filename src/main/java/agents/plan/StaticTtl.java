package agents.plan;

import java.time.Duration;

/**
 * Keeps every context for the same time: the simplest policy that knows of tool calls, and the one to beat. What is asked
 * for later yields later.
 */
final class StaticTtl implements GapPolicy {
    static final String NAME = "static-ttl";
    private final Keep keep;

    StaticTtl(Duration ttl, int copies) {
        this.keep = new Keep(ttl, 1, kv.KvTier.DEVICE, copies);
    }

    @Override
    public Keep atGap(Gap gap) {
        return keep;
    }
}
