package workers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.TestProbe;
import inference.TurnId;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import kv.Epoch;
import kv.Hold;
import kv.Incarnation;
import kv.KvTier;
import kv.LeaseId;
import kv.Receipt;
import kv.RetentionClass;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import workers.holds.HoldEnd;
import workers.status.HeldTier;
import workers.status.WorkerState;

/** What a worker promises to keep, until when, and what ends it. */
class WorkerHoldsTest extends HoldFixture {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.withManualTime();

    WorkerHoldsTest() {
        super(kit);
    }

    @Test
    void r1AHoldEndsAtItsDeadlineWithEveryPeerDead() {
        compute(3);
        assertEquals(new Receipt.Accepted(), hold(1, 3, 1, Duration.ofSeconds(10)));
        assertEquals(3, status().load().deviceBlocksHeld());
        engine.fails();
        keeper.stop();

        pass(Duration.ofSeconds(9));
        assertEquals(1, status().holds().size());
        pass(Duration.ofSeconds(1));

        await(() -> assertEquals(List.of(), status().holds()));
        assertEquals(0, status().load().deviceBlocksHeld());
        await(() -> assertEquals(List.of("release all", "hold 1 of 1 2 3", "release 1"), engine.orders));
    }

    @Test
    void r1AWorkerThatStartsAgainReleasesWhatNobodyAssertedAnew() {
        compute(2);
        hold(1, 2, 1, LONG);
        kit.kit().stop(worker);
        engine.orders.clear();
        worker = spawn();
        awaitEvents();

        assertEquals(List.of(), status().holds());
        await(() -> assertEquals(2, status().load().deviceBlocksCached()));
        assertEquals(new Receipt.Accepted(), hold(1, 2, 1, LONG));
        assertEquals(List.of("release all", "hold 1 of 1 2"), engine.orders);
    }

    @Test
    void r2ADenserHoldTakesTheBudgetAndTheCheaperOneIsTold() {
        compute(3);
        branch(11, 13);
        hold(1, 3, 1, LONG);

        tell(asked(2, 13, 2, LONG));

        RetentionNews.HoldEnded ended = keeper.expectMessageClass(RetentionNews.HoldEnded.class);
        assertEquals(new LeaseId(0, 1), ended.lease());
        assertEquals(HoldEnd.REVOKED_FOR_DENSER, ended.reason());
        assertEquals(new Receipt.Accepted(), answer());
        await(() -> assertTrue(engine.orders.contains("release 1"), engine.orders::toString));
        assertEquals(
                new Receipt.Bounded(prefix(1), KvTier.DEVICE, LONG, Receipt.Reason.BUDGET),
                hold(3, 3, 1, LONG),
                "what is left of the budget");
        assertEquals(List.of(new HeldTier(KvTier.DEVICE, 4, 4)), status().held());
    }

    @Test
    void r2WhatIsHeldInHostMemoryIsShownWithItsOwnBudget() {
        engine.answers(ScriptedEngine.TIERED, 1000, 0, 0);
        pass(Duration.ofSeconds(1));
        await(() -> assertEquals(ScriptedEngine.TIERED, status().facts()));
        compute(3);
        branch(11, 12);
        hold(1, 2, 1, LONG);
        tell(new Hold(new LeaseId(0, 2), new Epoch(7), prefix(12), RetentionClass.HISTORY, KvTier.HOST, 50, 1, LONG));

        assertEquals(new Receipt.Accepted(), answer());
        assertEquals(List.of(new HeldTier(KvTier.DEVICE, 2, 4), new HeldTier(KvTier.HOST, 3, 8)), status().held());
        assertEquals(2, status().load().deviceBlocksHeld());
    }

    @Test
    void r3ACommandOfAnEarlierEpochChangesNothing() {
        compute(2);
        hold(1, 2, 1, LONG);

        tell(new Hold(new LeaseId(0, 1), new Epoch(6), prefix(1), RetentionClass.HISTORY, KvTier.DEVICE, 50, 9, LONG));
        assertEquals(new Receipt.Rejected(Receipt.Reason.STALE_EPOCH), answer());
        worker.tell(new Worker.ReleaseHold(new LeaseId(0, 1), new Epoch(6), ++orders));
        assertEquals(2, status().holds().get(0).prefix().blocks());

        worker.tell(new Worker.ReleaseHold(new LeaseId(0, 1), new Epoch(7), ++orders));
        assertEquals(List.of(), status().holds());
    }

    @Test
    void r6RunningTurnsComeFirst() {
        compute(4);
        hold(1, 4, 1, LONG);
        TestProbe<AdmitReply> admissions = kit.kit().createTestProbe();
        worker.tell(new Worker.AdmitTurn(new TurnId("own"), 100, 20, prefix(4), null, admissions.getRef()));
        admissions.expectMessageClass(AdmitReply.Admitted.class);
        assertEquals(1, status().holds().size(), "there is room for both");

        worker.tell(new Worker.AdmitTurn(new TurnId("other"), 100, 20, null, null, admissions.getRef()));

        admissions.expectMessageClass(AdmitReply.Admitted.class);
        assertEquals(
                HoldEnd.REVOKED_UNDER_PRESSURE,
                keeper.expectMessageClass(RetentionNews.HoldEnded.class).reason());
        assertEquals(List.of(), status().holds());
    }

    @Test
    void r7ARestartedEngineHoldsNothingAndOldClaimsAreRefused() {
        compute(2);
        hold(1, 2, 1, LONG);
        Incarnation before = incarnation();
        engine.answers(ScriptedEngine.HOLDING, 2000, 0, 0);
        pass(Duration.ofSeconds(1));

        RetentionNews.HoldEnded ended = keeper.expectMessageClass(RetentionNews.HoldEnded.class);
        assertEquals(HoldEnd.INCARNATION_OVER, ended.reason());
        assertEquals(before, ended.incarnation());
        await(() -> assertNotEquals(before, incarnation()));
        worker.tell(new Worker.HoldPrefix(asked(1, 2, 1, LONG), before, ++orders, keeper.getRef()));
        assertEquals(new Receipt.Rejected(Receipt.Reason.STALE_INCARNATION), answer());
    }

    @Test
    void anEngineWithoutHoldsIsNotPretendedToHaveThem() {
        engine.answers(ScriptedEngine.FACTS, 1000, 0, 0);
        pass(Duration.ofSeconds(1));
        await(() -> assertEquals(ScriptedEngine.FACTS, status().facts()));
        compute(1);
        engine.orders.clear();

        assertEquals(new Receipt.Unsupported(), hold(1, 1, 1, LONG));
        assertEquals(List.of(), engine.orders);
    }

    @Test
    void whatTheEngineEvictsIsToldWithWhatIsLeft() {
        compute(3);
        hold(1, 3, 1, LONG);

        events.publish(Payloads.removed(3));

        RetentionNews.HoldEnded ended = keeper.expectMessageClass(RetentionNews.HoldEnded.class);
        assertEquals(HoldEnd.EVICTED, ended.reason());
        assertEquals(prefix(2), ended.left());
        assertEquals(2, status().load().deviceBlocksHeld());
    }

    @Test
    void anEngineThatFailsToHoldLeavesNothingBooked() {
        compute(2);
        engine.answersHolds(CompletableFuture.failedFuture(new IOException("connection refused")));

        assertEquals(new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED), hold(1, 2, 1, LONG));
        assertEquals(List.of(), status().holds());
    }

    @Test
    void aHoldThatIsOverBeforeTheEngineAgreedIsNeverAcknowledged() {
        compute(2);
        CompletableFuture<Receipt> late = new CompletableFuture<>();
        engine.answersHolds(late);
        tell(asked(1, 2, 1, Duration.ofSeconds(1)));
        assertEquals(1, status().holds().size());

        pass(Duration.ofSeconds(1));
        assertEquals(new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED), answer());
        late.complete(new Receipt.Accepted());

        await(() -> assertTrue(engine.orders.contains("release 1"), engine.orders::toString));
        assertEquals(List.of(), status().holds());
        keeper.expectNoMessage(Duration.ofMillis(10));
    }

    @Test
    void r1ALateRepetitionOfACommandDoesNotRestartItsDeadline() {
        compute(2);
        assertEquals(new Receipt.Accepted(), hold(1, 2, 1, Duration.ofSeconds(10)));
        pass(Duration.ofSeconds(9));

        worker.tell(
                new Worker.HoldPrefix(asked(1, 2, 1, Duration.ofSeconds(10)), incarnation(), orders, keeper.getRef()));
        assertEquals(1, status().holds().size());
        pass(Duration.ofSeconds(1));

        await(() -> assertEquals(List.of(), status().holds()));
        RetentionNews.HoldEnded ended = keeper.expectMessageClass(RetentionNews.HoldEnded.class);
        assertEquals(orders, ended.order());
        assertEquals(1, ended.change());
    }

    @Test
    void r3AnOrderThatWasOvertakenHasNoEffect() {
        compute(3);
        hold(1, 3, 1, LONG);
        worker.tell(new Worker.ReleaseHold(new LeaseId(0, 1), new Epoch(7), ++orders));
        await(() -> assertEquals(List.of(), status().holds()));

        worker.tell(new Worker.HoldPrefix(asked(1, 3, 1, LONG), incarnation(), orders - 1, keeper.getRef()));

        assertEquals(new Receipt.Rejected(Receipt.Reason.STALE_EPOCH), answer());
        assertEquals(List.of(), status().holds());
    }

    @Test
    void aDrainingWorkerKeepsWhatItHoldsForThoseWhoComeBackAndTakesNothingNew() {
        compute(3);
        hold(1, 2, 1, LONG);
        worker.tell(new Worker.SetDraining(true, statuses.getRef()));
        assertEquals(WorkerState.DRAINING, statuses.receiveMessage().state());

        assertEquals(new Receipt.Rejected(Receipt.Reason.DRAINING), hold(2, 3, 1, LONG));
        assertEquals(new Receipt.Accepted(), hold(1, 2, 1, LONG), "asserted again");
        TestProbe<AdmitReply> admissions = kit.kit().createTestProbe();
        worker.tell(new Worker.AdmitTurn(new TurnId("back"), 10, 4, prefix(2), null, admissions.getRef()));
        admissions.expectMessageClass(AdmitReply.Admitted.class);
        worker.tell(new Worker.AdmitTurn(new TurnId("new"), 10, 4, null, null, admissions.getRef()));
        assertEquals(
                AdmitReply.RefusalReason.DRAINING,
                admissions.expectMessageClass(AdmitReply.Refused.class).reason());

        worker.tell(new Worker.SetDraining(false, statuses.getRef()));
        assertEquals(WorkerState.READY, statuses.receiveMessage().state());
        assertEquals(new Receipt.Accepted(), hold(2, 3, 1, LONG));
    }
}
