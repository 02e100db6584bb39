package workers.status;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EngineFactsTest {

    @ParameterizedTest
    @CsvSource({"8, 1, 8", "8, 0.5, 4", "8, 0.001, 1", "8, 2, 16", "10000000, 1000, 2147483647"})
    void turnsAtOnceAreAMultipleOfTheRequestsAndNeverNone(int requests, double turnsPerSlot, int turns) {
        EngineFacts facts = new EngineFacts(List.of("m"), 2, 100, 8192, requests, 100, EngineCapabilities.NONE);
        assertEquals(turns, facts.withTurnsPerSlot(turnsPerSlot).maxSequences());
    }
}
