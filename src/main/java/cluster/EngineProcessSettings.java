package cluster;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.List;
import workers.status.TimingModel;

/**
 * The simulated engines that {@code holdfast up} brings along: {@code holdfast.cluster.engines} of application.conf.
 *
 * @param count how many
 * @param model the name they serve their model under
 * @param timing preset of their timing model
 * @param blocks KV blocks of each
 * @param hostBlocks KV blocks in each one's host memory
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
        int hostBlocks,
        int blockSizeTokens,
        List<String> jvmOptions,
        Duration readyTimeout,
        Duration restartBackoff,
        Duration restartBackoffMost,
        Duration stopTimeout) {
    private static final Duration LONGEST_BACKOFF = Duration.ofHours(1);

    public EngineProcessSettings {
        jvmOptions = List.copyOf(jvmOptions);
    }

    /**
     * Reads the settings from a whole, resolved configuration.
     *
     * @throws StartFailure naming the key that is wrong
     */
    public static EngineProcessSettings of(Config config) {
        Section own = new Section(config, "holdfast.cluster.engines");
        Duration restartBackoff = own.getDuration("restart-backoff", Duration.ofMillis(10), LONGEST_BACKOFF);
        own.getNamed("timing", TimingModel::named);
        return new EngineProcessSettings(
                own.getInt("count", 1, 64),
                own.getString("model"),
                own.getString("timing"),
                own.getInt("blocks", 16, 16_777_216),
                own.getInt("host-blocks", 0, 16_777_216),
                new Section(config, "holdfast.kv").getInt("block-size-tokens", 1, 1024),
                own.getStringList("jvm-options"),
                own.getDuration("ready-timeout"),
                restartBackoff,
                own.getDuration("restart-backoff-most", restartBackoff, LONGEST_BACKOFF),
                own.getDuration("stop-timeout"));
    }
}
