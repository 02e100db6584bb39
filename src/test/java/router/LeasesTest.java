package router;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import router.LeaseKeeper.LeaseList;
import router.LeaseKeeper.ShownLease;
import router.retention.EndReason;
import router.retention.Lease;
import router.retention.Ledgers;

class LeasesTest {
    private static final Lease.Ending OVER = new Lease.Ending(EndReason.DEADLINE, List.of(), Instant.EPOCH);

    @Test
    void whatAnyKeeperStillKeepsComesBeforeWhatAnotherOneRemembers() {
        LeaseList one = new LeaseList(List.of(lease(1, null), lease(2, OVER)));
        LeaseList other = new LeaseList(List.of(lease(3, null), lease(4, OVER)));

        assertEquals(List.of(lease(1, null), lease(3, null), lease(2, OVER)), Leases.openFirst(List.of(one, other), 3));
    }

    private static ShownLease lease(long number, Lease.@Nullable Ending ending) {
        Lease lease = new Lease(
                Ledgers.terms(number, 1), Instant.EPOCH, Instant.EPOCH, 0, false, List.of(), ending, List.of());
        return new ShownLease(lease, Duration.ZERO);
    }
}
