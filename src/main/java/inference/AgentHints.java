package inference;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a harness says about its intent ({@code nvext.agent_hints}). Advice: none of it changes the answer's content.
 *
 * <p>Thread-safety: immutable.
 *
 * @param priority higher is sooner, weighed against waiting time
 * @param strictPriority higher is always sooner
 * @param expectedOutputTokens expected output length ({@code osl}), null when unknown
 * @param speculativePrefill whether the predicted next prefix may be prefilled after the answer
 * @param latencySensitivity weight of latency against throughput, null when not said
 * @param expectedResume how long after the answer the session will be back, null when not said
 * @param toolTimeout how long after the answer it will be back at the latest, null when not said
 */
public record AgentHints(
        int priority,
        int strictPriority,
        @Nullable Integer expectedOutputTokens,
        boolean speculativePrefill,
        @Nullable Double latencySensitivity,
        @Nullable Duration expectedResume,
        @Nullable Duration toolTimeout) {
    /** No hint at all. */
    public static final AgentHints NONE = new AgentHints(0, 0, null, false, null, null, null);

    /** The same without {@link #speculativePrefill}. */
    public AgentHints withoutSpeculation() {
        return new AgentHints(
                priority, strictPriority, expectedOutputTokens, false, latencySensitivity, expectedResume, toolTimeout);
    }
}
