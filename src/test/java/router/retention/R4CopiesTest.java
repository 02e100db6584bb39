package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.ACCEPTED;
import static router.retention.Ledgers.B;
import static router.retention.Ledgers.C;
import static router.retention.Ledgers.COPY;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.HOLDS_AND_COPIES;
import static router.retention.Ledgers.HOLDS_AND_PULLS;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.NOT_RESIDENT;
import static router.retention.Ledgers.PREFIX;
import static router.retention.Ledgers.SECOND;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.life;
import static router.retention.Ledgers.prefix;
import static router.retention.Ledgers.terms;

import inference.SessionId;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import kv.KvTier;
import kv.Receipt;
import kv.WorkerId;
import org.junit.jupiter.api.Test;

/** R4: a lease with too few copies is repaired, or names the blocks that are lost. */
class R4CopiesTest {
    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, HOLDS);

    @Test
    void nothingIsComputedElsewhereWhileAWriterOfCopiesHasNotSaidThatItHolds() {
        ledgers.up(A, 1, HOLDS_AND_COPIES).up(B, 1, HOLDS_AND_COPIES);
        ledgers.grant(terms(1, 2), MINUTE);

        assertEquals(List.of(), ledgers.tick(SECOND), "the copy will be the second one");

        ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
        assertInstanceOf(WorkerOrder.Copy.class, ledgers.orders.get(ledgers.orders.size() - 1));
        ledgers.answer(A, 1, Step.Kind.COPY, 1, new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED));
        WorkerOrder.Warm warm =
                assertInstanceOf(WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0));
        assertEquals(B, warm.worker());
    }

    @Test
    void aSecondCopyGoesToStorageWhereEnginesWriteIt() {
        ledgers.up(A, 1, HOLDS_AND_COPIES).up(B, 1, HOLDS);
        ledgers.heldAtHome(2);
        assertEquals(LeaseState.DEGRADED, ledgers.state(1));
        WorkerOrder.Copy copy = assertInstanceOf(WorkerOrder.Copy.class, ledgers.orders.get(1));
        assertEquals(A, copy.worker());

        ledgers.answer(A, 1, Step.Kind.COPY, 1, ACCEPTED, COPY);
        assertEquals(LeaseState.HELD, ledgers.state(1));

        ledgers.down(A);
        assertEquals(List.of(), ledgers.tick(SECOND), "a stored copy needs no worker: nothing is computed again");
        assertEquals(LeaseState.DEGRADED, ledgers.state(1));
        assertEquals(List.of(), ledgers.lease(1).lost());
    }

    @Test
    void aCopyThatFoundNoRoomIsAskedForAgainWhenSomeMayHaveBeenFreed() {
        Receipt noRoom = new Receipt.Rejected(Receipt.Reason.BUDGET);
        ledgers.up(A, 1, HOLDS_AND_COPIES).heldAtHome(2);
        ledgers.answer(A, 1, Step.Kind.COPY, 1, noRoom);

        assertEquals(List.of(), ledgers.tick(Duration.ofSeconds(14)), "a quarter of the minute is not over");
        WorkerOrder.Copy again =
                assertInstanceOf(WorkerOrder.Copy.class, ledgers.tick(SECOND).get(0));
        assertEquals(A, again.worker());
        assertEquals(List.of(), ledgers.tick(SECOND), "it is on its way");
        ledgers.answer(A, 1, Step.Kind.COPY, 1, noRoom);
        assertEquals(List.of(), ledgers.tick(Duration.ofSeconds(10)));
        assertEquals(1, ledgers.tick(SECOND).size());

        ledgers.answer(A, 1, Step.Kind.COPY, 1, ACCEPTED, COPY);
        assertEquals(LeaseState.HELD, ledgers.state(1));
        assertEquals(List.of(), ledgers.tick(Duration.ofSeconds(12)));
    }

    @Test
    void aCopyThatFoundNoRoomIsAskedForNoMoreOftenThanAnyOrderNorForALeaseThatIsAboutToEnd() {
        Receipt noRoom = new Receipt.Rejected(Receipt.Reason.BUDGET);
        ledgers.up(A, 1, HOLDS_AND_COPIES);
        ledgers.grant(terms(1, 2), Duration.ofSeconds(12));
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
        ledgers.answer(A, 1, Step.Kind.COPY, 1, noRoom);

        assertEquals(List.of(), ledgers.tick(Duration.ofSeconds(4)), "a quarter is over, but not retry-after");
        assertInstanceOf(WorkerOrder.Copy.class, ledgers.tick(SECOND).get(0));
        ledgers.answer(A, 1, Step.Kind.COPY, 1, noRoom);
        assertEquals(List.of(), ledgers.tick(Duration.ofSeconds(5)), "2 s are left");

        ledgers.grant(terms(1, 2), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
        assertTrue(
                ledgers.tick(SECOND).stream().anyMatch(WorkerOrder.Copy.class::isInstance),
                "renewed, it has the time again");
    }

    @Test
    void aSecondCopyIsComputedOnTheCheapestWorkerWhereNobodyWritesOne() {
        ledgers.up(B, 1, HOLDS).up(C, 1, HOLDS).busy(B, 3);
        ledgers.heldAtHome(2);
        WorkerOrder.Warm warm =
                assertInstanceOf(WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0));
        assertEquals(C, warm.worker());

        ledgers.answer(C, 1, Step.Kind.WARM, 1, ACCEPTED);
        assertEquals(LeaseState.DEGRADED, ledgers.state(1), "what is warm is not yet held");
        assertEquals(
                C, Ledgers.hold(ledgers.orders.get(ledgers.orders.size() - 1)).worker());
        ledgers.answer(C, 1, Step.Kind.HOLD, 1, ACCEPTED);
        assertEquals(LeaseState.HELD, ledgers.state(1));
    }

    @Test
    void aSecondCopyIsPulledFromTheFirstAndOneOfAPrefixThatIsGoneIsComputed() {
        ledgers.up(A, 1, HOLDS_AND_PULLS).up(B, 1, HOLDS_AND_PULLS);
        ledgers.heldAtHome(2);
        assertEquals(
                A,
                assertInstanceOf(WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0))
                        .source());

        Ledgers lost = new Ledgers(SETTINGS).up(A, 1, HOLDS_AND_PULLS).up(B, 1, HOLDS_AND_PULLS);
        lost.heldAtHome(1);
        lost.ends(A, 1, 1, Loss.EVICTED, null);
        assertNull(assertInstanceOf(WorkerOrder.Warm.class, lost.tick(SECOND).get(0))
                .source());
    }

    @Test
    void aLostHolderIsReplacedByAnotherLeasesHolderBeforeAnythingIsComputed() {
        ledgers.up(B, 1, HOLDS).up(C, 1, HOLDS);
        ledgers.heldAtHome(1);
        ledgers.grant(terms(2, new SessionId("sibling"), PREFIX, 1, 50, 1, null, C), MINUTE);
        ledgers.answer(C, 1, Step.Kind.HOLD, 2, ACCEPTED);
        ledgers.down(A);

        List<WorkerOrder> repair = ledgers.tick(SECOND);

        assertEquals(1, repair.size());
        assertEquals(C, Ledgers.hold(repair.get(0)).worker());
    }

    @Test
    void aWorkerThatStartedAnewIsAskedFirstBecauseItsEngineMayNotHave() {
        ledgers.heldAtHome(1);
        ledgers.up(A, 2, HOLDS).up(B, 1, HOLDS);
        assertEquals(life(2), Ledgers.hold(ledgers.tick(SECOND).get(0)).incarnation());

        ledgers.answer(A, 2, Step.Kind.HOLD, 1, NOT_RESIDENT);
        assertInstanceOf(WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0));
    }

    @Test
    void whatIsMissingIsNamedByPosition() {
        ledgers.grant(terms(1, 1), MINUTE);
        ledgers.answer(
                A,
                1,
                Step.Kind.HOLD,
                1,
                new Receipt.Bounded(prefix(4), KvTier.DEVICE, MINUTE, Receipt.Reason.NOT_RESIDENT));

        assertEquals(List.of(new BlockRange(4, 10)), ledgers.lease(1).lost());
    }

    @Test
    void aLeaseIsLostOnlyWhenItIsKnownThatNobodyIsLeft() {
        ledgers.live = LiveWorkers.UNKNOWN;
        ledgers.up(A, 1, HOLDS);
        ledgers.grant(terms(1, Ledgers.ROOT, PREFIX, 1, 50, 1, null, A), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
        ledgers.down(A).tick(SECOND);
        assertEquals(LeaseState.HELD, ledgers.state(1), "the worker may just not be known yet");

        ledgers.live = ledgers.live.complete();
        ledgers.tick(SECOND);
        assertEquals(LeaseState.LOST, ledgers.state(1));
        assertEquals(List.of(new BlockRange(0, 10)), ledgers.lease(1).lost());
    }

    @Test
    void nothingIsComputedWhileTheWorkerThatComputedItMovesToAnotherNode() {
        ledgers.up(B, 1, HOLDS);
        ledgers.live = ledgers.live.missing(A);
        ledgers.grant(terms(1, 1), MINUTE);
        assertEquals(List.of(), ledgers.tick(SECOND));

        assertEquals(
                A, Ledgers.hold(ledgers.up(A, 2, HOLDS).tick(SECOND).get(0)).worker());
    }

    @Test
    void nothingIsComputedBeforeTheWorkerThatComputedItIsKnownToANewKeeper() {
        ledgers.live = LiveWorkers.UNKNOWN;
        ledgers.up(B, 1, HOLDS).grant(terms(1, 1), MINUTE);
        assertEquals(List.of(), ledgers.tick(SECOND));

        ledgers.live = ledgers.live.complete();

        assertEquals(
                B,
                assertInstanceOf(WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0))
                        .worker());
    }

    @Test
    void whatIsNotWorthAPrefillIsNotComputedAgain() {
        ledgers.up(B, 1, HOLDS);
        ledgers.grant(terms(1, Ledgers.ROOT, PREFIX, 1, 50, 0, Ledgers.conversation(), A), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
        ledgers.down(A).tick(SECOND);

        assertEquals(LeaseState.LOST, ledgers.state(1));
    }

    @Test
    void noMoreIsWarmedAtATimeThanAllowedAndTheDensestFirst() {
        ledgers.up(B, 1, HOLDS).up(C, 1, HOLDS);
        for (int i = 1; i <= 4; i++) {
            ledgers.grant(terms(i, Ledgers.ROOT, prefix(10 + i), 1, 50, i, Ledgers.conversation(), A), MINUTE);
            ledgers.answer(A, 1, Step.Kind.HOLD, i, ACCEPTED);
        }
        List<WorkerOrder> warms = ledgers.down(A).tick(SECOND);

        assertEquals(
                List.of(id(4), id(3)),
                warms.stream()
                        .map(order ->
                                assertInstanceOf(WorkerOrder.Warm.class, order).lease())
                        .toList());
        assertEquals(2, warms.stream().map(WorkerOrder::worker).distinct().count(), "spread over both");
    }

    @Test
    void anAnswerToComputingThatComesAfterTheHoldsEndIsCheckedByAskingAgain() {
        ledgers.grant(terms(1, 1), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, NOT_RESIDENT);
        ledgers.tick(SECOND);
        ledgers.answer(A, 1, Step.Kind.WARM, 1, ACCEPTED);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
        ledgers.ends(A, 1, 1, Loss.EVICTED, null);

        ledgers.answer(A, 1, Step.Kind.WARM, 1, ACCEPTED);
        Ledgers.hold(ledgers.orders.get(ledgers.orders.size() - 1));
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, NOT_RESIDENT);

        assertFalse(ledgers.lease(1).lost().isEmpty());
    }

    @Test
    void textThatIsGoneMakesTheLeaseLost() {
        ledgers.up(B, 1, HOLDS);
        ledgers.heldAtHome(1);
        ledgers.down(A).tick(SECOND);
        ledgers.answer(B, 1, Step.Kind.WARM, 1, new Receipt.Rejected(Receipt.Reason.CONTENT_UNKNOWN));

        assertEquals(LeaseState.LOST, ledgers.state(1));
    }

    @Test
    void ofEquallyLoadedWorkersKeepersThatKnowNothingOfEachOtherChooseDifferentOnes() {
        Set<WorkerId> chosen = new HashSet<>();
        for (int prefix = 2; prefix < 12; prefix++) {
            Ledgers keeper = new Ledgers(SETTINGS).up(B, 1, HOLDS).up(C, 1, HOLDS);
            keeper.grant(terms(1, Ledgers.ROOT, prefix(prefix), 1, 50, 1, Ledgers.conversation(), A), MINUTE);
            chosen.add(
                    assertInstanceOf(WorkerOrder.Warm.class, keeper.tick(SECOND).get(0))
                            .worker());
        }

        assertEquals(Set.of(B, C), chosen);
    }
}
