package router.strategy;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import workers.status.TimingModel;
import workers.status.TransferModel;

/** Every routing strategy by name. */
public final class Strategies {
    private static final Map<String, Maker> MAKERS = new LinkedHashMap<>();

    static {
        MAKERS.put(RandomChoice.NAME, (settings, costs, seed) -> new RandomChoice(seed));
        MAKERS.put(RoundRobin.NAME, (settings, costs, seed) -> new RoundRobin());
        MAKERS.put(LeastLoaded.NAME, (settings, costs, seed) -> new LeastLoaded(seed));
        MAKERS.put(PowerOfTwo.NAME, (settings, costs, seed) -> new PowerOfTwo(seed));
        MAKERS.put(Sticky.NAME, (settings, costs, seed) -> new Sticky());
        MAKERS.put(DynamoCost.NAME, (settings, costs, seed) -> new DynamoCost(settings.dynamoCost(), seed));
        MAKERS.put(CacheAware.NAME, (settings, costs, seed) -> new CacheAware(settings.cacheAware()));
        MAKERS.put(Lmetric.NAME, (settings, costs, seed) -> new Lmetric(settings.dynamoCost(), seed));
        MAKERS.put(
                PrefixScorer.NAME,
                (settings, costs, seed) -> new PrefixScorer(settings.prefixScorer(), costs.timing(), seed));
        MAKERS.put(E2.NAME, (settings, costs, seed) -> new E2(settings.e2(), costs.timing()));
        MAKERS.put(Thompson.NAME, (settings, costs, seed) -> new Thompson(settings.thompson(), seed));
        MAKERS.put(
                Joint.NAME, (settings, costs, seed) -> new Joint(settings.joint(), costs.timing(), costs.transfers()));
    }

    private Strategies() {}

    /** Names in the order of their documentation. */
    public static Set<String> names() {
        return Collections.unmodifiableSet(MAKERS.keySet());
    }

    /**
     * Makes a strategy.
     *
     * @param timing predicts what engines compute
     * @param transfers predicts what they move, at the speed of {@code timing}
     * @param seed of its random numbers
     * @throws IllegalArgumentException names the known ones when {@code name} is not among them
     */
    public static RoutingStrategy create(
            String name, StrategySettings settings, TimingModel timing, TransferModel transfers, long seed) {
        @Nullable Maker maker = MAKERS.get(name);
        if (maker == null) {
            throw new IllegalArgumentException(
                    "unknown strategy '" + name + "'; known are " + String.join(", ", names()));
        }
        return maker.make(settings, new Costs(timing, transfers), seed);
    }

    /** What strategies predict with. */
    private record Costs(TimingModel timing, TransferModel transfers) {}

    private interface Maker {
        RoutingStrategy make(StrategySettings settings, Costs costs, long seed);
    }
}
