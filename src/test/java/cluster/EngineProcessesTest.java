package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real processes, with a shell in the engine's place: it announces itself and ends when its input closes. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class EngineProcessesTest {

    private static final String ANNOUNCE =
            """
            echo starting
            echo "args $*" >&2
            echo 'READY {"url":"http://127.0.0.1:7001","events":"tcp://127.0.0.1:7002","replay":"tcp://127.0.0.1:7003","model":"m"}'
            """;
    private static final List<String> ENGINE = shell(ANNOUNCE + "while read -r _; do :; done");

    @TempDir
    Path logs;

    @Test
    void startsAllAndReadsWhereTheyServe() {
        try (EngineProcesses engines = EngineProcesses.launch(ENGINE, logs, settings("count = 2"))) {
            EngineAddress expected = new EngineAddress(
                    URI.create("http://127.0.0.1:7001"),
                    URI.create("tcp://127.0.0.1:7002"),
                    URI.create("tcp://127.0.0.1:7003"),
                    "m");
            assertEquals(List.of(expected, expected), engines.awaitReady());
        }
    }

    @Test
    void closingEndsThem() {
        EngineProcesses engines = EngineProcesses.launch(ENGINE, logs, settings("count = 2"));
        engines.awaitReady();
        List<Long> pids = engines.pids();

        engines.close();

        assertTrue(pids.stream().noneMatch(pid -> ProcessHandle.of(pid).isPresent()));
    }

    @Test
    void aKilledEngineComesBackOnItsPorts() throws Exception {
        try (EngineProcesses engines =
                EngineProcesses.launch(ENGINE, logs, settings("count = 1, restart-backoff = 10ms"))) {
            engines.awaitReady();
            long killed = engines.pids().get(0);

            ProcessHandle.of(killed).orElseThrow().destroyForcibly();

            String again = "args --port 7001 --events-port 7002 --replay-port 7003";
            Eventually.get(() -> {
                assertNotEquals(killed, engines.pids().get(0));
                assertTrue(Files.readString(logs.resolve("engine-1.log")).contains(again));
                return true;
            });
        }
    }

    @Test
    void anEngineWhoseOutputCannotBeLoggedAnyMoreIsStartedAgain() throws Exception {
        Path log = logs.resolve("engine-1.log");
        try (EngineProcesses engines = EngineProcesses.launch(
                shell(ANNOUNCE + "while sleep 0.05; do echo more; done"),
                logs,
                settings("count = 1, restart-backoff = 10ms, stop-timeout = 50ms"))) {
            engines.awaitReady();
            long first = engines.pids().get(0);
            Files.delete(log);
            Files.createDirectory(log);
            Eventually.get(() -> {
                assertTrue(ProcessHandle.of(first).isEmpty());
                return true;
            });
            Files.delete(log);
            Eventually.get(() -> {
                assertTrue(ProcessHandle.of(engines.pids().get(0)).isPresent());
                return true;
            });
        }
    }

    @Test
    void anEngineThatEndsBeforeItServesIsGivenUpWithItsLogNamed() {
        try (EngineProcesses engines =
                EngineProcesses.launch(shell("echo no such model >&2; exit 3"), logs, settings("count = 1"))) {
            String message = String.valueOf(
                    assertThrows(StartFailure.class, engines::awaitReady).getMessage());
            assertEquals("engine-1 ended with status 3 before it served: see " + logs.resolve("engine-1.log"), message);
        }
    }

    @Test
    void anEngineThatNeverServesIsGivenUpAtTheDeadline() {
        try (EngineProcesses engines = EngineProcesses.launch(
                shell("while read -r _; do :; done"), logs, settings("count = 1, ready-timeout = 50ms"))) {
            String message = String.valueOf(
                    assertThrows(StartFailure.class, engines::awaitReady).getMessage());
            assertTrue(message.contains("ready-timeout") && message.contains("engine-1.log"), message);
        }
    }

    @Test
    void anEngineThatIgnoresItsInputIsKilled() {
        EngineProcesses engines = EngineProcesses.launch(
                shell(ANNOUNCE + "exec sleep 600"), logs, settings("count = 1, stop-timeout = 50ms"));
        engines.awaitReady();
        long pid = engines.pids().get(0);

        engines.close();

        assertTrue(ProcessHandle.of(pid).isEmpty());
    }

    @Test
    void whatAnEngineWritesIsItsLog() throws Exception {
        try (EngineProcesses engines = EngineProcesses.launch(ENGINE, logs, settings("count = 1"))) {
            engines.awaitReady();
        }
        assertEquals(
                List.of("args ", "starting"),
                Files.readAllLines(logs.resolve("engine-1.log")).stream()
                        .sorted()
                        .toList());
    }

    @Test
    void anAnnouncementWithoutAMemberIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> EngineAddress.parse("{\"url\":\"http://127.0.0.1:1\"}"));
        assertThrows(IllegalArgumentException.class, () -> EngineAddress.parse("nonsense"));
    }

    @Test
    void anAddressBecomesTheNodesConfiguration() {
        String json =
                "{\"url\":\"http://127.0.0.1:1\",\"events\":\"tcp://127.0.0.1:2\",\"replay\":\"tcp://127.0.0.1:3\",\"model\":\"m\"}";
        assertEquals(
                Map.of(
                        "url", "http://127.0.0.1:1",
                        "events", "tcp://127.0.0.1:2",
                        "replay", "tcp://127.0.0.1:3"),
                EngineAddress.parse(json).toEntry());
    }

    private static EngineProcessSettings settings(String overrides) {
        Config own = ConfigFactory.parseString("holdfast.cluster.engines { " + overrides + " }");
        return EngineProcessSettings.of(own.withFallback(ConfigFactory.load()));
    }

    private static List<String> shell(String script) {
        return List.of("sh", "-c", script, "engine");
    }
}
