package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.ACCEPTED;
import static router.retention.Ledgers.B;
import static router.retention.Ledgers.C;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.PREFIX;
import static router.retention.Ledgers.ROOT;
import static router.retention.Ledgers.SECOND;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.conversation;
import static router.retention.Ledgers.terms;

import inference.SessionId;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import kv.WorkerId;
import org.junit.jupiter.api.Test;

/** Leases of several sessions: they live as long as any of them needs them. */
class SharedLeasesTest {
    private static final SessionId ONE = new SessionId("one");
    private static final SessionId OTHER = new SessionId("other");

    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, HOLDS);

    private List<SessionId> owners() {
        return ledgers.lease(1).owners().stream().map(Owner::session).toList();
    }

    @Test
    void theLastOwnerEndsIt() {
        ledgers.join(terms(1, 1), ONE, MINUTE);
        ledgers.join(terms(1, 1), OTHER, MINUTE.multipliedBy(2));
        assertEquals(List.of(ONE, OTHER), owners());
        assertEquals(Duration.ofMinutes(2), ledgers.lease(1).remaining(ledgers.now));

        ledgers.leave(1, ONE);
        assertTrue(ledgers.state(1).open());
        assertEquals(List.of(OTHER), owners());
        ledgers.leave(1, OTHER);
        assertEquals(EndReason.OWNER, ledgers.ending(1));
    }

    @Test
    void anOwnerWhoseTimeIsOverKeepsNothingUp() {
        ledgers.join(terms(1, 1), ONE, Duration.ofSeconds(10));
        ledgers.join(terms(1, 1), OTHER, MINUTE);
        ledgers.now = ledgers.now.plusSeconds(11);
        ledgers.leave(1, OTHER);
        assertEquals(EndReason.OWNER, ledgers.ending(1));
    }

    @Test
    void whoIsNotAnOwnerEndsNothing() {
        ledgers.join(terms(1, 1), ONE, MINUTE);
        ledgers.leave(1, OTHER);
        ledgers.leave(2, OTHER);
        assertTrue(ledgers.state(1).open());
    }

    @Test
    void joiningAgainSoonStoresNothing() {
        ledgers.join(terms(1, 1), ONE, MINUTE);
        int events = ledgers.events.size();
        ledgers.now = ledgers.now.plusSeconds(10);
        assertInstanceOf(LeaseAnswer.Granted.class, ledgers.join(terms(1, 1), ONE, MINUTE));
        assertEquals(events, ledgers.events.size());

        ledgers.now = ledgers.now.plusSeconds(20);
        ledgers.join(terms(1, 1), ONE, MINUTE);
        assertEquals(MINUTE, ledgers.lease(1).remaining(ledgers.now));
        ledgers.join(terms(1, 1), ONE, MINUTE.multipliedBy(60));
        assertEquals(Duration.ofHours(1), ledgers.lease(1).remaining(ledgers.now));
    }

    /** Lease 1 for a session that ran on a worker. */
    private void ran(SessionId session, WorkerId worker, Duration wanted) {
        ledgers.join(terms(1, ROOT, PREFIX, 1, 70, 1.0, conversation(), worker), session, wanted);
    }

    private void heldAt(WorkerId worker) {
        ledgers.answer(worker, 1, Step.Kind.HOLD, 1, ACCEPTED);
    }

    private Set<WorkerId> holders() {
        return ledgers.lease(1).holders().stream().map(Holder::worker).collect(Collectors.toSet());
    }

    /** Two owners on two workers. */
    private void heldAtBoth() {
        ledgers.up(B, 1, HOLDS);
        ran(ONE, A, MINUTE);
        heldAt(A);
        ran(OTHER, B, MINUTE);
        heldAt(B);
        ledgers.orders.clear();
    }

    private List<WorkerId> asked() {
        return ledgers.orders.stream().map(WorkerOrder::worker).toList();
    }

    @Test
    void itIsHeldWhereverAnOwnerRuns() {
        ledgers.up(B, 1, HOLDS).up(C, 1, HOLDS);
        ran(ONE, A, MINUTE);
        heldAt(A);
        ledgers.orders.clear();

        ran(OTHER, B, MINUTE.multipliedBy(2));
        assertEquals(List.of(B), asked(), "the other copy is not its");
        assertEquals(
                MINUTE.multipliedBy(2),
                Ledgers.hold(ledgers.orders.get(0)).hold().remaining());
        heldAt(B);
        assertEquals(Set.of(A, B), holders());
        ledgers.tick(SECOND);
        assertEquals(List.of(B), asked(), "one copy for the lease's whole time is what it wants");
    }

    @Test
    void anOwnerThatMovedTakesItAlongAtOnce() {
        ledgers.up(B, 1, HOLDS);
        ran(ONE, A, MINUTE);
        heldAt(A);
        ledgers.now = ledgers.now.plusSeconds(5);
        ran(ONE, B, MINUTE);
        heldAt(B);
        assertEquals(Set.of(A, B), holders());

        int events = ledgers.events.size();
        ran(ONE, B, MINUTE);
        assertEquals(events, ledgers.events.size(), "it is there");
    }

    @Test
    void aCopyWhereNoOwnerRunsAnyMoreEndsAtItsOwnDeadline() {
        heldAtBoth();
        for (int passed = 0; passed < 60; passed += 20) {
            ledgers.tick(Duration.ofSeconds(20));
            ran(OTHER, B, MINUTE);
            ledgers.tick(Duration.ZERO); // before the worker has answered
            heldAt(B);
        }
        ledgers.tick(Duration.ofSeconds(3));

        assertEquals(List.of(B, B, B), asked());
        assertEquals(Set.of(B), holders());
        assertEquals(LeaseState.HELD, ledgers.state(1));
        ran(ONE, A, MINUTE);
        assertEquals(A, ledgers.orders.get(3).worker(), "an owner is back");
    }

    @Test
    void aNewLifeOfTheKeeperRenewsNoCopyThatTheLeaseDoesNotCountOn() {
        heldAtBoth();
        ledgers.now = ledgers.now.plusSeconds(20);
        ran(OTHER, B, MINUTE);
        heldAt(B);

        ledgers.begin();
        Map<WorkerId, Duration> again = new HashMap<>();
        ledgers.ledger
                .repair(ledgers.book, ledgers.live, new OpenOrders(), ledgers.now)
                .orders()
                .forEach(order ->
                        again.put(order.worker(), Ledgers.hold(order).hold().remaining()));
        assertEquals(Map.of(A, Duration.ofSeconds(40), B, MINUTE), again);
    }

    @Test
    void theLastCopyIsRenewedWhereverItsOwnersRun() {
        heldAtBoth();
        ledgers.ends(B, 1, 1, Loss.REVOKED_UNDER_PRESSURE, null);
        ledgers.now = ledgers.now.plusSeconds(30);
        ran(OTHER, B, MINUTE);
        assertEquals(List.of(), asked(), "what yielded is not asked for again before its time would have been over");

        List<WorkerOrder> orders = ledgers.tick(SECOND);
        assertEquals(A, orders.get(0).worker());
        assertEquals(Duration.ofSeconds(59), Ledgers.hold(orders.get(0)).hold().remaining());
        heldAt(A);
        ledgers.now = ledgers.now.plusSeconds(30);
        ran(OTHER, B, MINUTE);
        assertEquals(List.of(A, B), asked(), "it is over");
    }

    @Test
    void r2EachCopyIsPaidFor() {
        long minute = 10 * 1024 * 60;
        Ledgers poor = new Ledgers(Ledgers.settings(2 * minute))
                .up(A, 1, HOLDS)
                .up(B, 1, HOLDS)
                .up(C, 1, HOLDS);
        for (WorkerId worker : List.of(A, B, C)) {
            LeaseTerms terms = terms(1, ROOT, PREFIX, 1, 70, 1.0, conversation(), worker);
            assertInstanceOf(LeaseAnswer.Granted.class, poor.join(terms, new SessionId("on " + worker.url()), MINUTE));
        }
        assertEquals(2 * minute, poor.lease(1).chargedByteSeconds());
        assertEquals(
                List.of(A, B), poor.orders.stream().map(WorkerOrder::worker).toList());
        assertEquals(3, poor.lease(1).owners().size(), "the third shares the lease all the same");
    }

    @Test
    void itIsOpenExactlyWhileSomebodyNeedsIt() {
        Random random = new Random(11);
        for (int run = 0; run < 50; run++) {
            Ledgers book = new Ledgers(SETTINGS).up(A, 1, HOLDS);
            Map<SessionId, java.time.Instant> needs = new HashMap<>();
            for (int step = 0; step < 60; step++) {
                SessionId who = new SessionId("session-" + random.nextInt(5));
                if (random.nextInt(3) == 0) {
                    book.leave(1, who);
                    needs.remove(who);
                } else {
                    Duration time = Duration.ofSeconds(5 + random.nextInt(60));
                    book.join(terms(1, 1), who, time);
                    needs.merge(
                            who, book.now.plusMillis((long) (time.toMillis() * 0.75)), (a, b) -> a.isAfter(b) ? a : b);
                }
                book.tick(Duration.ofMillis(random.nextInt(8000)));
                boolean needed = needs.values().stream().anyMatch(until -> until.isAfter(book.now));
                assertTrue(!needed || book.book.lease(Ledgers.id(1)).isPresent(), "somebody needs it, but it is over");
            }
        }
    }
}
