package router.strategy;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import workers.status.TimingModel;

/** Every routing strategy by name. */
public final class Strategies {
    private static final Map<String, Maker> MAKERS = new LinkedHashMap<>();

    static {
        MAKERS.put(RandomChoice.NAME, (settings, timing, seed) -> new RandomChoice(seed));
        MAKERS.put(RoundRobin.NAME, (settings, timing, seed) -> new RoundRobin());
        MAKERS.put(LeastLoaded.NAME, (settings, timing, seed) -> new LeastLoaded(seed));
        MAKERS.put(PowerOfTwo.NAME, (settings, timing, seed) -> new PowerOfTwo(seed));
        MAKERS.put(Sticky.NAME, (settings, timing, seed) -> new Sticky());
        MAKERS.put(DynamoCost.NAME, (settings, timing, seed) -> new DynamoCost(settings.dynamoCost(), seed));
        MAKERS.put(CacheAware.NAME, (settings, timing, seed) -> new CacheAware(settings.cacheAware()));
        MAKERS.put(Lmetric.NAME, (settings, timing, seed) -> new Lmetric(settings.dynamoCost(), seed));
        MAKERS.put(
                PrefixScorer.NAME, (settings, timing, seed) -> new PrefixScorer(settings.prefixScorer(), timing, seed));
        MAKERS.put(E2.NAME, (settings, timing, seed) -> new E2(settings.e2(), timing));
        MAKERS.put(Thompson.NAME, (settings, timing, seed) -> new Thompson(settings.thompson(), seed));
        MAKERS.put(Joint.NAME, (settings, timing, seed) -> new Joint(settings.joint(), timing));
    }

    private Strategies() {}

    /** Names in the order of their documentation. */
    public static Set<String> names() {
        return Collections.unmodifiableSet(MAKERS.keySet());
    }

    /**
     * Makes a strategy.
     *
     * @param timing predicts the engines' costs
     * @param seed of its random numbers
     * @throws IllegalArgumentException names the known ones when {@code name} is not among them
     */
    public static RoutingStrategy create(String name, StrategySettings settings, TimingModel timing, long seed) {
        @Nullable Maker maker = MAKERS.get(name);
        if (maker == null) {
            throw new IllegalArgumentException(
                    "unknown strategy '" + name + "'; known are " + String.join(", ", names()));
        }
        return maker.make(settings, timing, seed);
    }

    private interface Maker {
        RoutingStrategy make(StrategySettings settings, TimingModel timing, long seed);
    }
}
