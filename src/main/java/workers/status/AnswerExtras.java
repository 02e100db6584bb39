package workers.status;

/**
 * What an engine can do for an answer beyond the plain one, or what a turn asks of it.
 *
 * <p>Thread-safety: immutable.
 *
 * @param logprobs most alternatives told with the log probability of each token, 0 for no log probabilities
 * @param logitBias whether tokens' logits can be biased
 */
public record AnswerExtras(int logprobs, boolean logitBias) {
    /** The plain answer. */
    public static final AnswerExtras NONE = new AnswerExtras(0, false);
}
