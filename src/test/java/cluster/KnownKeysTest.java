package cluster;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KnownKeysTest {
    @TempDir
    Path folder;

    private final KnownKeys keys = new KnownKeys(ConfigFactory.parseResources("application.conf"));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    holdfast.router.stratgy = sticky       | 2 | holdfast.router.stratgy; the nearest is holdfast.router.strategy
                    holdfsat.router.strategy = sticky      | 2 | holdfsat; the nearest is holdfast
                    router.strategy = sticky               | 2 | router; the nearest is holdfast.router
                    holdfast { cluster { store.shared = 1 } } | 2 | holdfast.cluster.store.shared; docs and keys are in application.conf
                    holdfast.frontend.prot = 1             | 2 | holdfast.frontend.prot; the nearest is holdfast.frontend.port
                    """)
    void aKeyThatNothingReadsIsToldWithItsPlaceAndTheNearest(String line, int number, String told) throws IOException {
        Path file = Files.writeString(folder.resolve("mine.conf"), "# mine\n" + line + "\n");

        StartFailure failure =
                assertThrows(StartFailure.class, () -> keys.require(ConfigFactory.parseFile(file.toFile())));

        assertEquals("configuration: " + file + ": " + number + ": there is no key " + told, failure.getMessage());
    }

    @Test
    void everyKeyOfOursAndAnyOfAkkasIsKnown() {
        keys.require(ConfigFactory.parseResources("application.conf"));
        assertDoesNotThrow(
                () -> keys.require(
                        ConfigFactory.parseString(
                                """
                akka.some.thing = 1
                holdfast.kv.block-size-tokens = 64
                holdfast.workers.openai.unsaid.block-size-tokens = ${holdfast.kv.block-size-tokens}
                holdfast.workers.engines = [{ url = "http://a", kind = llama-cpp }]
                """)));
    }
}
