package router.strategy;

import java.util.HashMap;
import java.util.Map;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * How long turns take: exponentially smoothed latencies of like turns on a worker, of the worker, and of all. A turn as fast as
 * those before it earns a reward of one half, an infinitely fast one 1.
 *
 * <p>Thread-safety: confined to its strategy.
 */
final class RewardBaselines {
    private static final int ANY = 0;
    private final double smoothing;
    private final Map<Bucket, Double> millis = new HashMap<>();

    private record Bucket(@Nullable WorkerId worker, int decodeClass, int prefillClass) {}

    /** @param smoothing weight of the newest latency, above 0 and at most 1 */
    RewardBaselines(double smoothing) {
        this.smoothing = smoothing;
    }

    /** The reward of a turn, which then counts in the baselines itself; classes are 1 or more. */
    double reward(WorkerId worker, int decodeClass, int prefillClass, double latencyMillis) {
        Bucket all = new Bucket(null, ANY, ANY);
        Bucket ofWorker = new Bucket(worker, ANY, ANY);
        Bucket alike = new Bucket(worker, decodeClass, prefillClass);
        Double baseline = millis.getOrDefault(alike, millis.getOrDefault(ofWorker, millis.getOrDefault(all, null)));
        double expected = Math.max(1e-3, baseline == null ? latencyMillis : baseline);
        for (Bucket bucket : new Bucket[] {all, ofWorker, alike}) {
            millis.merge(bucket, latencyMillis, (old, latest) -> smoothing * latest + (1 - smoothing) * old);
        }
        return 1 / (1 + latencyMillis / expected);
    }
}
