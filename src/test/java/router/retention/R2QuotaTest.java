package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.PREFIX;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.terms;

import inference.TenantId;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** R2: leases stay within a tenant's quota. */
class R2QuotaTest {
    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, HOLDS);

    private static final long TEN_KIB_MINUTES = 10 * 1024 * 60;
    private final Ledgers small = new Ledgers(Ledgers.settings(2 * TEN_KIB_MINUTES)).up(A, 1, HOLDS);

    private LeaseTerms worth(long number, double density) {
        return terms(number, Ledgers.ROOT, PREFIX, 1, 50, density, null, A);
    }

    @Test
    void aLeaseBeyondTheQuotaIsCutShortAndThenRefused() {
        small.grant(worth(1, 1), Duration.ofSeconds(90));
        assertEquals(
                new LeaseAnswer.Granted(id(2), Duration.ofSeconds(30), LeaseAnswer.Bound.QUOTA),
                small.grant(worth(2, 1), MINUTE));
        assertEquals(new LeaseAnswer.Refused(id(3), LeaseAnswer.Refusal.QUOTA), small.grant(worth(3, 1), MINUTE));
    }

    @Test
    void aDenserLeaseTakesTheRoomOfTheCheapest() {
        small.grant(worth(1, 2), MINUTE);
        small.grant(worth(2, 1), MINUTE);
        assertInstanceOf(LeaseAnswer.Granted.class, small.grant(worth(3, 3), MINUTE));

        assertEquals(LeaseState.REVOKED, small.state(2));
        assertEquals(EndReason.QUOTA, small.ending(2));
        assertEquals(LeaseState.REQUESTED, small.state(1));
        assertTrue(small.orders.contains(new WorkerOrder.ReleaseHold(A, id(2), small.book.epoch())));
    }

    @Test
    void priorityCountsBetweenLeasesOfOneDensityOnly() {
        small.grant(terms(1, Ledgers.ROOT, PREFIX, 1, 80, 2, null, A), MINUTE);
        small.grant(terms(2, Ledgers.ROOT, PREFIX, 1, 50, 2, null, A), MINUTE);
        small.grant(terms(3, Ledgers.ROOT, PREFIX, 1, 50, 3, null, A), MINUTE);
        assertEquals(LeaseState.REVOKED, small.state(2));

        small.grant(terms(4, Ledgers.ROOT, PREFIX, 1, 10, 4, null, A), MINUTE);
        assertEquals(LeaseState.REVOKED, small.state(1), "worth less than either, whatever its priority");
        assertEquals(LeaseState.REQUESTED, small.state(3));
    }

    @Test
    void unusedTimeIsGivenBackAndTheBucketFillsWithinAnHour() {
        small.grant(worth(1, 1), Duration.ofMinutes(2));
        small.now = small.now.plusSeconds(30);
        small.end(1, EndReason.OWNER);
        assertEquals(
                TEN_KIB_MINUTES * 2 - 30 * 10 * 1024 + TEN_KIB_MINUTES * 2 * 30 / 3600,
                small.book.budget(TenantId.DEFAULT, small.now).byteSeconds());

        small.now = small.now.plus(Duration.ofHours(1));
        assertEquals(
                2 * TEN_KIB_MINUTES,
                small.book.budget(TenantId.DEFAULT, small.now).byteSeconds());
    }

    @Test
    void noLeaseIsLongerThanTheLongest() {
        assertEquals(
                new LeaseAnswer.Granted(id(1), SETTINGS.maxLease(), LeaseAnswer.Bound.MAX_LEASE),
                ledgers.grant(terms(1, 1), Duration.ofDays(2)));
        assertEquals(
                new LeaseAnswer.Granted(id(1), SETTINGS.maxLease(), LeaseAnswer.Bound.MAX_LEASE),
                ledgers.grant(terms(1, 1), Duration.ofDays(2)),
                "asked again, it is not the quota that is in the way");
    }
}
