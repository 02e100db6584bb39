package workers.simserver;

import java.util.concurrent.atomic.LongAdder;

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
}
