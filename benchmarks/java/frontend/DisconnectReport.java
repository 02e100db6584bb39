package frontend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import testkit.EngineGauges;
import testkit.LeavingClient;
import testkit.NodeProcess;

/**
 * How long an engine still works for a client that has gone: from the client's reset or close to the moment when the engine
 * itself says that nothing runs and no request has a block.
 */
public final class DisconnectReport {
    private static final int ROUNDS = 20;
    private static final int WARM_UP = 5;
    private static final Duration RESET_LIMIT = Duration.ofMillis(200);
    private static final Duration CLOSE_LIMIT = Duration.ofMillis(2500);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final List<String> PATHS = List.of("/v1/chat/completions", "/v1/responses", "/v1/messages");
    /** A word every 20 ms for a minute, so that the node writes while its client goes. */
    private static final String FLOWING =
            "[sim][[{\\\"text\\\":\\\"" + "x".repeat(3000) + "\\\",\\\"pace_ms\\\":20}]][/sim]";

    private final int port;
    private final EngineGauges engine;
    private boolean met = true;

    private DisconnectReport(int port, EngineGauges engine) {
        this.port = port;
        this.engine = engine;
    }

    /** Takes nothing. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path data = Files.createTempDirectory("holdfast-disconnect");
        int port = NodeProcess.freePort();
        try (NodeProcess node = NodeProcess.start(data, port, "--workers", "1")) {
            String engine = node.get("/v1/workers").at("/data/0/id").textValue();
            new DisconnectReport(port, EngineGauges.of(engine)).run();
            node.interrupt();
        }
    }

    private void run() throws IOException {
        for (int i = 0; i < WARM_UP; i++) {
            for (String path : PATHS) {
                freedNanos(path, FLOWING, true, true);
                freedNanos(path, LeavingClient.SILENT, false, false);
            }
        }
        System.out.println("| dialect | answer | client's end | p50 ms | max ms | limit ms | |");
        System.out.println("|---|---|---|---:|---:|---:|---|");
        for (String path : PATHS) {
            row(path, "stream that flows", FLOWING, true);
            row(path, "stream in a silence", LeavingClient.SILENT, true);
            row(path, "in one piece", LeavingClient.SILENT, false);
        }
        System.out.printf(Locale.ROOT, "%n%d rounds each: %s%n", ROUNDS, met ? "met" : "not met");
    }

    private void row(String path, String answer, String prompt, boolean stream) throws IOException {
        for (boolean reset : new boolean[] {true, false}) {
            long[] nanos = new long[ROUNDS];
            for (int i = 0; i < ROUNDS; i++) {
                nanos[i] = freedNanos(path, prompt, stream, reset);
            }
            Arrays.sort(nanos);
            long worst = nanos[ROUNDS - 1];
            Duration limit = reset ? RESET_LIMIT : CLOSE_LIMIT;
            boolean within = worst <= limit.toNanos();
            met &= within;
            System.out.printf(
                    Locale.ROOT,
                    "| `%s` | %s | %s | %.0f | %.0f | %d | %s |%n",
                    path,
                    answer,
                    reset ? "reset" : "close",
                    nanos[ROUNDS / 2] / 1e6,
                    worst / 1e6,
                    limit.toMillis(),
                    within ? "PASS" : "FAIL");
        }
    }

    private long freedNanos(String path, String prompt, boolean stream, boolean reset) throws IOException {
        try (LeavingClient client = LeavingClient.ask(port, path, prompt, stream)) {
            NodeProcess.await("the engine runs the request", PATIENCE, () -> engine.running(1));
            long left = System.nanoTime();
            if (reset) {
                client.reset();
            } else {
                client.finish();
            }
            while (!engine.idle()) {
                if (System.nanoTime() - left > PATIENCE.toNanos()) {
                    throw new AssertionError("the engine still works for a client of " + path + " after " + PATIENCE);
                }
            }
            return System.nanoTime() - left;
        }
    }
}
