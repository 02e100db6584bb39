package workers;

import java.time.Duration;

/**
 * How an engine's event stream is followed.
 *
 * <p>Thread-safety: immutable.
 *
 * @param replayTimeout until a replay that has not ended is asked for again
 * @param silenceCheck silence after which the newest events are asked for
 * @param maxPendingBatches batches kept while a replay is on its way, at least 1; beyond them the view starts over
 * @param maxFramesInFlight frames read from the socket but not yet decoded, at least 1
 * @param minRestartBackoff first wait after the feed failed
 * @param maxRestartBackoff longest wait while it keeps failing
 */
public record FeedSettings(
        Duration replayTimeout,
        Duration silenceCheck,
        int maxPendingBatches,
        int maxFramesInFlight,
        Duration minRestartBackoff,
        Duration maxRestartBackoff) {
    public FeedSettings {
        if (maxPendingBatches < 1 || maxFramesInFlight < 1) {
            throw new IllegalArgumentException("an event feed's limits are at least 1");
        }
        if (maxRestartBackoff.compareTo(minRestartBackoff) < 0) {
            throw new IllegalArgumentException(
                    "holdfast.workers.events.max-restart-backoff is shorter than min-restart-backoff");
        }
    }
}
