package agents.session;

import inference.FinishReason;
import inference.PlacementReason;
import inference.PromptFingerprint;
import inference.TurnId;
import inference.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * What a turn reports at its end. Whole in itself, so that a session which knows nothing of the turn's beginning can record
 * it.
 *
 * <p>Thread-safety: immutable.
 *
 * @param finish why the answer ended, for {@link TurnOutcome#COMPLETED} only
 * @param calls names of the tools that the answer calls, in order
 * @param marks prefixes that the request marks to be kept
 * @param expectedGap what the harness says about the coming gap
 * @param conversation fingerprint of the prompt and its answer, null without a whole answer
 * @param guess what is to be prefilled for the next turn, null when nothing was asked for
 * @param worker last worker that ran it, null when none did
 * @param placement why it ran there, null when it ran nowhere
 * @param usage as the engine counted; all zero when it did not say
 * @param timeToFirstToken from receipt, null without a token
 */
public record TurnResult(
        TurnId id,
        TurnOutcome outcome,
        @Nullable FinishReason finish,
        PromptOutline prompt,
        List<String> calls,
        List<KeptPoint> marks,
        GapHint expectedGap,
        @Nullable PromptFingerprint conversation,
        @Nullable NextPrompt guess,
        @Nullable WorkerId worker,
        @Nullable PlacementReason placement,
        Usage usage,
        @Nullable Duration timeToFirstToken,
        Instant startedAt,
        Instant endedAt) {
    public TurnResult {
        calls = List.copyOf(calls);
        marks = List.copyOf(marks);
    }

    /** Whether an engine has computed the whole prompt, so that its blocks exist somewhere. */
    public boolean prefilled() {
        return outcome == TurnOutcome.COMPLETED || timeToFirstToken != null;
    }
}
