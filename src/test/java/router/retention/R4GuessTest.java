package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.ACCEPTED;
import static router.retention.Ledgers.B;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.HOLDS_AND_COPIES;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.SECOND;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.terms;

import java.time.Duration;
import java.util.List;
import kv.Receipt;
import kv.RetentionClass;
import org.junit.jupiter.api.Test;

/** R4: a guess is computed at its home, and never repaired. */
class R4GuessTest {
    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, HOLDS);

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
        WorkerOrder.PlaceHold place =
                assertInstanceOf(WorkerOrder.PlaceHold.class, ledgers.orders.get(ledgers.orders.size() - 1));
        assertEquals(guess(1).tiers(), place.hold().tiers(), "the worker is told every tier that is allowed");
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

    /** A session's guesses have one id, and a prefix each. */
    @Test
    void whatWasComputedForAnEarlierGuessOfTheSameIdIsNotTheNewOnes() {
        ledgers.up(A, 1, HOLDS_AND_COPIES);
        ledgers.grant(guess(1), MINUTE);
        long before = ledgers.number(Step.Kind.WARM, A, 1);
        Lease ended = ledgers.lease(1);
        ledgers.end(1, EndReason.OWNER);
        ledgers.open.forget(ended);
        ledgers.grant(guess(1), MINUTE);
        long asked = ledgers.number(Step.Kind.WARM, A, 1);
        assertTrue(asked > before);

        assertFalse(ledgers.open.hears(computed(before)));
        assertTrue(ledgers.open.hears(computed(asked)));
    }

    private WorkerAnswer computed(long order) {
        return new WorkerAnswer(
                A, Ledgers.id(1), ledgers.book.epoch(), Ledgers.life(1), Step.Kind.WARM, order, ACCEPTED, null);
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
}
