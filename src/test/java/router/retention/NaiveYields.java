package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import kv.Incarnation;
import kv.LeaseId;
import kv.WorkerId;

/**
 * R6 for a ledger, spelled out: whatever a worker gave up for something else is stored with the reason, is not asked for there again
 * while the hold would have lasted, and a lease of which that was the last is revoked.
 */
final class NaiveYields {
    private record Place(LeaseId lease, WorkerId worker, Incarnation life) {}

    /** What was given up where, and until when it would have been held; without leases that are over. */
    private final Map<Place, Instant> given = new HashMap<>();

    /** How many holds were given up of which the ledger heard in time. */
    int heard;

    /** How many of them were the last of their lease. */
    int last;

    /**
     * The keeper has heard of the end of a hold.
     *
     * @param before the lease before that
     * @param stored what came of it
     */
    void heard(HoldOver over, Lease before, List<LedgerEvent> stored, Instant now) {
        Optional<Step> held = before.step(Step.Kind.HOLD, over.worker())
                .filter(step -> step.incarnation().equals(over.incarnation()) && !step.over());
        if (!over.reason().revoked() || held.isEmpty()) {
            return;
        }
        heard++;
        assertEquals(
                new LedgerEvent.HoldEnded(over.lease(), over.worker(), over.reason(), null, now),
                stored.get(0),
                "the reason is stored");
        boolean others = before.steps().stream()
                .filter(step -> !step.equals(held.get()))
                .filter(step -> step.kind() != Step.Kind.WARM || !step.worker().equals(over.worker()))
                .anyMatch(step -> step.pending() || step.granted());
        if (others || !before.deadline().isAfter(now)) {
            given.put(
                    new Place(over.lease(), over.worker(), over.incarnation()),
                    Optional.ofNullable(held.get().until()).orElse(Instant.MAX));
        } else {
            last++;
            assertEquals(
                    new LedgerEvent.LeasesEnded(List.of(over.lease()), EndReason.WORKER, now),
                    stored.get(1),
                    "a lease that nobody has any more is revoked");
        }
    }

    void sent(WorkerOrder order, Instant now) {
        if (order instanceof WorkerOrder.PlaceHold place) {
            Instant until = given.get(new Place(place.hold().lease(), place.worker(), place.incarnation()));
            assertFalse(until != null && until.isAfter(now), () -> order + " asks for what was just given up");
        }
    }

    void ended(LedgerEvent.LeasesEnded over) {
        given.keySet().removeIf(place -> over.leases().contains(place.lease()));
    }
}
