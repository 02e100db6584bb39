package agents.session;

import com.fasterxml.jackson.annotation.JsonInclude;
import inference.FinishReason;
import inference.PlacementReason;
import inference.TurnId;
import inference.Usage;
import java.time.Instant;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of a turn.
 *
 * <p>Thread-safety: immutable.
 *
 * @param number position among the session's turns in the order of their ends, from 1
 * @param frontier line of prompts it ran on; for a turn that opened none, the one it would have
 * @param finish why the answer ended, for {@link TurnOutcome#COMPLETED} only
 * @param worker last worker that ran it, null when none did
 * @param placement why it ran there, null when it ran nowhere; of turns that were recorded before this was, too
 * @param usage as the engine counted; all zero when it did not say
 * @param ttftMillis from receipt to first token, null without a token
 * @param gapMillis from the end of the frontier's previous turn to this one's receipt; null for the frontier's first turn
 *     and for turns that overlap
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TurnRecord(
        long number,
        TurnId id,
        int frontier,
        TurnOutcome outcome,
        @Nullable FinishReason finish,
        @Nullable WorkerId worker,
        @Nullable PlacementReason placement,
        Usage usage,
        @Nullable Long ttftMillis,
        @Nullable Long gapMillis,
        Instant startedAt,
        Instant endedAt) {}
