package agents.plan;

import agents.session.Frontier;
import agents.session.SessionState;
import com.dynatrace.hash4j.hashing.HashStream128;
import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hashing;
import inference.ConversationRef;
import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongToDoubleFunction;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.RetentionClass;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;
import router.retention.LeaseTerms;

/**
 * Decides what a session asks to be kept while a tool call keeps it away.
 *
 * <p>A lease lasts until the session is back with the wanted chance, within bounds. Its density, by which holds yield to each
 * other, is what keeping saves per byte and time:
 *
 * <pre>
 * density = P(back within the lease) · prefill milliseconds / (MiB · expected seconds held)
 * </pre>
 *
 * <p>Thread-safety: immutable if the function is safe for concurrent use.
 */
public final class RetentionPlanner {
    private static final double MIB = 1 << 20;

    private final Settings settings;
    private final LongToDoubleFunction prefillMillis;

    /**
     * How generous leases are.
     *
     * @param quantile chance that the session is back before its lease ends, above 0 and below 1
     * @param minLease shortest lease
     * @param maxLease longest lease
     * @param minCopies copies that shall exist at once, at least 1
     * @param bytesPerToken size of one token's KV in an engine's memory
     */
    public record Settings(double quantile, Duration minLease, Duration maxLease, int minCopies, long bytesPerToken) {
        public Settings {
            require(quantile > 0 && quantile < 1, "quantile is above 0 and below 1, got " + quantile);
            require(!minLease.isNegative() && !minLease.isZero(), "min-lease is above 0, got " + minLease);
            require(maxLease.compareTo(minLease) >= 0, "max-lease is below min-lease: " + maxLease);
            require(
                    minCopies >= 1 && minCopies <= LeaseTerms.MAX_COPIES,
                    "min-copies is 1 to " + LeaseTerms.MAX_COPIES + ", got " + minCopies);
            require(bytesPerToken >= 1, "bytes-per-token is at least 1, got " + bytesPerToken);
        }

        private static void require(boolean holds, String message) {
            if (!holds) {
                throw new IllegalArgumentException("holdfast.agents.retention." + message);
            }
        }
    }

    /** A lease to ask for. */
    public record Wish(LeaseTerms terms, Duration remaining) {}

    /** @param prefillMillis what computing a prompt of so many tokens from nothing is expected to cost */
    public RetentionPlanner(Settings settings, LongToDoubleFunction prefillMillis) {
        this.settings = settings;
        this.prefillMillis = prefillMillis;
    }

    /**
     * What to ask for when a line of prompts begins to wait for its tools; empty when it has no full block.
     *
     * @param session whose line it is
     * @param conversation the line's text with its last answer, null when nobody knows it
     */
    public Optional<Wish> atGap(
            SessionState session, Frontier line, GapDistribution gap, @Nullable ConversationRef conversation) {
        SequenceHash tail = line.tip().tail();
        if (tail == null) {
            return Optional.empty();
        }
        RetentionClass retentionClass = session.parent() == null ? RetentionClass.HISTORY : RetentionClass.SUBAGENT;
        Duration remaining = bounded(gap.quantile(settings.quantile()));
        return Optional.of(new Wish(
                new LeaseTerms(
                        lease(session.tenant(), session.id(), line.id(), tail),
                        session.tenant(),
                        session.treeRoot(),
                        session.id(),
                        line.model(),
                        new Prefix(line.tip().blocks(), tail),
                        line.blockSizeTokens(),
                        line.blockSizeTokens() * settings.bytesPerToken(),
                        retentionClass,
                        priority(retentionClass),
                        density(line.tip().tokens(), gap, remaining),
                        settings.minCopies(),
                        List.of(KvTier.DEVICE, KvTier.HOST, KvTier.REMOTE),
                        conversation,
                        line.lastWorker()),
                remaining));
    }

    /** Name of the lease on a prefix of one line of prompts. */
    static LeaseId lease(TenantId tenant, SessionId session, int frontier, SequenceHash tail) {
        HashStream128 hash = Hashing.xxh3_128().hashStream();
        hash.putString(tenant.value())
                .putString(session.value())
                .putInt(frontier)
                .putLong(tail.value());
        HashValue128 value = hash.get();
        return new LeaseId(value.getMostSignificantBits(), value.getLeastSignificantBits());
    }

    private Duration bounded(Duration wanted) {
        if (wanted.compareTo(settings.minLease()) < 0) {
            return settings.minLease();
        }
        return wanted.compareTo(settings.maxLease()) > 0 ? settings.maxLease() : wanted;
    }

    private double density(int tokens, GapDistribution gap, Duration remaining) {
        double heldSeconds = Math.max(1e-3, gap.expectedHold(remaining).toNanos() / 1e9);
        double mebibytes = tokens * (double) settings.bytesPerToken() / MIB;
        return gap.within(remaining) * prefillMillis.applyAsDouble(tokens) / (mebibytes * heldSeconds);
    }

    /** Of two holds of one density, the one that more depends on yields last. */
    private static int priority(RetentionClass retentionClass) {
        return switch (retentionClass) {
            case SYSTEM -> 70;
            case HISTORY -> 50;
            case REASONING, SUBAGENT -> 40;
            case SPECULATIVE -> 10;
        };
    }
}
