package agents.plan;

import com.dynatrace.hash4j.hashing.HashStream128;
import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hashing;
import inference.ConversationRef;
import inference.SessionId;
import inference.TenantId;
import java.util.List;
import java.util.stream.Stream;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.RetentionClass;
import kv.SequenceHash;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.retention.LeaseTerms;

/**
 * A session's line of prompts that waits for its tools, as the keeper of leases needs to know it.
 *
 * <p>Thread-safety: immutable.
 *
 * @param root session at the top of the session's tree, maybe itself: the lease is kept with the root's
 * @param subagent whether another session spawned this one
 * @param prefix the line's full blocks
 * @param conversation the line's text with its last answer, null when nobody knows it
 * @param home where the line's last turn ran, null when nobody knows
 */
public record WaitingLine(
        TenantId tenant,
        SessionId session,
        SessionId root,
        boolean subagent,
        int line,
        String model,
        Prefix prefix,
        int blockSizeTokens,
        @Nullable ConversationRef conversation,
        @Nullable WorkerId home) {

    /** Terms of the lease that keeps what a policy wants kept. */
    public LeaseTerms terms(GapPolicy.Keep keep, long bytesPerToken) {
        RetentionClass retentionClass = subagent ? RetentionClass.SUBAGENT : RetentionClass.HISTORY;
        LeaseId name = lease(tenant, session, line, prefix.tail());
        return terms(name, prefix, retentionClass, keep.density(), keep.copies(), tiers(keep.tier()), bytesPerToken);
    }

    /** Terms of the lease that has what probably follows computed, and keeps it. */
    LeaseTerms guess(Prefix next, double density, long bytesPerToken) {
        LeaseId name = guess(tenant, session, line, prefix.tail());
        return terms(name, next, RetentionClass.SPECULATIVE, density, 1, List.of(KvTier.DEVICE), bytesPerToken);
    }

    private LeaseTerms terms(
            LeaseId name,
            Prefix kept,
            RetentionClass retentionClass,
            double density,
            int copies,
            List<KvTier> tiers,
            long bytesPerToken) {
        return new LeaseTerms(
                name,
                tenant,
                root,
                session,
                model,
                kept,
                blockSizeTokens,
                blockSizeTokens * bytesPerToken,
                retentionClass,
                priority(retentionClass),
                density,
                copies,
                tiers,
                conversation,
                home);
    }

    /** Name of the lease on a prefix of one line of prompts: derived, so that asking twice names the same. */
    static LeaseId lease(TenantId tenant, SessionId session, int line, SequenceHash tail) {
        HashStream128 hash = Hashing.xxh3_128().hashStream();
        hash.putString(tenant.value()).putString(session.value()).putInt(line).putLong(tail.value());
        HashValue128 value = hash.get();
        return new LeaseId(value.getMostSignificantBits(), value.getLeastSignificantBits());
    }

    /** Name of the lease on what follows a prefix: lines are numbered from 0, so no other lease has it. */
    static LeaseId guess(TenantId tenant, SessionId session, int line, SequenceHash tail) {
        return lease(tenant, session, ~line, tail);
    }

    /** Where a context may be kept that shall outlive its worker, from the hottest tier that a policy wants. */
    static List<KvTier> tiers(KvTier hottest) {
        return Stream.of(KvTier.DEVICE, KvTier.HOST, KvTier.REMOTE)
                .filter(tier -> tier.distance() >= hottest.distance())
                .toList();
    }

    /** Of two holds of one density, the one that more depends on yields last. */
    static int priority(RetentionClass retentionClass) {
        return switch (retentionClass) {
            case SYSTEM -> 70;
            case HISTORY -> 50;
            case REASONING, SUBAGENT -> 40;
            case SPECULATIVE -> 10;
        };
    }
}
