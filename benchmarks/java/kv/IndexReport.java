package kv;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Runs the benchmarks of the prefix index and says which of its gates hold, as ratios within the run. */
public final class IndexReport {
    private final Map<String, Double> nanos = new LinkedHashMap<>();
    private final Map<String, Double> p99Nanos = new LinkedHashMap<>();

    private IndexReport() {}

    /** Takes JMH options. */
    public static void main(String[] args) throws CommandLineOptionException, RunnerException {
        CommandLineOptions options = new CommandLineOptions(args);
        int sessions = options.getParameter("sessions").hasValue()
                ? Integer.parseInt(
                        options.getParameter("sessions").get().iterator().next())
                : 1600;
        BytesPerBlock bytes = BytesPerBlock.measure(sessions);
        IndexReport report = new IndexReport();
        report.read(new Runner(new OptionsBuilder()
                        .parent(options)
                        .include("kv.PrefixIndexBenchmark")
                        .include("kv.IndexEventsBenchmark")
                        .build())
                .run());
        report.print(bytes);
    }

    private void read(Collection<RunResult> results) {
        for (RunResult result : results) {
            String structure = result.getParams().getParam("structure");
            String name = result.getParams().getBenchmark();
            name = name.substring(name.lastIndexOf('.') + 1);
            if (result.getParams().getMode() == Mode.SampleTime) {
                // Of a group, the readers; a group of one has no parts.
                Result<?> lookups =
                        result.getSecondaryResults().getOrDefault("lookupUnderWriter", result.getPrimaryResult());
                p99Nanos.put(name + ' ' + structure, lookups.getStatistics().getPercentile(99));
            } else {
                // The baseline's garbage makes iterations and forks differ by twice: their median does not.
                nanos.put(
                        name + ' ' + structure,
                        result.getPrimaryResult().getStatistics().getPercentile(50));
            }
        }
    }

    private void print(BytesPerBlock bytes) {
        System.out.println();
        System.out.println(bytes);
        nanos.forEach((name, value) -> System.out.printf("%-32s %,14.1f ns%n", name, value));
        p99Nanos.forEach((name, value) -> System.out.printf("%-32s %,14.1f ns (p99)%n", name, value));
        System.out.println();
        atLeast("next turn, against the map", 1_000, speedup("nextTurn", "map"));
        atLeast("next turn, against the map with jumps", 50, speedup("nextTurn", "mapJumps"));
        atLeast("evicting event stream, against the map", 5, speedup("evictingStream", "map"));
        atMost("bytes per distinct block", 20, bytes.ofRuns());
        atMost(
                "p99 of a lookup under a writer, against none",
                3,
                p99Nanos.getOrDefault("lookupsUnderWriter runs", Double.NaN)
                        / p99Nanos.getOrDefault("lookupsAlone runs", Double.NaN));
    }

    private double speedup(String benchmark, String baseline) {
        return nanos.getOrDefault(benchmark + ' ' + baseline, Double.NaN)
                / nanos.getOrDefault(benchmark + " runs", Double.NaN);
    }

    private static void atLeast(String gate, double limit, double value) {
        System.out.printf("%s  %s: %,.2f, at least %,.0f%n", value >= limit ? "PASS" : "FAIL", gate, value, limit);
    }

    private static void atMost(String gate, double limit, double value) {
        System.out.printf("%s  %s: %,.2f, at most %,.0f%n", value <= limit ? "PASS" : "FAIL", gate, value, limit);
    }
}
