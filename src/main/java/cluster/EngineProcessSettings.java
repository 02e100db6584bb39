package cluster;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.List;

/**
 * The simulated engines that {@code holdfast up} brings along: {@code holdfast.cluster.engines} of application.conf.
 *
 * @param count how many
 * @param model the name they serve their model under
 * @param timing preset of their timing model
 * @param blocks KV blocks of each
 * @param blockSizeTokens tokens in a block: the node's own
 * @param jvmOptions options of each engine's JVM
 * @param readyTimeout longest wait for one to serve
 * @param restartBackoff pause before one that died is started again, at first
 * @param restartBackoffMost the same at last: the pause doubles while it dies before it serves
 * @param stopTimeout longest wait for one to end by itself
 */
public record EngineProcessSettings(
        int count,
        String model,
        String timing,
        int blocks,
        int blockSizeTokens,
        List<String> jvmOptions,
        Duration readyTimeout,
        Duration restartBackoff,
        Duration restartBackoffMost,
        Duration stopTimeout) {

    public EngineProcessSettings {
        jvmOptions = List.copyOf(jvmOptions);
        require("count", count >= 1 && count <= 64, count);
        require("blocks", blocks >= 16 && blocks <= 16_777_216, blocks);
        require("restart-backoff", restartBackoff.compareTo(Duration.ofMillis(10)) >= 0, restartBackoff);
        require("restart-backoff-most", restartBackoffMost.compareTo(restartBackoff) >= 0, restartBackoffMost);
        require("ready-timeout", readyTimeout.compareTo(Duration.ZERO) > 0, readyTimeout);
        require("stop-timeout", stopTimeout.compareTo(Duration.ZERO) > 0, stopTimeout);
    }

    /** Reads the settings from a whole, resolved configuration. */
    public static EngineProcessSettings of(Config config) {
        Config own = config.getConfig("holdfast.cluster.engines");
        return new EngineProcessSettings(
                own.getInt("count"),
                own.getString("model"),
                own.getString("timing"),
                own.getInt("blocks"),
                config.getInt("holdfast.kv.block-size-tokens"),
                own.getStringList("jvm-options"),
                own.getDuration("ready-timeout"),
                own.getDuration("restart-backoff"),
                own.getDuration("restart-backoff-most"),
                own.getDuration("stop-timeout"));
    }

    private static void require(String key, boolean inRange, Object value) {
        if (!inRange) {
            throw new StartFailure("holdfast.cluster.engines." + key + " is out of range: " + value);
        }
    }
}
