package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.ACCEPTED;
import static router.retention.Ledgers.B;
import static router.retention.Ledgers.C;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.HOLDS_AND_COPIES;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.PREFIX;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.life;
import static router.retention.Ledgers.prefix;
import static router.retention.Ledgers.terms;

import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import kv.Epoch;
import kv.KvTier;
import kv.Prefix;
import kv.Receipt;
import kv.RetentionClass;
import kv.StoredCopy;
import kv.WorkerId;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import workers.status.EngineCapabilities;
import workers.status.WorkerState;

/** The ledger's rules, by their numbers. */
class RetentionLedgerTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final StoredCopy COPY = new StoredCopy("slot-1.bin", 10_240, 160, "m/q4");
    private static final Receipt NOT_RESIDENT = new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT);

    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, HOLDS);

    private static WorkerOrder.PlaceHold hold(Object order) {
        return assertInstanceOf(WorkerOrder.PlaceHold.class, order);
    }

    private void heldAtHome(int minCopies) {
        ledgers.grant(terms(1, minCopies), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
    }

    @Nested
    class R1Deadlines {
        @Test
        void anOrderCarriesWhatRemainsAndNeverATime() {
            ledgers.grant(terms(1, 1), MINUTE);
            assertEquals(MINUTE, hold(ledgers.orders.get(0)).hold().remaining());

            ledgers.now = ledgers.now.plusSeconds(20);
            ledgers.up(A, 2, HOLDS);
            assertEquals(
                    Duration.ofSeconds(39),
                    hold(ledgers.tick(SECOND).get(0)).hold().remaining());
        }

        @Test
        void aLeaseIsOverWhenEveryWorkerHasSurelyEndedItsHoldAndNobodyIsTold() {
            heldAtHome(1);
            assertEquals(List.of(), ledgers.tick(MINUTE.plusMillis(1_999)));
            assertTrue(ledgers.book.lease(id(1)).isPresent());

            assertEquals(List.of(), ledgers.tick(Duration.ofMillis(1)));
            assertEquals(LeaseState.EXPIRED, ledgers.state(1));
        }

        @Test
        void aHoldGrantedForShorterIsAskedForAgainWhenItsTimeIsOver() {
            ledgers.grant(terms(1, 1), MINUTE);
            Duration tenSeconds = Duration.ofSeconds(10);
            ledgers.answer(
                    A,
                    1,
                    Step.Kind.HOLD,
                    1,
                    new Receipt.Bounded(PREFIX, KvTier.DEVICE, tenSeconds, Receipt.Reason.BUDGET));
            assertEquals(LeaseState.HELD, ledgers.state(1));
            assertEquals(List.of(), ledgers.tick(tenSeconds));

            assertEquals(
                    Duration.ofSeconds(47),
                    hold(ledgers.tick(Duration.ofSeconds(3)).get(0)).hold().remaining());
        }

        @Test
        void aClockThatWentBackGrantsNoMoreThanTheLongestLease() {
            heldAtHome(1);
            ledgers.now = ledgers.now.minus(Duration.ofDays(1));
            ledgers.up(A, 2, HOLDS);

            assertEquals(
                    SETTINGS.maxLease(),
                    hold(ledgers.tick(SECOND).get(0)).hold().remaining());
        }
    }

    @Nested
    class R2Quota {
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
        }
    }

    @Nested
    class R3Fencing {
        @Test
        void everyLifeHasAnEpochOfItsOwnBeforeItsFirstOrder() {
            ledgers.grant(terms(1, 1), MINUTE);
            assertEquals(new Epoch(1), hold(ledgers.orders.get(0)).hold().epoch());

            ledgers.begin();
            ledgers.up(A, 2, HOLDS);
            assertEquals(new Epoch(2), hold(ledgers.tick(SECOND).get(0)).hold().epoch());
        }

        @Test
        void answersOfEarlierEpochsAndOtherLivesHaveNoEffect() {
            ledgers.grant(terms(1, 1), MINUTE);
            ledgers.answer(A, 9, Step.Kind.HOLD, 1, ACCEPTED);
            assertEquals(LeaseState.REQUESTED, ledgers.state(1));

            ledgers.run(ledgers.ledger.answered(
                    ledgers.book,
                    new RetentionLedger.WorkerAnswer(
                            A, id(1), new Epoch(0), life(1), Step.Kind.HOLD, 1, ACCEPTED, null),
                    null,
                    ledgers.live,
                    ledgers.now));
            assertEquals(LeaseState.REQUESTED, ledgers.state(1));
        }

        @Test
        void ofTwoWordsOnOneHoldTheLaterCountsWhicheverComesFirst() {
            ledgers.grant(terms(1, 1), MINUTE);
            assertTrue(ledgers.open.hears(over(1, 1)), "it ended before it was known to have begun");
            assertFalse(ledgers.open.hears(accepted(1)));
            assertFalse(ledgers.open.hears(over(1, 1)), "once more");
            assertTrue(ledgers.open.hears(over(1, 2)));

            ledgers.open.sent(ledgers.orders.get(0), ledgers.now);
            assertFalse(ledgers.open.hears(over(1, 3)), "the new order's answer will tell");
            assertTrue(ledgers.open.hears(accepted(2)));
            assertFalse(ledgers.open.hears(accepted(1)));
        }

        @Test
        void whatWasSaidOfAnEarlierLeaseOfTheSameIdDoesNotCount() {
            heldAtHome(1);
            Lease before = ledgers.lease(1);
            ledgers.end(1, EndReason.OWNER);
            ledgers.open.forget(before);
            ledgers.grant(terms(1, 1), MINUTE);

            assertFalse(ledgers.open.hears(over(1, 1)));
            assertTrue(ledgers.open.hears(accepted(ledgers.number(A, 1))));
        }

        @Test
        void whatIsLeftOfAHoldWhoseReceiptIsStillOnItsWayIsItsReceipt() {
            ledgers.grant(terms(1, 1), MINUTE);
            ledgers.ends(A, 1, 1, Loss.EVICTED, Ledgers.prefix(4));

            assertEquals(LeaseState.DEGRADED, ledgers.state(1));
            assertEquals(4, ledgers.lease(1).holders().get(0).blocks());
            assertEquals(
                    ledgers.lease(1).deadline(), ledgers.lease(1).steps().get(0).until());
        }

        private RetentionLedger.WorkerAnswer accepted(long order) {
            return new RetentionLedger.WorkerAnswer(
                    A, id(1), ledgers.book.epoch(), life(1), Step.Kind.HOLD, order, ACCEPTED, null);
        }

        private RetentionLedger.HoldOver over(long order, int change) {
            return new RetentionLedger.HoldOver(
                    A, id(1), ledgers.book.epoch(), life(1), order, change, Loss.EVICTED, null);
        }

        @Test
        void aRepeatedAnswerIsNotRecordedAgain() {
            heldAtHome(1);
            assertEquals(
                    List.of(), ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED).events());
        }

        @Test
        void anUnansweredOrderIsRepeatedUntilAnswered() {
            ledgers.grant(terms(1, 1), MINUTE);
            assertEquals(List.of(), ledgers.tick(Duration.ofSeconds(4)));
            assertEquals(1, ledgers.tick(SECOND).size());
            ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);

            // Accepted counts as of the first order: the second one may still be lost.
            assertEquals(List.of(), ledgers.tick(Duration.ofSeconds(5)));
        }
    }

    @Nested
    class R4Copies {
        @Test
        void nothingIsComputedElsewhereWhileAWriterOfCopiesHasNotSaidThatItHolds() {
            ledgers.up(A, 1, HOLDS_AND_COPIES).up(B, 1, HOLDS_AND_COPIES);
            ledgers.grant(terms(1, 2), MINUTE);

            assertEquals(List.of(), ledgers.tick(SECOND), "the copy will be the second one");

            ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
            assertInstanceOf(WorkerOrder.Copy.class, ledgers.orders.get(ledgers.orders.size() - 1));
            ledgers.answer(A, 1, Step.Kind.COPY, 1, new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED));
            WorkerOrder.Warm warm = assertInstanceOf(
                    WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0));
            assertEquals(B, warm.worker());
        }

        @Test
        void aGuessIsComputedAtItsHomeAndHeldThereAndNowhereElse() {
            ledgers.up(A, 1, HOLDS_AND_COPIES).up(B, 1, HOLDS_AND_COPIES);
            ledgers.grant(guess(1), MINUTE);
            WorkerOrder.Warm warm = assertInstanceOf(WorkerOrder.Warm.class, ledgers.orders.get(0));
            assertTrue(warm.guess());
            assertEquals(A, warm.worker());

            ledgers.answer(A, 1, Step.Kind.WARM, 1, new Receipt.Deferred(Duration.ofSeconds(3), Receipt.Reason.BUSY));
            assertEquals(List.of(), ledgers.tick(SECOND), "not now");
            assertEquals(1, ledgers.tick(Duration.ofSeconds(4)).size(), "asked again");
            ledgers.answer(A, 1, Step.Kind.WARM, 1, ACCEPTED);
            assertInstanceOf(WorkerOrder.PlaceHold.class, ledgers.orders.get(ledgers.orders.size() - 1));
            ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
            assertEquals(LeaseState.HELD, ledgers.state(1));

            ledgers.ends(A, 1, 1, Loss.REVOKED_UNDER_PRESSURE, null);
            assertEquals(List.of(), ledgers.tick(SECOND), "a guess is not repaired");
            assertEquals(LeaseState.REVOKED, ledgers.state(1));
        }

        @Test
        void aGuessWhoseHomeIsGoneEnds() {
            ledgers.up(A, 1, HOLDS).up(B, 1, HOLDS);
            ledgers.grant(guess(1), MINUTE);
            ledgers.down(A);
            ledgers.tick(SECOND);

            assertEquals(EndReason.NOTHING_LEFT, ledgers.ending(1));
            assertInstanceOf(LeaseAnswer.Refused.class, ledgers.grant(guess(2), MINUTE));
        }

        private LeaseTerms guess(long number) {
            LeaseTerms terms = terms(number, 1);
            return new LeaseTerms(
                    terms.id(),
                    terms.tenant(),
                    terms.root(),
                    terms.session(),
                    terms.model(),
                    terms.prefix(),
                    terms.blockSizeTokens(),
                    terms.bytesPerBlock(),
                    RetentionClass.SPECULATIVE,
                    terms.priority(),
                    terms.density(),
                    1,
                    terms.tiers(),
                    terms.conversation(),
                    A);
        }

        @Test
        void aSecondCopyGoesToStorageWhereEnginesWriteIt() {
            ledgers.up(A, 1, HOLDS_AND_COPIES).up(B, 1, HOLDS);
            heldAtHome(2);
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
        void aSecondCopyIsComputedOnTheCheapestWorkerWhereNobodyWritesOne() {
            ledgers.up(B, 1, HOLDS).up(C, 1, HOLDS).busy(B, 3);
            heldAtHome(2);
            WorkerOrder.Warm warm = assertInstanceOf(
                    WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0));
            assertEquals(C, warm.worker());

            ledgers.answer(C, 1, Step.Kind.WARM, 1, ACCEPTED);
            assertEquals(LeaseState.DEGRADED, ledgers.state(1), "what is warm is not yet held");
            assertEquals(C, hold(ledgers.orders.get(ledgers.orders.size() - 1)).worker());
            ledgers.answer(C, 1, Step.Kind.HOLD, 1, ACCEPTED);
            assertEquals(LeaseState.HELD, ledgers.state(1));
        }

        @Test
        void aLostHolderIsReplacedByAnotherLeasesHolderBeforeAnythingIsComputed() {
            ledgers.up(B, 1, HOLDS).up(C, 1, HOLDS);
            heldAtHome(1);
            ledgers.grant(terms(2, new SessionId("sibling"), PREFIX, 1, 50, 1, null, C), MINUTE);
            ledgers.answer(C, 1, Step.Kind.HOLD, 2, ACCEPTED);
            ledgers.down(A);

            List<WorkerOrder> repair = ledgers.tick(SECOND);

            assertEquals(1, repair.size());
            assertEquals(C, hold(repair.get(0)).worker());
        }

        @Test
        void aWorkerThatStartedAnewIsAskedFirstBecauseItsEngineMayNotHave() {
            heldAtHome(1);
            ledgers.up(A, 2, HOLDS).up(B, 1, HOLDS);
            assertEquals(life(2), hold(ledgers.tick(SECOND).get(0)).incarnation());

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
                            .map(order -> assertInstanceOf(WorkerOrder.Warm.class, order)
                                    .lease())
                            .toList());
            assertEquals(2, warms.stream().map(WorkerOrder::worker).distinct().count(), "spread over both");
        }

        @Test
        void aDrainingWorkersLeasesAreCopiedElsewhereWhileItStillHoldsThem() {
            heldAtHome(1);
            ledgers.up(B, 1, HOLDS).state(A, WorkerState.DRAINING);

            assertEquals(
                    B,
                    assertInstanceOf(
                                    WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0))
                            .worker());
            assertEquals(LeaseState.HELD, ledgers.state(1));
            assertEquals(new Evacuation(0, 1, 0, List.of()), evacuation());

            ledgers.answer(B, 1, Step.Kind.WARM, 1, ACCEPTED);
            ledgers.answer(B, 1, Step.Kind.HOLD, 1, ACCEPTED);

            assertEquals(new Evacuation(1, 0, 0, List.of()), evacuation());
            assertEquals(List.of(new WorkerOrder.ReleaseHold(A, id(1), ledgers.book.epoch())), ledgers.tick(SECOND));
            assertEquals(Loss.MOVED, ledgers.loss(1));
            assertEquals(LeaseState.HELD, ledgers.state(1));
            assertEquals(new Evacuation(1, 0, 0, List.of()), evacuation());
        }

        private Evacuation evacuation() {
            return ledgers.ledger.evacuation(ledgers.book, ledgers.live, A);
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
            hold(ledgers.orders.get(ledgers.orders.size() - 1));
            ledgers.answer(A, 1, Step.Kind.HOLD, 1, NOT_RESIDENT);

            assertFalse(ledgers.lease(1).lost().isEmpty());
        }

        @Test
        void whatNobodyElseCanTakeStaysOnTheDrainingWorkerAndIsNamed() {
            ledgers.grant(terms(1, Ledgers.ROOT, PREFIX, 1, 50, 1, null, A), MINUTE);
            ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
            ledgers.up(B, 1, HOLDS).state(A, WorkerState.DRAINING);

            assertEquals(List.of(), ledgers.tick(SECOND));
            assertEquals(LeaseState.HELD, ledgers.state(1));
            assertEquals(new Evacuation(0, 0, 1, List.of(new Evacuation.Stuck(id(1), Ledgers.ROOT, 10))), evacuation());
        }

        @Test
        void whatWasComputedOnADrainingWorkerCountsAsThereAlthoughItHoldsNothingNew() {
            ledgers.up(A, 1, HOLDS_AND_COPIES).up(B, 1, HOLDS).state(A, WorkerState.DRAINING);
            ledgers.grant(terms(1, 1), MINUTE);

            assertEquals(
                    A,
                    assertInstanceOf(WorkerOrder.Copy.class, ledgers.orders.get(0))
                            .worker());
            assertEquals(new Evacuation(0, 1, 0, List.of()), evacuation());

            ledgers.answer(A, 1, Step.Kind.COPY, 1, ACCEPTED, COPY);
            assertEquals(new Evacuation(1, 0, 0, List.of()), evacuation());
        }

        @Test
        void aWorkerThatDrainsNoLongerMayHoldAgain() {
            aDrainingWorkersLeasesAreCopiedElsewhereWhileItStillHoldsThem();
            ledgers.state(A, WorkerState.READY).down(B);

            assertEquals(A, hold(ledgers.tick(SECOND).get(0)).worker());
        }

        @Test
        void anEngineThatCannotHoldLeavesTheLeaseDegradedAndIsNotReplaced() {
            ledgers.up(A, 1, EngineCapabilities.NONE).up(B, 1, EngineCapabilities.NONE);
            ledgers.grant(terms(1, 1), MINUTE);
            ledgers.answer(A, 1, Step.Kind.HOLD, 1, new Receipt.Unsupported());

            assertEquals(LeaseState.DEGRADED, ledgers.state(1));
            assertEquals(List.of(), ledgers.tick(SECOND));
            assertEquals(List.of(), ledgers.lease(1).lost(), "it is there, only unprotected");
        }

        @Test
        void anEngineThatCannotHoldIsTouchedWhileNothingWaitsThereAndNeverSaidToHold() {
            ledgers.up(A, 1, EngineCapabilities.NONE);
            ledgers.grant(terms(1, 1), MINUTE);
            ledgers.answer(A, 1, Step.Kind.HOLD, 1, new Receipt.Unsupported());
            assertEquals(List.of(), ledgers.tick(Duration.ofSeconds(9)));

            ledgers.waiting(A, 1);
            assertEquals(List.of(), ledgers.tick(SECOND), "requests that wait come first");
            ledgers.waiting(A, 0);
            assertInstanceOf(WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0));
            ledgers.answer(A, 1, Step.Kind.WARM, 1, ACCEPTED);

            assertEquals(LeaseState.DEGRADED, ledgers.state(1), "what was computed is not held");
            assertEquals(
                    new Receipt.Unsupported(),
                    ledgers.lease(1).step(Step.Kind.HOLD, A).orElseThrow().receipt());
            assertEquals(List.of(), ledgers.tick(Duration.ofSeconds(9)));
            assertInstanceOf(WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0), "again");
        }

        @Test
        void onEnginesThatCannotHoldASecondCopyIsComputedElsewhereAndBothAreTouched() {
            ledgers.up(A, 1, EngineCapabilities.NONE).up(B, 1, EngineCapabilities.NONE);
            ledgers.grant(terms(1, 2), MINUTE);
            ledgers.answer(A, 1, Step.Kind.HOLD, 1, new Receipt.Unsupported());
            assertEquals(
                    B,
                    assertInstanceOf(
                                    WorkerOrder.Warm.class, ledgers.tick(SECOND).get(0))
                            .worker());
            ledgers.answer(B, 1, Step.Kind.WARM, 1, ACCEPTED);
            ledgers.answer(B, 1, Step.Kind.HOLD, 1, new Receipt.Unsupported());

            assertEquals(2, ledgers.tick(Duration.ofSeconds(11)).size());
        }

        @Test
        void anEngineThatCannotComputeAheadEitherIsNotAskedAgain() {
            ledgers.up(A, 1, EngineCapabilities.NONE);
            ledgers.grant(terms(1, 1), MINUTE);
            ledgers.answer(A, 1, Step.Kind.HOLD, 1, new Receipt.Unsupported());
            assertEquals(1, ledgers.tick(Duration.ofSeconds(10)).size());

            ledgers.answer(A, 1, Step.Kind.WARM, 1, new Receipt.Unsupported());

            assertEquals(List.of(), ledgers.tick(Duration.ofSeconds(20)));
        }

        @Test
        void textThatIsGoneMakesTheLeaseLost() {
            ledgers.up(B, 1, HOLDS);
            heldAtHome(1);
            ledgers.down(A).tick(SECOND);
            ledgers.answer(B, 1, Step.Kind.WARM, 1, new Receipt.Rejected(Receipt.Reason.CONTENT_UNKNOWN));

            assertEquals(LeaseState.LOST, ledgers.state(1));
        }
    }

    @Nested
    class R5Supersession {
        @Test
        void aReleasedLeaseEndsItsHoldsAndCopiesAndNobodyElses() {
            ledgers.up(A, 1, HOLDS_AND_COPIES);
            Prefix ancestor = prefix(5);
            ledgers.grant(terms(2, Ledgers.ROOT, ancestor, 1, 50, 1, null, A), MINUTE);
            ledgers.answer(A, 1, Step.Kind.HOLD, 2, ACCEPTED);
            heldAtHome(2);
            ledgers.answer(A, 1, Step.Kind.COPY, 1, ACCEPTED, COPY);

            List<WorkerOrder> orders = ledgers.end(1, EndReason.OWNER).orders();

            assertEquals(
                    List.of(
                            new WorkerOrder.ReleaseHold(A, id(1), ledgers.book.epoch()),
                            new WorkerOrder.DiscardCopy(A, COPY.location())),
                    orders);
            assertEquals(LeaseState.HELD, ledgers.state(2));
        }

        @Test
        void anAnswerThatComesAfterTheReleaseIsUndone() {
            ledgers.grant(terms(1, 1), MINUTE);
            ledgers.end(1, EndReason.OWNER);

            assertEquals(
                    List.of(new WorkerOrder.ReleaseHold(A, id(1), ledgers.book.epoch())),
                    ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED).orders());
            assertEquals(
                    List.of(new WorkerOrder.DiscardCopy(A, COPY.location())),
                    ledgers.answer(A, 1, Step.Kind.COPY, 1, ACCEPTED, COPY).orders());
        }

        @Test
        void aClosedRootReleasesItsTreeAndAClosedChildItself() {
            ledgers.grant(terms(1, 1), MINUTE);
            ledgers.grant(terms(2, Ledgers.CHILD, prefix(5), 1, 50, 1, null, A), MINUTE);
            ledgers.grant(terms(3, Ledgers.CHILD, prefix(6), 1, 50, 1, null, A), MINUTE);

            ledgers.run(ledgers.ledger.endSession(
                    ledgers.book, TenantId.DEFAULT, Ledgers.ROOT, Ledgers.CHILD, ledgers.live, ledgers.now));
            assertEquals(1, ledgers.book.leases().size());
            ledgers.run(ledgers.ledger.endSession(
                    ledgers.book, TenantId.DEFAULT, Ledgers.ROOT, Ledgers.ROOT, ledgers.live, ledgers.now));
            assertTrue(ledgers.book.leases().isEmpty());
            assertTrue(ledgers.book.ofRoot(TenantId.DEFAULT, Ledgers.ROOT).isEmpty());
        }

        @Test
        void whatEndedJustBeforeACrashIsUndoneAgainAfterIt() {
            heldAtHome(1);
            ledgers.end(1, EndReason.OWNER);
            ledgers.begin();

            assertEquals(
                    List.of(new WorkerOrder.ReleaseHold(A, id(1), new Epoch(2))),
                    ledgers.ledger
                            .repeatEnds(ledgers.book, ledgers.live, ledgers.now)
                            .orders());
        }
    }

    @Nested
    class R6Yielding {
        @Test
        void aLeaseWhoseLastHoldYieldedIsRevokedWithTheReason() {
            heldAtHome(1);
            ledgers.ends(A, 1, 1, Loss.REVOKED_UNDER_PRESSURE, null);

            assertEquals(EndReason.WORKER, ledgers.ending(1));
            assertEquals(Loss.REVOKED_UNDER_PRESSURE, ledgers.loss(1));
        }

        @Test
        void aLeaseWithAnotherHolderIsNotAndIsNotPutBackWhereItYielded() {
            ledgers.up(B, 1, HOLDS);
            heldAtHome(2);
            ledgers.tick(SECOND);
            ledgers.answer(B, 1, Step.Kind.WARM, 1, ACCEPTED);
            ledgers.answer(B, 1, Step.Kind.HOLD, 1, ACCEPTED);
            ledgers.ends(A, 1, 1, Loss.REVOKED_FOR_DENSER, null);

            assertEquals(LeaseState.DEGRADED, ledgers.state(1));
            assertEquals(List.of(), ledgers.tick(SECOND));
        }
    }

    @Nested
    class R7Incarnations {
        @Test
        void whatAnEarlierLifeAcknowledgedIsVoidForEveryLeaseAtOnce() {
            heldAtHome(1);
            ledgers.grant(terms(2, Ledgers.CHILD, prefix(5), 1, 50, 1, null, A), MINUTE);
            ledgers.answer(A, 1, Step.Kind.HOLD, 2, ACCEPTED);
            ledgers.up(A, 2, HOLDS);
            List<LedgerEvent> events = ledgers.run(ledgers.ledger.sweep(ledgers.book, ledgers.live, ledgers.now))
                    .events();

            assertEquals(List.of(new LedgerEvent.WorkerVoided(A, life(2), Loss.INCARNATION_OVER, ledgers.now)), events);
            assertEquals(LeaseState.DEGRADED, ledgers.state(1));
            assertEquals(LeaseState.DEGRADED, ledgers.state(2));
        }

        @Test
        void aWorkerThatIsReachedAgainInTheSameLifeIsAskedAgain() {
            heldAtHome(1);
            ledgers.state(A, WorkerState.UNREACHABLE).tick(SECOND);
            assertEquals(LeaseState.DEGRADED, ledgers.state(1));

            assertEquals(
                    A,
                    hold(ledgers.state(A, WorkerState.READY).tick(SECOND).get(0))
                            .worker());
        }
    }

    @Nested
    class R8Recovery {
        @Test
        void everyHoldIsAskedForAgainInTheNewLifeAndAwaitedUntilAcknowledged() {
            heldAtHome(1);
            OpenOrders nextLife = new OpenOrders();
            ledgers.begin();
            assertTrue(RetentionLedger.awaitsReassertion(ledgers.lease(1), nextLife));
            assertFalse(RetentionLedger.awaitsReassertion(ledgers.lease(1), ledgers.open));

            Instant later = ledgers.now.plusSeconds(10);
            List<WorkerOrder> orders = ledgers.ledger
                    .repair(ledgers.book, ledgers.live, nextLife, later)
                    .orders();
            assertEquals(Duration.ofSeconds(50), hold(orders.get(0)).hold().remaining());

            long number = nextLife.sent(orders.get(0), later);
            assertTrue(RetentionLedger.awaitsReassertion(ledgers.lease(1), nextLife));
            nextLife.hears(new RetentionLedger.WorkerAnswer(
                    A, id(1), ledgers.book.epoch(), life(1), Step.Kind.HOLD, number, ACCEPTED, null));
            assertFalse(RetentionLedger.awaitsReassertion(ledgers.lease(1), nextLife));
        }

        @Test
        void aHolderThatIsGoneIsReportedAndNotAwaited() {
            heldAtHome(1);
            ledgers.begin();
            ledgers.down(A).tick(SECOND);

            assertFalse(RetentionLedger.awaitsReassertion(ledgers.lease(1), new OpenOrders()));
            assertEquals(Loss.UNREACHABLE, ledgers.loss(1));
        }

        @Test
        void aRenewedLeaseIsAskedForAsLongAndCountsAsHeldMeanwhile() {
            heldAtHome(1);
            ledgers.now = ledgers.now.plusSeconds(30);
            ledgers.grant(terms(1, 1), MINUTE);
            assertEquals(LeaseState.HELD, ledgers.state(1));
            assertEquals(MINUTE, hold(ledgers.orders.get(1)).hold().remaining());
            assertEquals(
                    ledgers.now.plusSeconds(30), ledgers.lease(1).steps().get(0).until(), "as acknowledged");

            ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
            assertEquals(
                    ledgers.lease(1).deadline(), ledgers.lease(1).steps().get(0).until());
        }
    }

    @Test
    void anOrderThatWasSentAMomentLaterPromisesNoMoreThanTheLease() {
        ledgers.grant(terms(1, 1), MINUTE);
        OpenOrders late = new OpenOrders();
        late.sent(ledgers.orders.get(0), ledgers.now.plusNanos(1));
        ledgers.run(ledgers.ledger.answered(
                ledgers.book,
                new RetentionLedger.WorkerAnswer(
                        A, id(1), ledgers.book.epoch(), life(1), Step.Kind.HOLD, 1, ACCEPTED, null),
                late.asked(id(1), A, life(1)).orElseThrow(),
                ledgers.live,
                ledgers.now));

        assertEquals(
                ledgers.lease(1).deadline(), ledgers.lease(1).steps().get(0).until());
    }

    @Test
    void renewingNeverShortensALease() {
        ledgers.grant(terms(1, 1), MINUTE);
        assertEquals(
                new LeaseAnswer.Granted(id(1), MINUTE, LeaseAnswer.Bound.NONE), ledgers.grant(terms(1, 1), SECOND));
    }

    @Test
    void anIdNamesOnePrefix() {
        ledgers.grant(terms(1, 1), MINUTE);
        assertEquals(
                new LeaseAnswer.Refused(id(1), LeaseAnswer.Refusal.ID_TAKEN),
                ledgers.grant(terms(1, Ledgers.ROOT, prefix(11), 1, 50, 1, null, A), MINUTE));
    }

    @Test
    void aLeaseThatNobodyCouldServeIsRefused() {
        WorkerId gone = new WorkerId("http://gone");
        assertEquals(
                new LeaseAnswer.Refused(id(1), LeaseAnswer.Refusal.NOWHERE),
                ledgers.grant(terms(1, Ledgers.ROOT, PREFIX, 1, 50, 1, null, gone), MINUTE));
    }
}
