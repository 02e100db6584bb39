package agents.session;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a harness says about the gap that a turn or a stall begins. Its times win over what was learned.
 *
 * <p>Thread-safety: immutable.
 *
 * @param expected when the session will be back, from the gap's beginning; null when it is not said
 * @param limit when it will be back at the latest, as a tool's timeout has it; null when it is not said
 * @param priority of the turn, higher for what is more important; 0 when it is not said
 */
public record GapHint(@Nullable Duration expected, @Nullable Duration limit, int priority) {
    /** Nothing is said. */
    public static final GapHint NONE = new GapHint(null, null, 0);
}
