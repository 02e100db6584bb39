package workers.simserver;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import kv.KvTier;

/**
 * What an engine counted since its start, in tokens and requests.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class EngineCounters {
    final LongAdder promptTokens = new LongAdder();
    final LongAdder cachedPromptTokens = new LongAdder();
    final LongAdder generatedTokens = new LongAdder();
    final LongAdder finishedRequests = new LongAdder();
    final LongAdder preemptions = new LongAdder();
    private final Map<KvTier, LongAdder> movedBlocks = new EnumMap<>(KvTier.class);

    EngineCounters() {
        for (KvTier tier : KvTier.values()) {
            movedBlocks.put(tier, new LongAdder());
        }
    }

    /** Blocks that came to a tier from another one or from another engine. */
    LongAdder movedBlocks(KvTier to) {
        return Objects.requireNonNull(movedBlocks.get(to));
    }
}
