package workers.simserver;

import org.jspecify.annotations.Nullable;

/**
 * One thing that a reply does.
 *
 * <p>Thread-safety: immutable.
 */
sealed interface Action {

    /** How fast the action's tokens come. */
    Pacing pacing();

    /** Visible text. */
    record Say(String text, Pacing pacing) implements Action {}

    /** Reasoning. */
    record Think(String text, Pacing pacing) implements Action {}

    /** A refusal. */
    record Refuse(String text, Pacing pacing) implements Action {}

    /**
     * A tool call.
     *
     * @param arguments a compact JSON object, or the raw text of a free-form tool
     */
    record Call(String name, String arguments, Pacing pacing) implements Action {}

    /** An end other than the usual one. */
    record Finish(Reason reason, Pacing pacing) implements Action {
        enum Reason {
            LENGTH,
            CONTENT_FILTER
        }
    }

    /** A fault: of the request when it comes first, of the stream later. */
    record Fail(Kind kind, String message, @Nullable Integer retryAfterSeconds, Pacing pacing) implements Action {
        enum Kind {
            INVALID,
            RATE_LIMIT,
            OVERLOADED,
            INTERNAL
        }
    }

    /**
     * Slowness beyond what the engine's passes cost.
     *
     * @param delayMillis before the action
     * @param paceMillis before each of its tokens
     */
    record Pacing(double delayMillis, double paceMillis) {
        static final Pacing NONE = new Pacing(0, 0);

        public Pacing {
            if (!(delayMillis >= 0 && paceMillis >= 0)) {
                throw new IllegalArgumentException("delay_ms and pace_ms must not be negative");
            }
        }
    }
}
