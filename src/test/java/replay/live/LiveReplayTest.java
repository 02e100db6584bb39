package replay.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import replay.Comparison;
import replay.PolicySummary;
import replay.trace.Trace;
import replay.trace.TraceReader;
import testkit.SimMemory;
import workers.simserver.SimServer;
import workers.simserver.SimServerSettings;

class LiveReplayTest {
    /** Two sessions that share eight blocks; the first has two turns. */
    private static final String TRACE =
            """
            {"sid":"a","lin":0,"k":0,"gk":"start","lk":"root","in":640,"out":5,"b":[[1,10]]}
            {"sid":"a","lin":0,"k":1,"gap":0.5,"gk":"tool","in":1280,"out":7,"b":[[1,20]]}
            {"sid":"b","lin":0,"k":0,"gk":"start","lk":"root","in":640,"out":3,"b":[[1,8],[50,2]]}
            """;

    @TempDir
    Path directory;

    private Comparison replay(URI node, String model, AtomicInteger ended) throws Exception {
        Path file = Files.writeString(directory.resolve("trace.jsonl"), TRACE);
        Trace trace = TraceReader.read(List.of(file), false);
        LiveReplay.Settings settings = new LiveReplay.Settings(node, model, 64, 1, 600, 0.01, 3);
        return new LiveReplay(trace, settings, System::nanoTime, ended::incrementAndGet).run();
    }

    @Test
    void everyTurnIsSentAndWhatTheEngineReusedIsReported() throws Exception {
        SimServerSettings engine = new SimServerSettings(
                "127.0.0.1", 0, 0, 0, "sim-echo", 64, 512, 8, 8192, 1 << 20, "100", SimMemory.deviceOnly(), true, 7);
        AtomicInteger ended = new AtomicInteger();
        try (SimServer server = SimServer.start(engine)) {
            PolicySummary live = replay(URI.create(server.url()), "sim-echo", ended)
                    .policies()
                    .get(0);

            assertEquals(3, ended.get());
            assertEquals(3, live.served());
            // Turn 2 finds turn 1's ten blocks, session b the eight it shares; markup shifts blocks by less than one.
            assertTrue(live.inputTokens() - live.prefillTokens() >= (10 + 8 - 2) * 64L, live::toString);
        }
    }

    @Test
    void aTurnThatFailsIsCountedAndQuoted() throws Exception {
        SimServerSettings engine = new SimServerSettings(
                "127.0.0.1", 0, 0, 0, "sim-echo", 64, 512, 8, 8192, 1 << 20, "100", SimMemory.deviceOnly(), true, 7);
        try (SimServer server = SimServer.start(engine)) {
            Comparison result = replay(URI.create(server.url()), "no-such-model", new AtomicInteger());

            assertEquals(3, result.failedTurns());
            assertEquals("3 turns failed; the first:", result.failures().get(0));
            assertTrue(result.failures().get(1).contains("404"), result.failures()::toString);
        }
    }
}
