package replay;

import agents.plan.GapPolicies;
import router.placement.PlacementSettings;
import router.strategy.Strategies;
import workers.status.TimingModel;

/** Checks of names that a replay is asked for, without a trace. A refusal is an {@link IllegalArgumentException} that says what is known. */
public final class KnownNames {
    private KnownNames() {}

    /**
     * Refuses a routing strategy that there is not.
     *
     * @param placement production's settings
     */
    public static void checkStrategy(String name, PlacementSettings placement) {
        Strategies.create(name, placement.strategies(), placement.timing(), placement.transfers(), placement.seed());
    }

    /**
     * Refuses a retention policy that there is not, or whose parameter is wrong.
     *
     * @param retention production's settings
     */
    public static void checkRetention(String name, RetentionRules retention) {
        GapPolicies.create(name, retention.sessions(), promptTokens -> 0);
    }

    /** Refuses what is neither a preset nor a factor. */
    public static void checkTiming(String name) {
        TimingModel.named(name);
    }
}
