package cluster;

import agents.plan.RetentionSettings;
import com.typesafe.config.Config;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import router.LeaseSettings;
import router.placement.PauseSettings;
import router.placement.PlacementSettings;
import router.queue.BusyThreshold;
import router.queue.QueuePolicy;
import router.queue.QueueSettings;
import router.retention.LedgerSettings;
import router.strategy.CacheAware;
import router.strategy.DynamoCost;
import router.strategy.E2;
import router.strategy.Joint;
import router.strategy.PrefixScorer;
import router.strategy.Strategies;
import router.strategy.StrategySettings;
import router.strategy.Thompson;
import workers.status.TimingModel;
import workers.status.TransferModel;

/** Reads {@code holdfast.router}. */
public final class RouterConfig {
    private static final double MILLIS_PER_SECOND = 1000;
    private static final List<String> POLICIES = Stream.of(QueuePolicy.values())
            .map(policy -> policy.name().toLowerCase(Locale.ROOT))
            .toList();

    private RouterConfig() {}

    /**
     * Placement's settings.
     *
     * @param config whole and resolved
     * @throws StartFailure naming the key that is wrong
     */
    public static PlacementSettings placement(Config config) {
        Section router = new Section(config, "holdfast.router");
        return new PlacementSettings(
                router.getString("strategy", Strategies.names()),
                router.getLong("seed"),
                new StrategySettings(
                        dynamoCost(router.section("dynamo-cost")),
                        cacheAware(router.section("cache-aware")),
                        prefixScorer(router.section("prefix-scorer")),
                        e2(router.section("e2")),
                        thompson(router.section("thompson")),
                        joint(router.section("joint"))),
                queue(router.section("queue")),
                new BusyThreshold(prefillFactor(router.section("busy")), residentShare(router.section("busy"))),
                router.getNamed("timing", TimingModel::named),
                transfers(router),
                router.getDurationOrZero("fanout-max-wait"),
                pauses(config, router.section("pause")),
                seconds(router.getDuration("rate-window")));
    }

    private static TransferModel transfers(Section router) {
        Section links = router.section("links");
        return new TransferModel(
                router.getBytes("copy-load-rate", 1, 1L << 30),
                links.getBytes("bytes-per-token"),
                links.getBytes("host-rate", 1, 1L << 30),
                links.getBytes("disk-rate", 1, 1L << 30),
                links.getBytes("network-rate", 1, 1L << 30));
    }

    /**
     * Lease keepers' settings.
     *
     * @param leases the section {@code holdfast.router.leases}
     */
    static LeaseSettings leases(Section leases) {
        return new LeaseSettings(
                leases.getInt("partitions", 1, 1024),
                new LedgerSettings(
                        leases.getDuration("max-lease", Duration.ofSeconds(1), Duration.ofHours(24)),
                        leases.getDuration("min-lease"),
                        leases.getDurationOrZero("skew-bound"),
                        byteSeconds(leases.getBytes("tenant-quota", 0, 1L << 30)),
                        leases.getInt("max-warming", 0),
                        leases.getDurationOrZero("touch-interval"),
                        leases.getDuration("retry-after"),
                        leases.getInt("remembered-ended", 1)),
                leases.getDuration("tick"),
                leases.getDurationOrZero("reassert-wait"),
                leases.getDurationOrZero("worker-grace"),
                leases.getDuration("inventory-interval"),
                leases.getDuration("ask-timeout"),
                leases.getInt("snapshot-every-events", 1),
                leases.getDuration("min-restart-backoff"),
                leases.getDuration("max-restart-backoff"));
    }

    private static long byteSeconds(long bytesOverAnHour) {
        return bytesOverAnHour * Duration.ofHours(1).toSeconds();
    }

    private static PauseSettings pauses(Config config, Section section) {
        RetentionSettings sessions = RetentionConfig.of(config);
        return new PauseSettings(
                sessions.policy(),
                section.getDouble("memory-price"),
                section.getDuration("patience"),
                sessions.gapMedianSeconds(),
                sessions.gapLogSpread());
    }

    private static DynamoCost.Weights dynamoCost(Section section) {
        return new DynamoCost.Weights(
                section.getDouble("device-credit"),
                section.getDouble("host-credit"),
                section.getDouble("disk-credit"),
                section.getDouble("shared-credit"),
                section.getDouble("prefill-scale"),
                section.getDouble("load-decay"),
                section.getDouble("per-request"),
                section.getDouble("temperature"));
    }

    private static CacheAware.Thresholds cacheAware(Section section) {
        return new CacheAware.Thresholds(
                section.getShare("overload-share"),
                section.getShare("spread-share"),
                section.getInt("spread-requests", 0),
                section.getDouble("spread-ratio", 1));
    }

    private static PrefixScorer.Settings prefixScorer(Section section) {
        return new PrefixScorer.Settings(
                section.getShare("device-weight"),
                section.getShare("lower-weight"),
                section.getDouble("prefix"),
                section.getDouble("queue"),
                section.getDouble("memory"),
                section.getDouble("session"),
                section.getShare("affinity-share"),
                section.getDurationOrZero("affinity-limit").toMillis(),
                seconds(section.getDuration("session-timeout")));
    }

    private static E2.Settings e2(Section section) {
        return new E2.Settings(
                seconds(section.getDuration("window")),
                section.getInt("balance-after", 0),
                section.getDouble("imbalance", 1));
    }

    private static Thompson.Settings thompson(Section section) {
        return new Thompson.Settings(
                section.getDouble("exploration"),
                section.getShareAboveZero("forgetting"),
                section.getShareAboveZero("smoothing"),
                seconds(section.getDuration("feedback-timeout")),
                section.getInt("expected-turns", 1),
                seconds(section.getDuration("session-timeout")));
    }

    private static Joint.Settings joint(Section section) {
        return new Joint.Settings(
                section.getShare("interference"),
                section.getDouble("crowding"),
                seconds(section.getDuration("reuse-horizon")));
    }

    private static QueueSettings queue(Section section) {
        return new QueueSettings(
                QueuePolicy.valueOf(section.getString("policy", POLICIES).toUpperCase(Locale.ROOT)),
                seconds(section.getDurationOrZero("slack-per-1k-tokens")) / 1000,
                section.getInt("max-waiting", 0),
                section.getDuration("max-wait"),
                section.getDuration("refresh-after"));
    }

    private static double seconds(Duration time) {
        return time.toMillis() / MILLIS_PER_SECOND;
    }

    private static double prefillFactor(Section busy) {
        return off(busy, "prefill-factor") ? Double.POSITIVE_INFINITY : busy.getDouble("prefill-factor");
    }

    private static double residentShare(Section busy) {
        return off(busy, "resident-share") ? Double.POSITIVE_INFINITY : busy.getShareAboveZero("resident-share");
    }

    private static boolean off(Section section, String key) {
        return section.getString(key).equals("off");
    }
}
