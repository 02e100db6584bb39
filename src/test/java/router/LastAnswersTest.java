package router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.ROOT;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.terms;

import inference.SessionId;
import inference.TenantId;
import java.util.List;
import org.junit.jupiter.api.Test;
import router.retention.LeaseAnswer;

class LastAnswersTest {
    private final LastAnswers answers = new LastAnswers(2);

    private LeaseAnswer refused(long lease) {
        LeaseAnswer answer = new LeaseAnswer.Refused(id(lease), LeaseAnswer.Refusal.NOWHERE);
        answers.answered(terms(lease, 1), answer);
        return answer;
    }

    @Test
    void ofTooManyTheEldestAreForgotten() {
        LeaseAnswer first = refused(1);
        LeaseAnswer second = refused(2);
        assertEquals(List.of(first, second), answers.of(TenantId.DEFAULT, ROOT));
        refused(1);
        LeaseAnswer third = refused(3);

        assertEquals(List.of(first, third), answers.of(TenantId.DEFAULT, ROOT), "an answer that is repeated is new");
        assertFalse(answers.refused(id(2)));
    }

    @Test
    void onlyTheLastAnswerForALeaseCountsAndOnlyIfItFellShort() {
        refused(1);
        assertTrue(answers.refused(id(1)));
        answers.answered(terms(1, 1), new LeaseAnswer.Granted(id(1), MINUTE, LeaseAnswer.Bound.NONE));

        assertFalse(answers.refused(id(1)));
        assertEquals(List.of(), answers.of(TenantId.DEFAULT, ROOT));
    }

    @Test
    void theyAreOfOneSessionAndOneTenant() {
        LeaseAnswer refused = refused(1);
        answers.over(TenantId.DEFAULT, ROOT, new SessionId("another"));

        assertEquals(List.of(), answers.of(new TenantId("other"), ROOT));
        assertEquals(List.of(refused), answers.of(TenantId.DEFAULT, ROOT));
        answers.over(TenantId.DEFAULT, ROOT, ROOT);
        assertEquals(List.of(), answers.of(TenantId.DEFAULT, ROOT));
    }
}
