package cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplayCommandTest {
    @TempDir
    private Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private String trace = "";

    @BeforeEach
    void writeTrace() throws IOException {
        StringBuilder rows = new StringBuilder();
        for (int session = 0; session < 6; session++) {
            for (int k = 0; k < 5; k++) {
                int blocks = 10 + 3 * k;
                rows.append("{\"sid\":\"s%d\",\"lin\":0,\"k\":%d,%s\"in\":%d,\"out\":20,\"b\":[[1,5],[%d,%d]]}%n"
                        .formatted(
                                session,
                                k,
                                k == 0 ? "" : "\"gap\":1.0,",
                                blocks * 64,
                                100 * (session + 1),
                                blocks - 5));
            }
        }
        trace = Files.writeString(directory.resolve("trace.jsonl"), rows).toString();
    }

    private int holdfast(String... arguments) {
        String[] command = new String[arguments.length + 1];
        command[0] = "replay";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        return Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(command);
    }

    @Test
    void writesTheSameReportTwice() throws Exception {
        for (String name : new String[] {"one", "two"}) {
            int code = holdfast(
                    trace,
                    "--strategy=random,joint",
                    "--workers=2",
                    "--blocks-per-worker=60",
                    "--seed=3",
                    "--out=" + directory.resolve(name));
            assertEquals(0, code, err.toString());
        }
        byte[] report = Files.readAllBytes(directory.resolve("one/report.json"));
        assertArrayEquals(report, Files.readAllBytes(directory.resolve("two/report.json")));
        JsonNode json = new ObjectMapper().readTree(report);
        for (String key : new String[] {"trace", "workers", "seed", "infiniteCacheHitRate", "policies"}) {
            assertTrue(json.has(key), key);
        }
        JsonNode policy = json.get("policies").get(1);
        assertEquals("joint", policy.get("strategy").textValue());
        for (String key : new String[] {
            "retention",
            "turns",
            "hitRate",
            "ttftMillis",
            "itlMillis",
            "sessionSeconds",
            "prefillTokens",
            "recomputedTokens",
            "loadImbalance"
        }) {
            assertTrue(policy.has(key), key);
        }
        JsonNode timing =
                new ObjectMapper().readTree(directory.resolve("one/timing.json").toFile());
        assertTrue(timing.has("runSeconds"));
        assertTrue(timing.get("policies").get(0).get("decisionNanos").get("p99").longValue() > 0);
        assertTrue(out.toString().contains("| joint"), out.toString());
    }

    @Test
    void wrongOptionsAreAnsweredWithOneClearLine() {
        assertRefused("known are random, round-robin", trace, "--strategy=best");
        assertRefused("no such file", directory.resolve("missing.jsonl").toString());
        assertRefused("does not divide", trace, "--block-size-tokens=48");
        assertRefused("'measured', 'fast' or a factor", trace, "--timing=slow");
        assertRefused("--workers must be at least 1, got 0", trace, "--workers=0");
        assertRefused("--sessions must be at least 1, got 0", trace, "--sessions=0");
        assertRefused("--block-size-tokens must be at least 1, got -64", trace, "--block-size-tokens=-64");
        assertRefused("--gap-cap-seconds must be a number of at least 0, got -1", trace, "--gap-cap-seconds=-1");
        assertRefused("--host-blocks-per-worker must be at least 0, got -5", trace, "--host-blocks-per-worker=-5");
        assertRefused("--max-sequences must be at least 1, got 0", trace, "--max-sequences=0");
        assertRefused("--max-batched-tokens must be at least --max-sequences", trace, "--max-batched-tokens=1");
        assertRefused("--turns must be at least 1, got -1", trace, "--turns=-1");
        assertRefused("--strategy names one twice", trace, "--strategy=joint,joint");
        assertRefused("--model has no effect without --live", trace, "--model=m");
        assertRefused("--workers has no effect with --live", trace, "--live=http://127.0.0.1:1", "--workers=2");
        assertRefused("--live is no URL", trace, "--live=localhost:8642");
        assertRefused("no node answers at http://127.0.0.1:1 ", trace, "--live=http://127.0.0.1:1");
        assertRefused("--out: cannot make the directory", trace, "--out=" + trace + "/report");
    }

    @Test
    void wrongOptionsAreRefusedBeforeTheTraceIsRead() {
        String missing = directory.resolve("missing.jsonl").toString();
        assertRefused("--strategy: unknown strategy 'jiont'; known are random", missing, "--strategy=jiont");
        assertRefused("--retention: unknown retention policy 'leeses'; known are none", missing, "--retention=leeses");
        assertRefused("--retention: the retention policy 'static-ttl' needs", missing, "--retention=static-ttl");
        assertRefused("--timing: timing is 'measured'", missing, "--timing=slow");
    }

    @Test
    void namesOfAListMayHaveBlanksAround() {
        assertEquals(0, holdfast(trace, "--strategy= joint, sticky", "--retention=none , leases"), err.toString());
        assertTrue(out.toString().contains("| sticky   | leases "), out.toString());
    }

    @Test
    void rowsLeftOutAndTurnsThatFailAreTold() throws IOException {
        Files.writeString(Path.of(trace), "{\"sid\":1}\n", StandardOpenOption.APPEND);
        assertEquals(0, holdfast(trace, "--skip-bad-rows", "--strategy=joint", "--blocks-per-worker=18"));
        assertTrue(err.toString().contains("1 bad rows were left out"), err.toString());
        assertTrue(err.toString().contains("turns failed: prompt and answer are larger than a worker's 18 blocks"));
        assertEquals(1, holdfast(trace, "--skip-bad-rows", "--strategy=joint", "--blocks-per-worker=3"));
        assertTrue(out.toString().contains(" - |"), out.toString());
    }

    @Test
    void progressElsewhereThanOnATerminalIsALineNowAndThen() {
        AtomicLong seconds = new AtomicLong();
        try (ReplayProgress progress =
                new ReplayProgress("replay", 4, new PrintWriter(out), () -> seconds.get() * 1_000_000_000L, false)) {
            for (long at : new long[] {1, 10, 19, 25}) {
                seconds.set(at);
                progress.turnEnded();
            }
        }
        assertEquals(String.format("replay: 2 of 4 turns%nreplay: 4 of 4 turns%n"), out.toString());
    }

    private void assertRefused(String reason, String... arguments) {
        err.getBuffer().setLength(0);
        assertTrue(holdfast(arguments) != 0);
        assertTrue(err.toString().contains(reason), err.toString());
    }
}
