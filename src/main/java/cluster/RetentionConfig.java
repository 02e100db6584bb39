package cluster;

import agents.plan.RetentionSettings;
import com.typesafe.config.Config;
import replay.RetentionRules;
import router.LeaseSettings;
import router.retention.LeaseTerms;

/** Reads {@code holdfast.agents.retention}. */
public final class RetentionConfig {
    private static final double NANOS_PER_SECOND = 1e9;

    private RetentionConfig() {}

    /**
     * What sessions keep over tool calls.
     *
     * @param config whole and resolved
     * @throws StartFailure naming the key that is wrong
     */
    public static RetentionSettings of(Config config) {
        return of(new Section(config, "holdfast.agents.retention"));
    }

    /**
     * What a replay keeps by: as a node would, with all leases in the hands of one keeper.
     *
     * @param config whole and resolved
     * @throws StartFailure naming the key that is wrong
     */
    public static RetentionRules replayed(Config config) {
        Section holds = new Section(config, "holdfast.workers.holds");
        LeaseSettings leases = RouterConfig.leases(new Section(config, "holdfast.router.leases"));
        return new RetentionRules(
                of(config),
                leases.ledger().times(leases.partitions()),
                holds.getShare("budget-share"),
                holds.getInt("epochs-remembered", 1),
                leases.tick().toMillis());
    }

    static RetentionSettings of(Section own) {
        return new RetentionSettings(
                own.getString("policy"),
                own.getChance("quantile"),
                own.getChanceOrZero("prefetch-quantile"),
                own.getDurationOrZero("reload-worth"),
                own.getDuration("min-lease"),
                own.getDuration("max-lease"),
                own.getInt("min-copies", 1, LeaseTerms.MAX_COPIES),
                own.getBytes("bytes-per-token"),
                own.getInt("batch-tokens", 0),
                own.getDuration("gap-median").toNanos() / NANOS_PER_SECOND,
                own.getDoubleAboveZero("gap-log-spread"),
                new RetentionSettings.User(
                        own.getChance("user.quantile"),
                        own.getDurationOrZero("user.max-lease"),
                        own.getDuration("user.gap-median").toNanos() / NANOS_PER_SECOND,
                        own.getDoubleAboveZero("user.gap-log-spread")),
                own.getDurationOrZero("system-lease"));
    }
}
