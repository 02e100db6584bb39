package agents.plan;

import inference.SessionId;
import java.time.Duration;
import kv.LeaseId;
import router.retention.LeaseTerms;

/**
 * What a session tells the keepers of its leases.
 *
 * <p>Thread-safety: immutable.
 */
public sealed interface LeaseAction {

    /** Keep this for so long; for a lease of several sessions, on this one's account. */
    record Ask(LeaseTerms terms, Duration remaining) implements LeaseAction {
        /** Whether several sessions have the lease. */
        public boolean shared() {
            return terms.root().equals(LineLeases.shared(terms.id()));
        }
    }

    /** This is not needed any more. */
    record End(LeaseId lease) implements LeaseAction {}

    /** A lease of several sessions is not needed by this one any more. */
    record Leave(LeaseId lease) implements LeaseAction {
        /** Under which name the lease is kept. */
        public SessionId root() {
            return LineLeases.shared(lease);
        }
    }

    /**
     * What a colder tier keeps for a lease is to be on the device.
     *
     * @param line of prompts that it keeps
     * @param after so long from now, unless the line's next turn comes first
     */
    record Prefetch(int line, LeaseId lease, Duration after) implements LeaseAction {}

    /**
     * What the device keeps for a lease may lie in a colder tier.
     *
     * @param line of prompts that it keeps
     * @param after so long from now, unless the line's next turn comes first
     */
    record Demote(int line, LeaseId lease, Duration after) implements LeaseAction {}

    /** Nothing of the session's own is needed any more. */
    record EndAll() implements LeaseAction {}
}
