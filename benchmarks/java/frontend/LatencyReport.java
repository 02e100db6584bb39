package frontend;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import testkit.NodeProcess;

/**
 * What a node adds to the simulated engine's latency: the same streams go to the engine itself and through the node, by turns, so
 * that both meet the same disturbances.
 */
public final class LatencyReport {
    private static final int ROUNDS = 4;
    private static final Duration ENGINE_WARM_UP = Duration.ofSeconds(40);
    /**
     * By then the JIT compiler takes a twelfth of the CPU time that turns take, as measured on a slow machine; two thirds of it in
     * the first minute.
     */
    private static final Duration NODE_WARM_UP = Duration.ofMinutes(6);
    /** What may be added at {@link #AIMED_STREAMS} to all turns' first tokens and between chunks, in milliseconds. */
    private static final double AIM_P50 = 2;

    private static final double AIM_P99 = 10;
    private static final int AIMED_STREAMS = 16;

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final URI direct;
    private final URI throughNode;

    private LatencyReport(String engine, String node) {
        direct = URI.create(engine + "/v1/chat/completions");
        throughNode = URI.create(node + "/v1/chat/completions");
    }

    /** Takes the numbers of streams to compare with; none for all that are published. */
    public static void main(String[] args) throws IOException, InterruptedException {
        int[] streams = args.length == 0
                ? new int[] {1, AIMED_STREAMS, 64}
                : Stream.of(args).mapToInt(Integer::parseInt).toArray();
        Path data = Files.createTempDirectory("holdfast-latency");
        try (NodeProcess node = NodeProcess.start(data, NodeProcess.freePort(), "--workers", "1")) {
            String engine = node.get("/v1/workers").at("/data/0/id").textValue();
            LatencyReport report = new LatencyReport(engine, node.baseUrl());
            try {
                report.run(streams);
            } finally {
                report.threads.shutdown();
            }
            node.interrupt();
        }
    }

    private void run(int... streams) {
        run(direct, AIMED_STREAMS, ENGINE_WARM_UP, new Latencies());
        run(throughNode, AIMED_STREAMS, NODE_WARM_UP, new Latencies());
        System.out.println(
                "| streams | | answers | TTFT p50 ms | p99 ms | first turns' p50 | p99 | later turns' p50 | p99 "
                        + "| between chunks p50 ms | p99 ms |");
        System.out.println("|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        boolean met = true;
        for (int each : streams) {
            met &= compare(each, Duration.ofSeconds(each == 1 ? 10 : 7));
        }
        boolean judged = IntStream.of(streams).anyMatch(each -> each == AIMED_STREAMS);
        System.out.printf(
                Locale.ROOT,
                "%nAdded at %d streams, at most %.0f ms p50 and %.0f ms p99: %s%n",
                AIMED_STREAMS,
                AIM_P50,
                AIM_P99,
                judged ? met ? "met" : "not met" : "not measured");
    }

    /** Prints three rows; tells whether they are within the aim, as far as there is one for this many streams. */
    private boolean compare(int streams, Duration each) {
        Latencies engine = new Latencies();
        Latencies node = new Latencies();
        for (int round = 0; round < ROUNDS; round++) {
            run(direct, streams, each, engine);
            run(throughNode, streams, each, node);
        }
        double[] without = engine.figures();
        double[] with = node.figures();
        double[] added = new double[with.length];
        for (int i = 0; i < with.length; i++) {
            added[i] = with[i] - without[i];
        }
        print(streams, "engine", engine.answers(), without);
        print(streams, "through Holdfast", node.answers(), with);
        print(streams, "added", null, added);
        return streams != AIMED_STREAMS
                || IntStream.of(0, added.length - 2)
                        .allMatch(p50 -> added[p50] <= AIM_P50 && added[p50 + 1] <= AIM_P99);
    }

    /** Starts of the streams are spread over the length of an answer. */
    private void run(URI target, int streams, Duration length, Latencies latencies) {
        long answerNanos = Duration.ofMillis(StreamingClient.CHUNKS * StreamingClient.PACE_MILLIS)
                .toNanos();
        long begin = System.nanoTime();
        List<CompletableFuture<Void>> running = new ArrayList<>();
        for (int i = 0; i < streams; i++) {
            StreamingClient stream = new StreamingClient(
                    client, target, begin + answerNanos * i / streams, begin + length.toNanos(), latencies);
            running.add(CompletableFuture.runAsync(stream, threads));
        }
        running.forEach(CompletableFuture::join);
    }

    private static void print(int streams, String what, @Nullable Integer answers, double[] figures) {
        System.out.printf(
                Locale.ROOT,
                "| %d | %s | %s | %s |%n",
                streams,
                what,
                answers == null ? "" : answers.toString(),
                DoubleStream.of(figures)
                        .mapToObj(figure -> String.format(Locale.ROOT, "%.2f", figure))
                        .collect(Collectors.joining(" | ")));
    }
}
