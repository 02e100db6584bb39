package router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.ROOT;
import static router.retention.Ledgers.START;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.terms;

import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import kv.Epoch;
import kv.Incarnation;
import kv.LeaseId;
import kv.Receipt;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import router.LeaseKeeper.Command;
import router.retention.EndReason;
import router.retention.LeaseAnswer;
import router.retention.LeaseBook;
import router.retention.LeaseState;
import router.retention.LeaseTerms;
import router.retention.LedgerEvent;
import router.retention.Ledgers;
import router.retention.Loss;
import testkit.ActorTestKitExtension;
import workers.RetentionNews;
import workers.Worker;
import workers.holds.HoldEnd;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

class LeaseKeeperTest extends KeeperFixture {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.with(CONFIG);

    LeaseKeeperTest() {
        super(kit);
    }

    @Test
    void whatIsDecidedIsStoredAndSurvivesARestart() {
        EventSourcedBehaviorTestKit<Command, LedgerEvent, LeaseBook> entity = EventSourcedBehaviorTestKit.create(
                kit.kit().system(),
                behavior("stored"),
                new EventSourcedBehaviorTestKit.SerializationSettings(true, false, true, true, false));
        begun(entity);
        var granted =
                entity.<LeaseAnswer>runCommand(replyTo -> new LeaseKeeper.Grant(terms(1, 1), MINUTE, null, replyTo));
        assertInstanceOf(LedgerEvent.LeaseGranted.class, granted.event());
        assertInstanceOf(LeaseAnswer.Granted.class, granted.reply());
        assertEquals(new Epoch(1), asked().hold().epoch());
        assertInstanceOf(
                LedgerEvent.LeaseRenewed.class,
                entity.<LeaseAnswer>runCommand(replyTo -> new LeaseKeeper.Renew(id(1), MINUTE.multipliedBy(2), replyTo))
                        .event());
        entity.<LeaseAnswer>runCommand(replyTo -> new LeaseKeeper.Grant(terms(2, 1), MINUTE, null, replyTo));
        assertEquals(
                new LedgerEvent.LeasesEnded(List.of(id(2)), EndReason.OWNER, START),
                entity.runCommand(new LeaseKeeper.Release(id(2), null)).event());
        var before = entity.getState().snapshot();

        var after = entity.restart().state();

        assertEquals(before.leases(), after.snapshot().leases());
        assertEquals(before.ended(), after.snapshot().ended());
        assertEquals(before.budgets(), after.snapshot().budgets());
    }

    @Test
    void r2WhoWaitsForReceiptsIsToldWhatWasRefusedOrCutShortUntilItIsGivenUp() {
        ActorRef<Command> keeper = kit.kit().spawn(behavior("short"));
        keeper.tell(new LeaseKeeper.Grant(terms(1, 1), Duration.ofDays(1), null, answers.getRef()));
        keeper.tell(new LeaseKeeper.Grant(large(2), MINUTE.multipliedBy(60), null, answers.getRef()));
        keeper.tell(new LeaseKeeper.Grant(large(3), MINUTE, null, answers.getRef()));
        answer(asked(), new Receipt.Accepted());
        answer(asked(), new Receipt.Accepted());

        LeaseAnswer longest = new LeaseAnswer.Granted(id(1), Ledgers.SETTINGS.maxLease(), LeaseAnswer.Bound.MAX_LEASE);
        LeaseAnswer refused = new LeaseAnswer.Refused(id(3), LeaseAnswer.Refusal.QUOTA);
        // No time passes: the refused lease is not waited for.
        LeaseKeeper.ReceiptList receipts = receipts(keeper, id(1), id(2), id(3));
        assertEquals(
                List.of(id(1), id(2)),
                receipts.leases().stream().map(shown -> shown.lease().id()).toList());
        assertEquals(longest, receipts.answers().get(0));
        assertEquals(
                LeaseAnswer.Bound.QUOTA,
                assertInstanceOf(LeaseAnswer.Granted.class, receipts.answers().get(1))
                        .bound());
        assertEquals(refused, receipts.answers().get(2));
        String counted = metrics.scrape();
        assertTrue(counted.contains("holdfast_leases_bounded_total{reason=\"max_lease\"} 1.0"), counted);
        assertTrue(counted.contains("holdfast_leases_bounded_total{reason=\"quota\"} 1.0"), counted);
        assertTrue(counted.contains("holdfast_leases_refused_total{reason=\"quota\"} 1.0"), counted);

        keeper.tell(new LeaseKeeper.Release(id(2), null));
        worker.expectMessageClass(Worker.ReleaseHold.class);
        assertEquals(List.of(longest, refused), receipts(keeper).answers());
        keeper.tell(new LeaseKeeper.Grant(large(3), MINUTE, null, answers.getRef()));
        answer(asked(), new Receipt.Accepted());
        assertEquals(
                List.of(longest), receipts(keeper, id(3)).answers(), "what is granted in the end is refused no longer");
        keeper.tell(new LeaseKeeper.ReleaseSession(TenantId.DEFAULT, ROOT, ROOT));
        assertEquals(List.of(), receipts(keeper).answers());
        kit.kit().stop(keeper);
    }

    /** As large as a lease may be. */
    private static LeaseTerms large(long number) {
        LeaseTerms small = terms(number, 1);
        return new LeaseTerms(
                small.id(),
                small.tenant(),
                small.root(),
                small.session(),
                small.model(),
                small.prefix(),
                small.blockSizeTokens(),
                (1L << 42) / small.prefix().blocks(),
                small.retentionClass(),
                small.priority(),
                small.density(),
                small.minCopies(),
                small.tiers(),
                small.conversation(),
                small.home());
    }

    private static LeaseKeeper.ReceiptList receipts(ActorRef<Command> keeper, LeaseId... expected) {
        TestProbe<LeaseKeeper.ReceiptList> lists = kit.kit().createTestProbe();
        keeper.tell(
                new LeaseKeeper.AwaitReceipts(TenantId.DEFAULT, ROOT, ROOT, List.of(expected), MINUTE, lists.getRef()));
        return lists.receiveMessage();
    }

    @Test
    void anOperatorEndsALeaseOfItsOwnTenantOnly() {
        EventSourcedBehaviorTestKit<Command, LedgerEvent, LeaseBook> entity = EventSourcedBehaviorTestKit.create(
                kit.kit().system(),
                behavior("operator"),
                new EventSourcedBehaviorTestKit.SerializationSettings(true, false, true, true, false));
        begun(entity);
        entity.<LeaseAnswer>runCommand(replyTo -> new LeaseKeeper.Grant(terms(1, 1), MINUTE, null, replyTo));

        assertFalse(entity.<LeaseKeeper.RevokeReply>runCommand(
                        replyTo -> new LeaseKeeper.Revoke(new TenantId("other"), id(1), replyTo))
                .reply()
                .found());
        assertTrue(entity.<LeaseKeeper.RevokeReply>runCommand(
                        replyTo -> new LeaseKeeper.Revoke(TenantId.DEFAULT, id(1), replyTo))
                .reply()
                .found());
        LeaseKeeper.LeaseList list = entity.<LeaseKeeper.LeaseList>runCommand(
                        replyTo -> new LeaseKeeper.GetLeases(TenantId.DEFAULT, ROOT, 10, replyTo))
                .reply();
        assertEquals(LeaseState.REVOKED, list.leases().get(0).lease().state());
        assertEquals(
                0,
                entity.<LeaseKeeper.LeaseList>runCommand(
                                replyTo -> new LeaseKeeper.GetLeases(new TenantId("other"), null, 10, replyTo))
                        .reply()
                        .leases()
                        .size());
    }

    @Test
    void aClosedSessionsHoldsAreReleased() {
        ActorRef<Command> keeper = holding("closed");

        keeper.tell(new LeaseKeeper.ReleaseSession(TenantId.DEFAULT, ROOT, ROOT));

        worker.expectMessage(new Worker.ReleaseHold(id(1), new Epoch(1), 2));
        assertEquals(List.of(), resume(keeper).leases());
        kit.kit().stop(keeper);
    }

    @Test
    void theNewsOfAnEndedHoldAndOfANewLifeArrive() {
        ActorRef<Command> keeper = holding("news");
        roster.joined(A, new Incarnation(1, 2), FACTS, WorkerState.READY, WorkerLoad.idle(100));
        passes(SETTINGS.tick());
        Worker.HoldPrefix anew = asked();
        assertEquals(new Incarnation(1, 2), anew.incarnation());
        answer(anew, new Receipt.Accepted());

        anew.keeper()
                .tell(new RetentionNews.HoldEnded(
                        A,
                        id(1),
                        new Epoch(1),
                        anew.incarnation(),
                        anew.order(),
                        1,
                        HoldEnd.REVOKED_UNDER_PRESSURE,
                        null));

        answers.awaitAssert(() -> {
            assertEquals(List.of(), resume(keeper).leases());
            return true;
        });
        TestProbe<LeaseKeeper.LeaseList> lists = kit.kit().createTestProbe();
        keeper.tell(new LeaseKeeper.GetLeases(TenantId.DEFAULT, null, 10, lists.getRef()));
        var ended = lists.receiveMessage().leases().get(0).lease();
        assertEquals(LeaseState.REVOKED, ended.state());
        assertEquals(
                Loss.REVOKED_UNDER_PRESSURE,
                Objects.requireNonNull(ended.steps().get(0).ended()).reason());
        kit.kit().stop(keeper);
    }

    @Test
    void whatALostWorkerHeldIsComputedOnAnotherAndHeldThere() {
        ActorRef<Command> keeper = holding("repair");
        roster.lost(A);
        roster.joined(Ledgers.B, LIFE, FACTS, WorkerState.READY, WorkerLoad.idle(100));
        passes(SETTINGS.workerGrace());
        resume(keeper);
        passes(SETTINGS.tick());

        Worker.WarmPrefix warm = worker.awaitAssert(() -> {
            passes(SETTINGS.tick());
            return worker.expectMessageClass(Worker.WarmPrefix.class, Duration.ofMillis(200));
        });
        assertEquals(Ledgers.conversation(), warm.conversation());
        warm.keeper()
                .tell(new RetentionNews.WarmAnswered(
                        Ledgers.B,
                        warm.lease(),
                        warm.epoch(),
                        warm.incarnation(),
                        warm.order(),
                        new Receipt.Accepted()));
        Worker.HoldPrefix hold = asked();
        hold.keeper()
                .tell(new RetentionNews.HoldAnswered(
                        Ledgers.B,
                        hold.hold().lease(),
                        hold.hold().epoch(),
                        LIFE,
                        hold.order(),
                        new Receipt.Accepted()));

        answers.awaitAssert(() -> {
            assertEquals(LeaseState.HELD, resume(keeper).leases().get(0).state());
            return true;
        });
        kit.kit().stop(keeper);
    }

    @Test
    void aSharedLeaseIsHeldWhereEachOwnerRanAndAskedForThereInTheNextLife() {
        Incarnation other = new Incarnation(1, 2);
        roster.joined(Ledgers.B, other, FACTS, WorkerState.READY, WorkerLoad.idle(100));
        ActorRef<Command> keeper = kit.kit().spawn(behavior("shared"));
        ran(keeper, "one", A);
        answer(asked(), new Receipt.Accepted());

        ran(keeper, "other", Ledgers.B);
        Worker.HoldPrefix there = asked();
        assertEquals(other, there.incarnation());
        there.keeper()
                .tell(new RetentionNews.HoldAnswered(
                        Ledgers.B, id(1), new Epoch(1), other, there.order(), new Receipt.Accepted()));
        answers.awaitAssert(() -> {
            assertEquals(2, stored(keeper).holders().size());
            return true;
        });
        kit.kit().stop(keeper);

        ActorRef<Command> next = kit.kit().spawn(behavior("shared"));
        Incarnation first = asked().incarnation();
        Incarnation second = asked().incarnation();
        assertEquals(Set.of(LIFE, other), Set.of(first, second));
        kit.kit().stop(next);
    }

    private void ran(ActorRef<Command> keeper, String session, WorkerId home) {
        LeaseTerms terms = terms(1, ROOT, Ledgers.PREFIX, 1, 50, 1.0, Ledgers.conversation(), home);
        keeper.tell(new LeaseKeeper.Grant(terms, MINUTE, new SessionId(session), answers.getRef()));
        answers.expectMessageClass(LeaseAnswer.Granted.class);
    }

    @Test
    void whatADrainingWorkerHoldsIsPulledByTheOneThatTakesItOver() {
        roster.joined(A, LIFE, PULLING, WorkerState.READY, WorkerLoad.idle(100));
        ActorRef<Command> keeper = holding("pulled");
        roster.joined(A, LIFE, PULLING, WorkerState.DRAINING, WorkerLoad.idle(100));
        roster.joined(Ledgers.B, LIFE, PULLING, WorkerState.READY, WorkerLoad.idle(100));

        Worker.WarmPrefix warm = worker.awaitAssert(() -> {
            passes(SETTINGS.tick());
            return worker.expectMessageClass(Worker.WarmPrefix.class, Duration.ofMillis(200));
        });

        assertEquals(A, warm.source());
        kit.kit().stop(keeper);
    }

    @Test
    void aLeaseEndsAtItsDeadlineByItself() {
        ActorRef<Command> keeper = holding("deadline");
        passes(MINUTE.plus(Ledgers.SETTINGS.skewBound()));

        answers.awaitAssert(() -> {
            assertEquals(List.of(), resume(keeper).leases());
            assertTrue(
                    metrics.scrape().contains("holdfast_leases_holds_overstayed_total 1.0"),
                    "its worker has not said that it ended");
            return true;
        });
        worker.expectNoMessage(Duration.ZERO);
        kit.kit().stop(keeper);
    }

    /** Waits for the first epoch to be stored. */
    private void begun(EventSourcedBehaviorTestKit<Command, LedgerEvent, LeaseBook> entity) {
        worker.awaitAssert(() -> {
            assertNotNull(entity.getState());
            return true;
        });
    }
}
