package cluster;

import com.typesafe.config.Config;
import java.util.Locale;
import router.placement.PlacementSettings;
import router.queue.BusyThreshold;
import router.queue.QueuePolicy;
import router.queue.QueueSettings;
import router.strategy.CacheAware;
import router.strategy.DynamoCost;
import router.strategy.Joint;
import router.strategy.StrategySettings;
import workers.status.TimingModel;

/** Reads {@code holdfast.router}. */
public final class RouterConfig {
    private static final double MILLIS_PER_SECOND = 1000;

    private RouterConfig() {}

    /**
     * Placement's settings.
     *
     * @param router the section {@code holdfast.router}
     */
    public static PlacementSettings placement(Config router) {
        return new PlacementSettings(
                router.getString("strategy"),
                router.getLong("seed"),
                new StrategySettings(
                        dynamoCost(router.getConfig("dynamo-cost")),
                        cacheAware(router.getConfig("cache-aware")),
                        joint(router.getConfig("joint"))),
                queue(router.getConfig("queue")),
                new BusyThreshold(
                        numberOrOff(router, "busy.prefill-factor"), numberOrOff(router, "busy.resident-share")),
                TimingModel.named(router.getString("timing")),
                seconds(router, "rate-window"));
    }

    private static DynamoCost.Weights dynamoCost(Config section) {
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

    private static CacheAware.Thresholds cacheAware(Config section) {
        return new CacheAware.Thresholds(
                section.getDouble("overload-share"),
                section.getDouble("spread-share"),
                section.getInt("spread-requests"),
                section.getDouble("spread-ratio"));
    }

    private static Joint.Settings joint(Config section) {
        return new Joint.Settings(section.getDouble("interference"), seconds(section, "reuse-horizon"));
    }

    private static QueueSettings queue(Config section) {
        return new QueueSettings(
                QueuePolicy.valueOf(section.getString("policy").toUpperCase(Locale.ROOT)),
                seconds(section, "slack-per-1k-tokens") / 1000,
                section.getInt("max-waiting"),
                section.getDuration("max-wait"),
                section.getDuration("refresh-after"));
    }

    private static double seconds(Config section, String key) {
        return section.getDuration(key).toMillis() / MILLIS_PER_SECOND;
    }

    private static double numberOrOff(Config section, String key) {
        return section.getString(key).equals("off") ? Double.POSITIVE_INFINITY : section.getDouble(key);
    }
}
