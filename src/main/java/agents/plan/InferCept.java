package agents.plan;

import java.util.function.LongToDoubleFunction;

/**
 * Keeps a context until keeping it has wasted more memory for longer than bringing it back would, as InferCept weighs it for a
 * context of C tokens and B tokens of turns that run beside it:
 *
 * <pre>
 * preserve = time away · C      discard = prefill(C) · (C + B)      swap = 2 · 4e-5 s · C · B
 * </pre>
 *
 * How long a call will take is not known; taking it for as long as it has been gone, preserving stops to be the least waste at
 * min(discard, swap) / C, and that is how long the context is kept. After that it is left to the engine: the lease allows the tiers
 * below the device too, so that an engine which has a host tier may keep it there, and one without discards.
 *
 * <p>Re-implemented from the paper and its solver ({@code vllm/core/solver.py} of WukLab/InferCept), whose seconds per swapped token
 * these are. Differences: prefill is predicted by the timing model; B is configured, because a session does not see its neighbours.
 * Uncertain: that the published estimate of a running call is the time it has run; a heuristic there preserves below 4 s and swaps below
 * 7 s. Swapping within what the link can hide, and prefill in chunks, are the engine's.
 *
 * <p>Thread-safety: immutable.
 *
 * @see <a href="https://arxiv.org/abs/2402.01869">InferCept: Efficient intercept support for augmented LLM inference</a>
 */
final class InferCept implements GapPolicy {
    static final String NAME = "infercept";
    private static final double SWAP_SECONDS_PER_TOKEN = 4e-5;

    private final RetentionSettings settings;
    private final LongToDoubleFunction prefillMillis;

    InferCept(RetentionSettings settings, LongToDoubleFunction prefillMillis) {
        this.settings = settings;
        this.prefillMillis = prefillMillis;
    }

    @Override
    public Keep atGap(Gap gap) {
        double context = Math.max(1, gap.contextTokens());
        double batch = settings.batchTokens();
        double prefill = prefillMillis.applyAsDouble(gap.contextTokens()) / 1000;
        double discard = prefill * (context + batch);
        double swap = 2 * SWAP_SECONDS_PER_TOKEN * context * batch;
        return settings.keep(Math.min(discard, swap) / context);
    }
}
