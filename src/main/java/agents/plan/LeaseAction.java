package agents.plan;

import java.time.Duration;
import kv.LeaseId;
import router.retention.LeaseTerms;

/**
 * What a session tells the keeper of its leases.
 *
 * <p>Thread-safety: immutable.
 */
public sealed interface LeaseAction {

    /** Keep this for so long. */
    record Ask(LeaseTerms terms, Duration remaining) implements LeaseAction {}

    /** This is not needed any more. */
    record End(LeaseId lease) implements LeaseAction {}

    /** Nothing of the session is needed any more. */
    record EndAll() implements LeaseAction {}
}
