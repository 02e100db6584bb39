package cluster;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * How the embedded session store runs: {@code holdfast.cluster.store} of application.conf.
 *
 * @param maxConnections connections the server accepts
 * @param sharedBuffersBytes page cache of the server
 * @param startTimeout longest wait for the server to accept connections
 * @param restartBackoff pause before a server that died by itself is started again
 */
public record StoreSettings(
        int maxConnections, long sharedBuffersBytes, Duration startTimeout, Duration restartBackoff) {

    public StoreSettings {
        require("max-connections", maxConnections >= 20 && maxConnections <= 1000, maxConnections);
        require(
                "shared-buffers",
                sharedBuffersBytes >= 16L << 20 && sharedBuffersBytes <= 8L << 30,
                sharedBuffersBytes + " B");
        require("start-timeout", between(startTimeout, Duration.ofSeconds(5), Duration.ofMinutes(10)), startTimeout);
        require(
                "restart-backoff",
                between(restartBackoff, Duration.ofMillis(10), Duration.ofMinutes(1)),
                restartBackoff);
    }

    /** Reads the settings from a whole, resolved configuration. */
    public static StoreSettings of(Config config) {
        Config own = config.getConfig("holdfast.cluster.store");
        return new StoreSettings(
                own.getInt("max-connections"),
                own.getBytes("shared-buffers"),
                own.getDuration("start-timeout"),
                own.getDuration("restart-backoff"));
    }

    private static boolean between(Duration value, Duration least, Duration most) {
        return value.compareTo(least) >= 0 && value.compareTo(most) <= 0;
    }

    private static void require(String key, boolean inRange, Object value) {
        if (!inRange) {
            throw new StartFailure("holdfast.cluster.store." + key + " is out of range: " + value);
        }
    }
}
