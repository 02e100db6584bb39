package workers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.TurnId;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import workers.status.WorkerState;

class WorkerAdmissionsTest extends WorkerFixture {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.withManualTime();

    WorkerAdmissionsTest() {
        super(kit);
    }

    @Test
    void admitsUpToItsCapacityAndRefusesWithItsLoad() {
        awaitState(WorkerState.READY);
        assertEquals(VALIDITY, admitted("a").validFor());
        admitted("b");

        AdmitReply.Refused refused = refusal("c", 10);

        assertEquals(AdmitReply.RefusalReason.FULL, refused.reason());
        assertEquals(2, refused.load().runningRequests());
        worker.tell(new Worker.EndTurn(new TurnId("a")));
        admitted("c");
    }

    @Test
    void repeatingAnAdmissionTakesNoSecondPlace() {
        awaitState(WorkerState.READY);
        admitted("a");
        admitted("a");
        admitted("b");

        assertEquals(2, status().admittedTurns());
    }

    @Test
    void refusesWhatCouldNeverRun() {
        awaitState(WorkerState.READY);

        assertEquals(AdmitReply.RefusalReason.TOO_LONG, refusal("a", 150).reason());
        assertEquals(AdmitReply.RefusalReason.TOO_LONG, refusal("a", 1000).reason());
        int longest = refusal("a", 1000).longestPrompt();
        assertEquals(149, longest);
        worker.tell(new Worker.AdmitTurn(new TurnId("b"), longest, 4, null, null, admissions.getRef()));
        admissions.expectMessageClass(AdmitReply.Admitted.class);
    }

    @Test
    void anAdmissionLapsesWithoutASignOfLife() {
        awaitState(WorkerState.READY);
        admitted("alive");
        admitted("dead");

        time.timePasses(VALIDITY.minusSeconds(1));
        worker.tell(new Worker.RenewAdmission(new TurnId("alive")));
        assertEquals(2, status().admittedTurns());
        time.timePasses(Duration.ofSeconds(1));

        statuses.awaitAssert(() -> {
            assertEquals(1, status().admittedTurns());
            return true;
        });
        assertTrue(metrics.scrape().contains("holdfast_worker_admissions_lapsed_total 1.0"));
    }

    @Test
    void aTurnThatOutlivedAnEarlierWorkerCountsAgain() {
        awaitState(WorkerState.READY);
        worker.tell(new Worker.RenewAdmission(new TurnId("orphan")));

        assertEquals(1, status().admittedTurns());
    }
}
