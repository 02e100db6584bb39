package cli;

import cluster.RetentionConfig;
import cluster.RouterConfig;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import replay.Comparison;
import replay.ComparisonTable;
import replay.KnownNames;
import replay.OfflineReplay;
import replay.ReportFiles;
import replay.RetentionRules;
import replay.live.LiveReplay;
import replay.live.NodeCheck;
import replay.trace.Trace;
import replay.trace.TraceException;
import replay.trace.TraceReader;
import router.placement.PlacementSettings;

/** {@code holdfast replay}: a recorded workload run again, under several policies. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        description = {
            "Runs a recorded workload again, in virtual time over simulated engines, under each pair of a routing strategy and a "
                    + "retention policy, and compares them.",
            "The same trace, options and seed give the same report, byte for byte."
        })
final class ReplayCommand implements Callable<Integer> {
    private static final List<String> ONLY_LIVE = List.of("--time-scale", "--model");
    private static final List<String> ONLY_OFFLINE = List.of("--strategy", "--retention", "--decisions");

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
            converter = OptionLimits.ListedName.class,
            paramLabel = "NAME",
            defaultValue = "random,round-robin,least-loaded,power-of-two,sticky,dynamo-cost,cache-aware,joint",
            description = "Routing strategies to compare, separated by commas (default: ${DEFAULT-VALUE}).")
    private List<String> strategies;

    @Option(
            names = "--retention",
            split = ",",
            converter = OptionLimits.ListedName.class,
            paramLabel = "NAME",
            defaultValue = "none",
            description = "Retention policies to compare, separated by commas, each with every strategy: none, "
                    + "static-ttl:60s, leases and those of docs/policies.md (default: ${DEFAULT-VALUE}).")
    private List<String> retentions;

    @Mixin
    private final SimulatedFleetOptions fleet = new SimulatedFleetOptions();

    @Option(
            names = "--block-size-tokens",
            paramLabel = "TOKENS",
            description = "Tokens in a block; must divide the trace's own block size (default: the trace's).")
    private @Nullable Integer blockSizeTokens;

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
    private @Nullable Integer turns;

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
            description = "Directory for report.json, report.html with plots, and timing.json (default: none written).")
    private @Nullable Path out;

    @Option(
            names = "--decisions",
            paramLabel = "FILE",
            description = "File for every placement, wait, lease, hold and yield, a JSON object per line "
                    + "(default: none written).")
    private @Nullable Path decisions;

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
        checkOptions();
        Trace whole = TraceReader.read(traces, skipBadRows);
        if (whole.skippedRows() > 0) {
            tell(whole.skippedRows() + " bad rows were left out");
        }
        Trace trace = turns == null ? whole : whole.first(turns);
        long start = System.nanoTime();
        Comparison comparison = live == null ? offline(trace) : live(trace, live);
        long runNanos = System.nanoTime() - start;
        PrintWriter print = spec.commandLine().getOut();
        print.print(ComparisonTable.of(comparison));
        print.flush();
        if (out != null) {
            ReportFiles.write(comparison, runNanos, out);
        }
        if (decisions != null) {
            ReportFiles.writeDecisions(comparison, decisions);
        }
        comparison.failures().forEach(this::tell);
        return failed(comparison) ? 1 : 0;
    }

    /** What fails offline is too large for a worker: a finding, unless nothing is left to compare. */
    private boolean failed(Comparison comparison) {
        return live == null
                ? comparison.policies().stream().noneMatch(policy -> policy.served() > 0)
                : comparison.failedTurns() > 0;
    }

    private void tell(String line) {
        PrintWriter err = spec.commandLine().getErr();
        err.println(line);
        err.flush();
    }

    /** Refuses what has no effect or cannot work, before anything is read or computed. */
    private void checkOptions() {
        Stream<String> idle =
                live == null ? ONLY_LIVE.stream() : Stream.concat(ONLY_OFFLINE.stream(), fleet.names().stream());
        idle.filter(spec.commandLine().getParseResult()::hasMatchedOption)
                .findFirst()
                .ifPresent(name -> {
                    throw new IllegalArgumentException(
                            name + " has no effect " + (live == null ? "without" : "with") + " --live");
                });
        checkNumbers();
        fleet.check();
        checkPolicies(ConfigFactory.load());
        if (live != null) {
            OptionLimits.url("--live", live);
        }
        if (out != null) {
            checkWritable("--out", out);
        }
        if (decisions != null) {
            Path folder = decisions.toAbsolutePath().getParent();
            if (folder != null) {
                checkWritable("--decisions", folder);
            }
        }
    }

    private void checkNumbers() {
        if (turns != null) {
            OptionLimits.atLeast(1, "--turns", turns);
        }
        if (blockSizeTokens != null) {
            OptionLimits.atLeast(1, "--block-size-tokens", blockSizeTokens);
        }
        OptionLimits.atLeast(1, "--sessions", sessions);
        OptionLimits.notNegative("--gap-cap-seconds", gapCapSeconds);
        OptionLimits.aboveZero("--time-scale", timeScale);
    }

    private void checkPolicies(Config config) {
        PlacementSettings placement = RouterConfig.placement(config);
        for (String name : strategies) {
            OptionLimits.allowed("--strategy", () -> KnownNames.checkStrategy(name, placement));
        }
        RetentionRules retention = RetentionConfig.replayed(config);
        for (String name : retentions) {
            OptionLimits.allowed("--retention", () -> KnownNames.checkRetention(name, retention));
        }
        checkDistinct("--strategy", strategies);
        checkDistinct("--retention", retentions);
    }

    private static void checkDistinct(String option, List<String> names) {
        if (new HashSet<>(names).size() < names.size()) {
            throw new IllegalArgumentException(option + " names one twice: " + String.join(",", names));
        }
    }

    private static void checkWritable(String option, Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (IOException refused) {
            throw new IllegalArgumentException(option + ": cannot make the directory " + directory, refused);
        }
        if (!Files.isWritable(directory)) {
            throw new IllegalArgumentException(option + ": cannot write to " + directory);
        }
    }

    private Comparison live(Trace trace, URI node) throws InterruptedException {
        // Before the first client: the server closes idle connections, and one that is closed as it is used fails a
        // turn.
        System.setProperty("jdk.httpclient.keepalive.timeout", "60");
        String unknown = NodeCheck.of(node, model, trace.blockSizeTokens());
        if (unknown != null) {
            tell("warning: " + unknown);
        }
        LiveReplay.Settings settings = new LiveReplay.Settings(
                node,
                model,
                blockSizeTokens == null ? trace.blockSizeTokens() : blockSizeTokens,
                sessions,
                gapCapSeconds,
                timeScale,
                seed);
        try (ReplayProgress progress = ReplayProgress.of(
                "live", trace.turns().size(), spec.commandLine().getErr())) {
            return new LiveReplay(trace, settings, System::nanoTime, progress::turnEnded).run();
        }
    }

    private Comparison offline(Trace trace) throws InterruptedException {
        int pairs = strategies.size() * retentions.size();
        int atOnce = Math.min(pairs, Runtime.getRuntime().availableProcessors());
        OfflineReplay replay = new OfflineReplay(
                trace,
                fleet.settings(
                        blockSizeTokens == null ? trace.blockSizeTokens() : blockSizeTokens,
                        sessions,
                        gapCapSeconds,
                        seed),
                RouterConfig.placement(ConfigFactory.load()),
                RetentionConfig.replayed(ConfigFactory.load()),
                decisions != null,
                System::nanoTime);
        long work = (long) trace.turns().size() * pairs;
        try (ReplayProgress progress =
                ReplayProgress.of("replay", work, spec.commandLine().getErr())) {
            return replay.run(strategies, retentions, atOnce, progress::turnEnded);
        } catch (IllegalStateException failure) {
            if (failure.getCause() instanceof OutOfMemoryError) {
                throw new ParameterException(spec.commandLine(), tooLittleMemory(atOnce), failure);
            }
            throw failure;
        }
    }

    /** Every pair that runs has a fleet of its own, and as many run as there are processors. */
    private String tooLittleMemory(int atOnce) {
        return "%d MiB of memory are too little for %d such fleets at once: allow more, as with HOLDFAST_JAVA_OPTS=-Xmx8g, or fewer processors, as with taskset"
                .formatted(Runtime.getRuntime().maxMemory() >> 20, atOnce);
    }
}
