package inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SeededRequestTest {
    private static final TurnId TURN = new TurnId("018bcfe5-6800-7abc-8def-000000000001");

    @Test
    void aRequestWithoutASeedGetsThatOfItsTurnAndNothingElseChanges() {
        InferenceRequest plain = request(TURN, 1.0, null);

        InferenceRequest seeded = plain.seeded();

        assertEquals(Objects.requireNonNull(seeded.sampling().seed()), TURN.seed());
        assertEquals(plain, seeded.answeredBy(TURN, seeded.sampling().seeded(null), plain.hints()), "but for the seed");
        assertEquals(seeded, request(new TurnId(TURN.value()), 1.0, null).seeded(), "on whatever node");
    }

    @Test
    void aSeedOfTheClientStays() {
        InferenceRequest theirs = request(TURN, 1.0, 7L);
        assertSame(theirs, theirs.seeded());
    }

    @Test
    void anAnswerWithoutChanceNeedsNone() {
        InferenceRequest likeliest = request(TURN, 0.0, null);
        assertSame(likeliest, likeliest.seeded());
    }

    @Test
    void everyTurnHasItsOwnAndSoHasEveryAnswerToOneRequest() {
        assertNotEquals(TURN.seed(), TURN.choice(1).seed());
        assertNotEquals(TURN.choice(1).seed(), TURN.choice(2).seed());
        assertNotEquals(TURN.seed(), new TurnId("018bcfe5-6800-7abc-8def-000000000002").seed());
    }

    @Test
    void anyEngineTakesIt() {
        for (int choice = 0; choice < 1000; choice++) {
            long seed = TURN.choice(choice).seed();
            assertTrue(seed >= 0 && seed <= Integer.MAX_VALUE, "seed " + seed);
        }
    }

    private static InferenceRequest request(TurnId turn, double temperature, @Nullable Long seed) {
        return new InferenceRequest(
                turn,
                "m",
                new SessionContext(TenantId.DEFAULT, new SessionId("s"), null, false),
                List.of(),
                ToolChoice.AUTO,
                true,
                List.of(Message.text(Role.USER, "hi")),
                new Sampling(
                        9, null, temperature, 0.9, null, seed, null, null, List.of("x"), null, null, Sampling.UNBIASED),
                ReasoningEffort.LOW,
                AgentHints.NONE,
                List.of());
    }
}
