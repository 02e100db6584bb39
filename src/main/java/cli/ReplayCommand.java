package cli;

import cluster.RouterConfig;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import replay.Comparison;
import replay.ComparisonTable;
import replay.OfflineReplay;
import replay.ReplaySettings;
import replay.ReportFiles;
import replay.live.LiveReplay;
import replay.trace.Trace;
import replay.trace.TraceException;
import replay.trace.TraceReader;

/** {@code holdfast replay}: a recorded workload run again, under several policies. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        description = {
            "Runs a recorded workload again, in virtual time over simulated engines, under each of the given strategies, "
                    + "and compares them.",
            "The same trace, options and seed give the same report, byte for byte."
        })
final class ReplayCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = "TRACE",
            description =
                    "Trace files, plain or gzip: agent turns with lineages, agent turns with spacing, or Mooncake "
                            + "JSONL; the first row tells. Several files are parts of one trace.")
    private List<Path> traces;

    @Option(
            names = "--strategy",
            split = ",",
            paramLabel = "NAME",
            defaultValue = "random,round-robin,least-loaded,power-of-two,sticky,dynamo-cost,cache-aware,joint",
            description = "Routing strategies to compare, separated by commas (default: ${DEFAULT-VALUE}).")
    private List<String> strategies;

    @Option(
            names = "--workers",
            paramLabel = "N",
            defaultValue = "4",
            description = "Simulated engines (default: ${DEFAULT-VALUE}).")
    private int workers;

    @Option(
            names = "--blocks-per-worker",
            paramLabel = "BLOCKS",
            defaultValue = "16384",
            description = "KV blocks of each engine (default: ${DEFAULT-VALUE}).")
    private int blocksPerWorker;

    @Option(
            names = "--block-size-tokens",
            paramLabel = "TOKENS",
            description = "Tokens in a block; must divide the trace's own block size (default: the trace's).")
    private int blockSizeTokens;

    @Option(
            names = "--sessions",
            paramLabel = "C",
            defaultValue = "64",
            description = "Sessions kept running at once; a trace with recorded arrivals ignores it "
                    + "(default: ${DEFAULT-VALUE}).")
    private int sessions;

    @Option(
            names = "--gap-cap-seconds",
            paramLabel = "S",
            defaultValue = "600",
            description = "Longest pause inside a session; longer recorded ones are cut (default: ${DEFAULT-VALUE}).")
    private double gapCapSeconds;

    @Option(names = "--turns", paramLabel = "N", description = "Only the first N turns of the trace (default: all).")
    private int turns;

    @Option(
            names = "--timing",
            paramLabel = "PRESET",
            defaultValue = "measured",
            description =
                    "What the engines cost: measured, fast, or a factor of measured (default: " + "${DEFAULT-VALUE}).")
    private String timing;

    @Option(
            names = "--max-sequences",
            paramLabel = "N",
            defaultValue = "256",
            description = "Requests that an engine runs at once (default: ${DEFAULT-VALUE}).")
    private int maxSequences;

    @Option(
            names = "--max-batched-tokens",
            paramLabel = "TOKENS",
            defaultValue = "8192",
            description = "Token budget of an engine's pass (default: ${DEFAULT-VALUE}).")
    private int maxBatchedTokens;

    @Option(
            names = "--event-delay-millis",
            paramLabel = "MS",
            defaultValue = "1",
            description = "From a change of an engine's blocks until the index shows it (default: ${DEFAULT-VALUE}).")
    private double eventDelayMillis;

    @Option(
            names = "--load-interval-millis",
            paramLabel = "MS",
            defaultValue = "50",
            description = "How late, and how often at most, a router hears of an engine's load "
                    + "(default: ${DEFAULT-VALUE}).")
    private double loadIntervalMillis;

    @Option(
            names = "--expected-output-tokens",
            paramLabel = "TOKENS",
            defaultValue = "256",
            description = "Length of every answer as told to the router, which never sees the recorded one "
                    + "(default: ${DEFAULT-VALUE}).")
    private int expectedOutputTokens;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "0",
            description = "Seed of every random choice (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--skip-bad-rows",
            description = "Leave out rows that cannot be read, and report their number, instead of stopping.")
    private boolean skipBadRows;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Directory for report.json and timing.json (default: none written).")
    private @Nullable Path out;

    @Option(
            names = "--live",
            paramLabel = "URL",
            description = "Send the trace over HTTP to the node at this address instead. Engines and strategy are the "
                    + "node's own; start it with the trace's block size.")
    private @Nullable URI live;

    @Option(
            names = "--time-scale",
            paramLabel = "X",
            defaultValue = "1",
            description = "With --live: wall-clock seconds per second of the trace, for gaps and for the report. 0.05 "
                    + "suits engines with timing \"fast\" (default: ${DEFAULT-VALUE}).")
    private double timeScale;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            defaultValue = "sim-echo",
            description = "With --live: model to ask for (default: ${DEFAULT-VALUE}).")
    private String model;

    @Override
    public Integer call() throws IOException, InterruptedException {
        try {
            return replay();
        } catch (TraceException | IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private int replay() throws TraceException, IOException, InterruptedException {
        Trace whole = TraceReader.read(traces, skipBadRows);
        Trace trace = turns > 0 ? whole.first(turns) : whole;
        long start = System.nanoTime();
        LiveReplay.Result sent = live == null ? null : live(trace, live);
        Comparison comparison = sent == null ? offline(trace) : sent.comparison();
        long runNanos = System.nanoTime() - start;
        PrintWriter print = spec.commandLine().getOut();
        print.print(ComparisonTable.of(comparison));
        print.flush();
        if (out != null) {
            ReportFiles.write(comparison, runNanos, out);
        }
        if (sent == null || sent.comparison().failedTurns() == 0) {
            return 0;
        }
        PrintWriter err = spec.commandLine().getErr();
        err.println(sent.comparison().failedTurns() + " turns failed; the first:");
        sent.failures().forEach(err::println);
        return 1;
    }

    private LiveReplay.Result live(Trace trace, URI node) throws InterruptedException {
        LiveReplay.Settings settings = new LiveReplay.Settings(
                node,
                model,
                blockSizeTokens > 0 ? blockSizeTokens : trace.blockSizeTokens(),
                sessions,
                gapCapSeconds,
                timeScale,
                seed);
        try (ReplayProgress progress = new ReplayProgress("live", trace.turns().size())) {
            return new LiveReplay(trace, settings, System::nanoTime, progress::turnEnded).run();
        }
    }

    private Comparison offline(Trace trace) throws InterruptedException {
        int atOnce = Math.min(strategies.size(), Runtime.getRuntime().availableProcessors());
        OfflineReplay replay = new OfflineReplay(
                trace,
                new ReplaySettings(
                        workers,
                        blockSizeTokens > 0 ? blockSizeTokens : trace.blockSizeTokens(),
                        blocksPerWorker,
                        maxSequences,
                        maxBatchedTokens,
                        sessions,
                        gapCapSeconds,
                        eventDelayMillis,
                        loadIntervalMillis,
                        expectedOutputTokens,
                        timing,
                        seed),
                RouterConfig.placement(ConfigFactory.load()),
                System::nanoTime);
        long work = (long) trace.turns().size() * strategies.size();
        try (ReplayProgress progress = new ReplayProgress("replay", work)) {
            return replay.run(strategies, atOnce, progress::turnEnded);
        }
    }
}
