package cluster;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * Whose the session store is, and how an embedded one runs: {@code holdfast.cluster.store} of application.conf.
 *
 * @param embedded whether a node on one machine brings its own
 * @param maxConnections connections the server accepts
 * @param sharedBuffersBytes page cache of the server
 * @param startTimeout longest wait for the server to accept connections
 * @param restartBackoff pause before a server that died by itself is started again
 */
public record StoreSettings(
        boolean embedded, int maxConnections, long sharedBuffersBytes, Duration startTimeout, Duration restartBackoff) {

    /** Reads the settings from a whole, resolved configuration. */
    public static StoreSettings of(Config config) {
        Section own = new Section(config, "holdfast.cluster.store");
        return new StoreSettings(
                own.getBoolean("embedded"),
                own.getInt("max-connections", 20, 1000),
                own.getBytes("shared-buffers", 16, 8192),
                own.getDuration("start-timeout", Duration.ofSeconds(5), Duration.ofMinutes(10)),
                own.getDuration("restart-backoff", Duration.ofMillis(10), Duration.ofMinutes(1)));
    }
}
