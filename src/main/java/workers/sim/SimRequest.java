package workers.sim;

/**
 * One request to a simulated engine.
 *
 * <p>Thread-safety: immutable by convention: the array is handed over and never written again.
 *
 * @param id unique among the requests in the engine
 * @param sequenceHashes chain of the full blocks of the prompt followed, as far as it is known, by the answer; tokens
 *     behind them fill private blocks that nothing ever matches
 * @param inputTokens prompt length, at least 1
 * @param outputTokens exact answer length, at least 1
 * @param priority lower is earlier, as vLLM counts
 */
public record SimRequest(String id, long[] sequenceHashes, int inputTokens, int outputTokens, int priority) {
    public SimRequest {
        if (inputTokens < 1 || outputTokens < 1) {
            throw new IllegalArgumentException("request %s has %d input and %d output tokens, both must be at least 1"
                    .formatted(id, inputTokens, outputTokens));
        }
    }
}
