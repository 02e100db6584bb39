package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import kv.Epoch;
import kv.LeaseId;
import kv.StoredCopy;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** The rules of retention on the pure ledger, over random histories of crashes, restarts, reorderings, repetitions and skewed clocks. */
class RetentionHistoryTest {
    private static final int STEPS = 150;
    /** Two leases of a history, or three, use it up. */
    private static final long SCARCE_QUOTA = 10L * 1024 * 60;

    @Property(tries = 300)
    void r1NoHoldOutlivesTheLatestDeadlineOfItsLease(@ForAll long seed) {
        RetentionHistory history = new RetentionHistory(seed);
        for (int step = 0; step < STEPS; step++) {
            history.step();
            for (FakeWorker worker : history.fleet.workers()) {
                worker.holds.forEach((lease, hold) -> {
                    assertTrue(hold.until().isAfter(history.truth.minusMillis(1)), "it ends at its deadline");
                    Instant latest = Objects.requireNonNull(history.deadlines.get(lease));
                    assertFalse(hold.until().isAfter(latest.plus(history.settings.skewBound())), "beyond the bound");
                });
            }
        }
    }

    @Test
    void r2NoTenantIsPromisedMoreThanItsQuota() {
        int cut = 0;
        for (long seed = 0; seed < 300; seed++) {
            RetentionHistory history = new RetentionHistory(seed, SCARCE_QUOTA);
            for (int step = 0; step < STEPS; step++) {
                history.step();
                assertTrue(
                        history.book.budget(TenantId.DEFAULT, history.clock()).byteSeconds() >= 0);
                long promised = history.book.leases().stream()
                        .mapToLong(lease -> LeaseBook.byteSeconds(lease.terms(), lease.remaining(history.clock())))
                        .sum();
                // A full bucket, what flowed in since, and of each lease a second for rounding and one for a keeper's
                // other clock.
                long passed = Duration.between(Ledgers.START, history.truth).toSeconds() + 1;
                long most = SCARCE_QUOTA
                        + SCARCE_QUOTA * passed / Duration.ofHours(1).toSeconds()
                        + history.book.leases().stream()
                                .mapToLong(lease -> 2 * lease.terms().bytes())
                                .sum();
                assertTrue(promised <= most, () -> promised + " byte-seconds are promised of " + SCARCE_QUOTA);
            }
            cut += history.cutByQuota() ? 1 : 0;
        }
        assertTrue(cut > 200, "the quota was in the way in " + cut + " histories");
    }

    @Property(tries = 300)
    void r3EachRecoveryHasTheNextEpochBeforeItsFirstOrderAndWorkersFollowTheLastOrderAlone(@ForAll long seed) {
        RetentionHistory history = new RetentionHistory(seed);
        Epoch last = history.book.epoch();
        for (int step = 0; step < STEPS; step++) {
            int before = history.orders.size();
            history.step();
            assertTrue(history.book.epoch().compareTo(last) >= 0);
            last = history.book.epoch();
            for (WorkerOrder order : history.orders.subList(before, history.orders.size())) {
                Epoch named = order instanceof WorkerOrder.PlaceHold place
                        ? place.hold().epoch()
                        : order instanceof WorkerOrder.ReleaseHold release ? release.epoch() : last;
                assertEquals(last, named, () -> order + " is of another life");
            }
        }
        history.calm();
        for (Lease lease : history.lasting()) {
            for (FakeWorker worker : history.fleet.workers()) {
                boolean held = worker.holds.containsKey(lease.id());
                assertTrue(held || !history.believes(lease, worker), () -> lease + " is claimed at " + worker.id);
                boolean listed =
                        lease.steps().stream().anyMatch(step -> step.worker().equals(worker.id));
                assertTrue(listed || !held, () -> lease + " is held unlisted at " + worker.id);
            }
        }
    }

    @Property(tries = 300)
    void r4AHeldLeaseHasItsCopiesAndWhatIsLostIsNamed(@ForAll long seed) {
        RetentionHistory history = new RetentionHistory(seed).run(STEPS);
        for (Lease lease : history.lasting()) {
            long holders = history.fleet.workers().stream()
                    .filter(worker -> worker.holds.containsKey(lease.id()))
                    .count();
            boolean stored = lease.storedCopies().stream()
                    .map(StoredCopy::location)
                    .anyMatch(history.fleet.storage::containsKey);
            boolean justOver = lease.steps().stream()
                    .map(Step::until)
                    .flatMap(Stream::ofNullable)
                    .anyMatch(until -> !until.isAfter(history.clock()));
            if (lease.state() == LeaseState.HELD && !justOver) {
                assertTrue(stored || holders >= lease.terms().minCopies(), lease::toString);
            }
            // What a worker leaves unprotected may go without a word.
            boolean unprotected = lease.steps().stream().anyMatch(Step::leavesResident);
            if (holders == 0 && !stored && !unprotected && !history.resident(lease)) {
                assertFalse(lease.lost().isEmpty(), () -> "what is lost is named: " + lease);
            }
        }
    }

    @Test
    void r4WhatADrainingWorkerHoldsIsMovedOrNamed() {
        int moved = 0;
        int stuck = 0;
        for (long seed = 0; seed < 300; seed++) {
            RetentionHistory history = new RetentionHistory(seed).run(STEPS);
            for (FakeWorker worker : history.fleet.workers()) {
                if (!worker.up || !worker.draining) {
                    continue;
                }
                Evacuation evacuation = Evacuation.of(history.book, history.live(), worker.id);
                moved += evacuation.moved();
                stuck += evacuation.stuck();
                Set<LeaseId> named =
                        evacuation.named().stream().map(Evacuation.Stuck::lease).collect(Collectors.toSet());
                for (Lease lease : history.lasting()) {
                    long elsewhere = history.elsewhere(lease, worker);
                    if (worker.holds.containsKey(lease.id()) && elsewhere == 0) {
                        assertTrue(named.contains(lease.id()), () -> "it would be lost with its worker: " + lease);
                    } else {
                        assertTrue(
                                !worker.holds.containsKey(lease.id())
                                        || elsewhere < lease.terms().minCopies(),
                                lease::toString);
                    }
                }
            }
        }
        assertTrue(moved > 50, moved + " leases were moved");
        assertTrue(stuck > 5, stuck + " leases were stuck");
    }

    @Test
    void aSettledLeaseIsOneThatALookWouldDoNothingFor() {
        int settled = 0;
        for (long seed = 0; seed < 150; seed++) {
            RetentionHistory history = new RetentionHistory(seed);
            for (int step = 0; step < STEPS; step++) {
                history.step();
                for (Lease lease : history.book.leases()) {
                    Repair repair = new Repair(history.book, history.live(), history.settings.maxWarming());
                    if (repair.settled(lease, history.open)) {
                        settled++;
                        Draft draft = new Draft(history.book, history.live(), history.settings, history.clock());
                        draft.repeat(lease, history.open);
                        draft.moved(repair.leavable(lease), lease);
                        assertEquals(RetentionLedger.Decision.NOTHING, draft.decision(), lease::toString);
                        assertEquals(List.of(), repair.next(lease), lease::toString);
                        assertEquals(List.of(), repair.touches(lease, history.clock()), lease::toString);
                        assertFalse(repair.hopeless(lease), lease::toString);
                    }
                }
            }
        }
        assertTrue(settled > 1000, settled + " settled leases were looked at");
    }

    @Property(tries = 300)
    void r5WhatHasEndedIsHeldNowhereAndStoredNowhere(@ForAll long seed) {
        RetentionHistory history = new RetentionHistory(seed).run(STEPS);
        history.fleet.workers().forEach(worker -> worker.holds
                .keySet()
                .forEach(lease ->
                        assertTrue(history.book.lease(lease).isPresent(), () -> lease + " is held at " + worker.id)));
        boolean awaited = history.book.leases().stream()
                .flatMap(lease -> lease.steps().stream())
                .anyMatch(step -> step.kind() == Step.Kind.COPY && step.undecided());
        if (!awaited && history.fleet.workers().stream().anyMatch(worker -> worker.up && worker.copies)) {
            assertEquals(
                    history.wanted(),
                    history.fleet.storage.keySet(),
                    "storage holds what leases have, and nothing else");
        }
    }

    /** What {@link NaiveYields} and the history itself assert, in histories in which there is something to assert. */
    @Test
    void r6WhatAWorkerGivesUpIsStoredWithItsReasonAndNotAskedForAgain() {
        int heard = 0;
        int last = 0;
        for (long seed = 0; seed < 300; seed++) {
            RetentionHistory history = new RetentionHistory(seed).run(STEPS);
            heard += history.yields.heard;
            last += history.yields.last;
        }
        assertTrue(heard > 200, heard + " holds were given up");
        assertTrue(last > 50, last + " of them were the last of their lease");
    }

    @Property(tries = 300)
    void r6OnEveryWorkerLeasesYieldInTheOrderOfTheirWorth(@ForAll long seed) {
        RetentionHistory history = new RetentionHistory(seed).run(STEPS);
        for (FakeWorker worker : history.fleet.workers()) {
            List<LeaseTerms> order = worker.yieldOrder().stream()
                    .flatMap(held -> history.book.lease(held.hold().lease()).stream())
                    .map(Lease::terms)
                    .toList();
            assertEquals(order.stream().sorted(LeaseTerms.CHEAPEST_FIRST).toList(), order);
        }
    }

    @Property(tries = 300)
    void r7OnceANewLifeOfAWorkerIsSeenNothingOfAnEarlierOneIsClaimed(@ForAll long seed) {
        RetentionHistory history = new RetentionHistory(seed);
        for (int step = 0; step < STEPS; step++) {
            history.step();
            history.passTime(0);
            LiveWorkers live = history.live();
            for (Lease lease : history.book.leases()) {
                lease.steps().stream()
                        .filter(claim -> claim.granted() && !claim.stored())
                        .forEach(claim ->
                                assertEquals(claim.incarnation(), live.living(claim.worker()), claim::toString));
            }
        }
    }

    @Property(tries = 300)
    void r8AfterAnyCrashTheSameLeasesAreBackAndSoonEveryHolderHasAnsweredAgain(@ForAll long seed) {
        RetentionHistory history = new RetentionHistory(seed).run(STEPS);
        Set<LeaseId> before = ids(history.book.leases());
        history.restartKeeper();
        assertEquals(before, ids(history.book.leases()), "every accepted lease is back");
        history.calm();
        for (Lease lease : history.lasting()) {
            assertFalse(RetentionLedger.awaitsReassertion(lease, history.open), lease::toString);
        }
    }

    private static Set<LeaseId> ids(Collection<Lease> leases) {
        return leases.stream().map(Lease::id).collect(Collectors.toSet());
    }

    @Property(tries = 20)
    void r9TheSameSeedGivesTheSameEventsAndOrders(@ForAll long seed) {
        RetentionHistory one = new RetentionHistory(seed).run(100);
        RetentionHistory other = new RetentionHistory(seed).run(100);
        assertEquals(one.events, other.events);
        assertEquals(one.orders, other.orders);
    }
}
