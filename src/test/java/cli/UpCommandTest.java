package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code up} refuses before it has started or written anything. */
class UpCommandTest {
    @TempDir
    Path folder;

    private final StringWriter err = new StringWriter();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    --http-port=99999       | --http-port: holdfast.frontend.port: must be 0 to 65535, got 99999
                    --workers=0             | --workers: holdfast.cluster.engines.count: must be 1 to 64, got 0
                    --workers=65            | --workers: holdfast.cluster.engines.count: must be 1 to 64, got 65
                    --blocks-per-worker=7   | --blocks-per-worker: holdfast.cluster.engines.blocks: must be 16 to 16777216, got 7
                    --block-size-tokens=0   | --block-size-tokens: holdfast.kv.block-size-tokens: must be 1 to 1024, got 0
                    --timing=slow           | --timing: holdfast.cluster.engines.timing: timing is 'measured', 'fast' or a factor of measured speed above 0, not 'slow'
                    --timing=-1             | --timing: holdfast.cluster.engines.timing: timing is 'measured', 'fast' or a factor of measured speed above 0, not '-1'
                    """)
    void anOptionOutOfItsRangeIsOneLineThatNamesIt(String option, String told) {
        assertEquals("holdfast: configuration: " + told + "\n", refused(option));
    }

    @Test
    void aFileThatIsMissingOrMisspeltIsOneLine() throws IOException {
        Path missing = folder.resolve("missing.conf");
        assertEquals(
                "holdfast: --config: there is no file " + missing + " that can be read\n",
                refused("--config=" + missing));
        Path misspelt = Files.writeString(folder.resolve("mine.conf"), "holdfast.router.stratgy = sticky");
        assertEquals(
                "holdfast: configuration: " + misspelt
                        + ": 1: there is no key holdfast.router.stratgy; the nearest is holdfast.router.strategy\n",
                refused("--config=" + misspelt));
    }

    private String refused(String option) {
        Path data = folder.resolve("data");
        int code = Main.commandLine().setErr(new PrintWriter(err, true)).execute("up", "--data-dir=" + data, option);
        assertEquals(1, code, err.toString());
        assertFalse(Files.exists(data), "the data directory was made");
        String told = err.toString();
        err.getBuffer().setLength(0);
        return told;
    }
}
