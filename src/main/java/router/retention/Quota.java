package router.retention;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * How long a tenant's quota allows a lease to be, and which of the tenant's leases would make room for it.
 *
 * <p>Thread-safety: immutable.
 */
final class Quota {
    private final LedgerSettings settings;

    Quota(LedgerSettings settings) {
        this.settings = settings;
    }

    /** A time and what cut it down. */
    record Bounded(Duration remaining, LeaseAnswer.Bound bound) {}

    /**
     * The time a lease may have.
     *
     * @param budget byte-seconds that may be spent
     * @return empty time when it would be shorter than is worth granting
     */
    Bounded bounded(LeaseTerms terms, Duration wanted, long budget) {
        Duration longest = longest(wanted);
        LeaseAnswer.Bound bound = longest.compareTo(wanted) < 0 ? LeaseAnswer.Bound.MAX_LEASE : LeaseAnswer.Bound.NONE;
        if (LeaseBook.byteSeconds(terms, longest) <= budget) {
            return new Bounded(longest, bound);
        }
        Duration affordable = Duration.ofSeconds(Math.max(0, budget) / terms.bytes());
        return new Bounded(
                affordable.compareTo(settings.minLease()) < 0 ? Duration.ZERO : affordable, LeaseAnswer.Bound.QUOTA);
    }

    /** The tenant's leases that are worth strictly less, cheapest first, as many as make room for a new one. */
    List<Lease> cheaper(LeaseBook book, LeaseTerms terms, Duration wanted, Instant now) {
        long missing = LeaseBook.byteSeconds(terms, longest(wanted))
                - book.budget(terms.tenant(), now).byteSeconds();
        List<Lease> room = new ArrayList<>();
        if (missing <= 0) {
            return room;
        }
        List<Lease> candidates = book.leases().stream()
                .filter(lease -> lease.terms().tenant().equals(terms.tenant())
                        && LeaseTerms.CHEAPEST_FIRST.compare(lease.terms(), terms) < 0)
                .filter(lease -> LeaseBook.refund(lease, now) > 0)
                .sorted(Comparator.comparing(Lease::terms, LeaseTerms.CHEAPEST_FIRST))
                .toList();
        for (Lease lease : candidates) {
            if (missing > 0) {
                room.add(lease);
                missing -= LeaseBook.refund(lease, now);
            }
        }
        return room;
    }

    private Duration longest(Duration wanted) {
        Duration atLeast = wanted.compareTo(settings.minLease()) < 0 ? settings.minLease() : wanted;
        return atLeast.compareTo(settings.maxLease()) > 0 ? settings.maxLease() : atLeast;
    }
}
