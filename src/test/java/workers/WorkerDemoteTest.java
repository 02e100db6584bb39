package workers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import kv.Epoch;
import kv.Incarnation;
import kv.KvTier;
import kv.LeaseId;
import kv.Receipt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import testkit.ActorTestKitExtension;
import workers.holds.HoldEnd;
import workers.status.ColderTiers;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerState;

/** What a worker moves from its device's 100 blocks, of which 4 may be held, to its host, where 4 may be held as well. */
class WorkerDemoteTest extends HoldFixture {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.withManualTime();

    private static final LeaseId LEASE = new LeaseId(0, 1);
    private static final Epoch EPOCH = new Epoch(7);

    WorkerDemoteTest() {
        super(kit);
    }

    private void held(int hostBlocks) {
        EngineFacts facts = new EngineFacts(
                List.of("sim-echo"),
                2,
                100,
                8192,
                2,
                150,
                new EngineCapabilities(true, null, 0, new ColderTiers(hostBlocks, 0, true, true, false)));
        engine.answers(facts, 1000, 0, 0);
        pass(WorkerFixture.settings().heartbeatInterval());
        await(() -> assertEquals(facts, status().facts()));
        compute(3);
        assertEquals(new Receipt.Accepted(), hold(1, 3, 1, LONG));
    }

    private void demote(Epoch epoch, Incarnation incarnation) {
        worker.tell(new Worker.DemoteHold(LEASE, epoch, incarnation, ++orders, keeper.getRef()));
    }

    @Test
    void whatIsDearOnTheDeviceIsHeldInTheHostForTheRestOfItsTime() {
        held(100);
        Duration passed = LONG.dividedBy(4);
        nanos.addAndGet(passed.toNanos());
        demote(EPOCH, incarnation());
        Duration left = LONG.minus(passed);
        RetentionNews.HoldAnswered answered = keeper.expectMessageClass(RetentionNews.HoldAnswered.class);
        assertEquals(new Receipt.Bounded(prefix(3), KvTier.HOST, left, Receipt.Reason.RENT), answered.receipt());
        assertEquals(orders, answered.order(), "a later word than the one on the hold");
        assertEquals(
                List.of(KvTier.HOST),
                status().holds().stream().map(hold -> hold.tier()).toList());
        assertEquals(left, status().holds().get(0).remaining());
        await(() -> assertEquals(List.of("release all", "hold 1 of 1 2 3", "hold 1 of 1 2 3"), engine.orders));
        String scraped = metrics.scrape();
        assertTrue(scraped.contains("holdfast_worker_holds_total{receipt=\"accepted\"} 1.0"), scraped);
        assertFalse(scraped.contains("holdfast_worker_holds_total{receipt=\"bounded\"}"), "one hold is counted once");
    }

    private static List<CompletionStage<Receipt>> refusals() {
        return List.of(
                CompletableFuture.failedFuture(new IOException("connection refused")),
                CompletableFuture.completedFuture(new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT)),
                CompletableFuture.completedFuture(
                        new Receipt.Bounded(prefix(2), KvTier.HOST, LONG, Receipt.Reason.BUDGET)));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void whatTheEngineDoesNotMoveWhollyStaysWhereItIsAsItWasAcknowledged(CompletionStage<Receipt> refusal) {
        held(100);
        engine.answersHostHolds(refusal);
        Duration passed = LONG.dividedBy(4);
        nanos.addAndGet(passed.toNanos());
        demote(EPOCH, incarnation());
        await(() -> assertEquals(
                List.of("release all", "hold 1 of 1 2 3", "hold 1 of 1 2 3", "hold 1 of 1 2 3"), engine.orders));
        await(() -> assertEquals(KvTier.DEVICE, status().holds().get(0).tier()));
        assertEquals(LONG.minus(passed), status().holds().get(0).remaining());
        assertEquals(prefix(3), status().holds().get(0).prefix());
        keeper.expectNoMessage(Duration.ZERO);

        engine.answersHostHolds(null);
        demote(EPOCH, incarnation());
        assertEquals(
                Receipt.Reason.RENT,
                assertInstanceOf(Receipt.Bounded.class, answer()).reason(),
                "it may be moved another time");
    }

    @Test
    void whatTheEngineKeepsNowhereAnyMoreIsOverAsItWasAcknowledged() {
        held(100);
        long acknowledged = orders;
        engine.answersHolds(CompletableFuture.completedFuture(new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT)));
        demote(EPOCH, incarnation());
        RetentionNews.HoldEnded over = keeper.expectMessageClass(RetentionNews.HoldEnded.class);
        assertEquals(
                new RetentionNews.HoldEnded(ID, LEASE, EPOCH, incarnation(), acknowledged, 1, HoldEnd.EVICTED, null),
                over);
        assertEquals(List.of(), status().holds());
    }

    @Test
    void whatYieldsInTheHostBeforeTheEngineHasAnsweredIsOverAsItWasAcknowledged() {
        held(100);
        long acknowledged = orders;
        engine.answersHostHolds(new CompletableFuture<>());
        demote(EPOCH, incarnation());
        pass(LONG);
        RetentionNews.HoldEnded over = keeper.expectMessageClass(RetentionNews.HoldEnded.class);
        assertEquals(HoldEnd.EXPIRED, over.reason());
        assertEquals(acknowledged, over.order());
        assertEquals(1, over.change());
    }

    @Test
    void aWorkerThatTakesNoHoldsMovesNone() {
        held(100);
        Incarnation life = incarnation();
        engine.fails();
        worker.tell(new Worker.ReportFailure("stream broke"));
        await(() -> assertEquals(WorkerState.UNREACHABLE, status().state()));
        demote(EPOCH, life);
        assertEquals(KvTier.DEVICE, status().holds().get(0).tier());
        assertEquals(List.of("release all", "hold 1 of 1 2 3"), engine.orders);
    }

    @Test
    void r3AnOrderOfAnotherEpochOrLifeChangesNothing() {
        held(100);
        demote(new Epoch(6), incarnation());
        demote(EPOCH, new Incarnation(9, 9));
        assertEquals(
                List.of(KvTier.DEVICE),
                status().holds().stream().map(hold -> hold.tier()).toList());
        keeper.expectNoMessage(Duration.ZERO);
    }

    @Test
    void withoutRoomInTheHostItStaysWhereItIs() {
        held(50);
        demote(EPOCH, incarnation());
        assertEquals(
                List.of(KvTier.DEVICE),
                status().holds().stream().map(hold -> hold.tier()).toList());
        keeper.expectNoMessage(Duration.ZERO);
        assertEquals(List.of("release all", "hold 1 of 1 2 3"), engine.orders);
    }
}
