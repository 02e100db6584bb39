package agents;

import static org.junit.jupiter.api.Assertions.assertEquals;

import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import org.junit.jupiter.api.Test;
import testkit.PromptTooLong;
import workers.AdmitReply;
import workers.AdmitReply.RefusalReason;
import workers.status.WorkerLoad;

class PlacementFailuresTest {
    @Test
    void aPromptThatAWorkerRefusesIsToldWhatTheWorkerTakes() {
        InferenceFailure tooLong = refused(RefusalReason.TOO_LONG);

        assertEquals(Kind.CONTEXT_LENGTH_EXCEEDED, tooLong.kind());
        PromptTooLong.assertTold(900, 149, tooLong.message());
    }

    @Test
    void whatAWorkerCannotTakeNowMayBeAskedAgain() {
        InferenceFailure draining = refused(RefusalReason.DRAINING);

        assertEquals(Kind.OVERLOADED, draining.kind());
        assertEquals("the last worker asked refused the turn: DRAINING", draining.message());
    }

    private static InferenceFailure refused(RefusalReason reason) {
        return PlacementFailures.of(new AdmitReply.Refused(reason, WorkerLoad.idle(100), 149), 900);
    }
}
