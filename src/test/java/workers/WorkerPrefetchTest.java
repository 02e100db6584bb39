package workers;

import static org.junit.jupiter.api.Assertions.assertEquals;

import akka.actor.testkit.typed.javadsl.TestProbe;
import inference.TurnId;
import java.util.List;
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
import workers.status.ColderTiers;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;

/** What a worker brings to its device ahead of a turn: its engine has 24 blocks there, where holds may take none, and 100 in its host. */
class WorkerPrefetchTest extends HoldFixture {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.withManualTime();

    private static final EngineFacts TIERED = new EngineFacts(
            List.of("sim-echo"),
            2,
            24,
            8192,
            2,
            150,
            new EngineCapabilities(true, null, 0, new ColderTiers(100, 0, true, true, false)));
    private static final LeaseId LEASE = new LeaseId(0, 1);
    private static final Epoch EPOCH = new Epoch(7);

    WorkerPrefetchTest() {
        super(kit);
    }

    private void heldInHost() {
        waiting(0);
        compute(3);
        assertEquals(new Receipt.Bounded(prefix(3), KvTier.HOST, LONG, Receipt.Reason.BUDGET), hold(1, 3, 1, LONG));
        engine.orders.clear();
    }

    /** So many requests wait in the engine. */
    private void waiting(int requests) {
        engine.answers(TIERED, 1000, requests, requests);
        int before = engine.probes.get();
        pass(WorkerFixture.settings().heartbeatInterval());
        await(() -> assertEquals(before + 1, engine.probes.get()));
        await(() -> assertEquals(requests, status().load().waitingRequests()));
        await(() -> assertEquals(TIERED, status().facts()));
    }

    private void prefetch(LeaseId lease, Epoch epoch, Incarnation incarnation) {
        worker.tell(new Worker.PrefetchHold(lease, epoch, incarnation));
    }

    /** What the engine is told in the end, after all that it might have been told before. */
    private void onlyTheLastIsDone() {
        prefetch(LEASE, EPOCH, incarnation());
        await(() -> assertEquals(List.of("prefetch 1 2 3"), engine.orders));
    }

    @Test
    void whatIsHeldInTheHostIsBroughtToTheDevice() {
        heldInHost();
        onlyTheLastIsDone();
        assertEquals(KvTier.HOST, status().holds().get(0).tier(), "where it goes on being held");
    }

    @Test
    void r3AnOrderOfAnotherEpochLifeOrLeaseChangesNothing() {
        heldInHost();
        prefetch(LEASE, new Epoch(6), incarnation());
        prefetch(LEASE, EPOCH, new Incarnation(9, 9));
        prefetch(new LeaseId(0, 2), EPOCH, incarnation());
        onlyTheLastIsDone();
    }

    @Test
    void r6WhileRequestsWaitNothingIsMoved() {
        heldInHost();
        waiting(1);
        prefetch(LEASE, EPOCH, incarnation());
        waiting(0);
        onlyTheLastIsDone();
    }

    @Test
    void r6ARunningTurnsRoomIsNotTaken() {
        heldInHost();
        TestProbe<AdmitReply> admissions = kit.kit().createTestProbe();
        worker.tell(new Worker.AdmitTurn(new TurnId("big"), 40, 4, null, null, admissions.getRef()));
        admissions.expectMessageClass(AdmitReply.Admitted.class);
        prefetch(LEASE, EPOCH, incarnation());
        worker.tell(new Worker.EndTurn(new TurnId("big")));
        onlyTheLastIsDone();
    }

    @Test
    void r2AHoldIsKeptInNoTierThatItsLeaseDoesNotAllow() {
        waiting(0);
        compute(3);
        Hold onDeviceOnly = new Hold(LEASE, EPOCH, prefix(3), RetentionClass.SPECULATIVE, KvTier.DEVICE, 50, 1, LONG);

        tell(onDeviceOnly);
        assertEquals(new Receipt.Rejected(Receipt.Reason.BUDGET), answer());
        assertEquals(List.of(), status().holds());

        assertEquals(new Receipt.Bounded(prefix(3), KvTier.HOST, LONG, Receipt.Reason.BUDGET), hold(1, 3, 1, LONG));
        tell(onDeviceOnly);
        assertEquals(new Receipt.Rejected(Receipt.Reason.BUDGET), answer());
        assertEquals(List.of(), status().holds(), "what was held there before is let go");
        await(() -> assertEquals(List.of("release all", "hold 1 of 1 2 3", "release 1"), engine.orders));
    }

    @Test
    void whatIsHeldOnTheDeviceStaysWhereItIs() {
        compute(3);
        assertEquals(new Receipt.Accepted(), hold(1, 3, 1, LONG));
        prefetch(LEASE, EPOCH, incarnation());
        worker.tell(new Worker.ReleaseHold(LEASE, EPOCH, ++orders));
        await(() -> assertEquals(List.of("release all", "hold 1 of 1 2 3", "release 1"), engine.orders));
    }
}
