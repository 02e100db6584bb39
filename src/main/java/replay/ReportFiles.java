package replay;

import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A comparison as files: {@code report.json} and {@code report.html}, whose bytes depend on the inputs alone, and {@code timing.json}
 * with what the wall clock said.
 */
public final class ReportFiles {
    private static final int RATE_DECIMALS = 6;
    private static final int TIME_DECIMALS = 3;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN)
            .build();

    private ReportFiles() {}

    /**
     * Writes the files, creating the directory.
     *
     * @param runNanos wall-clock time of the whole run
     */
    public static void write(Comparison comparison, long runNanos, Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("report.json"), text(report(comparison)), StandardCharsets.UTF_8);
        Files.writeString(directory.resolve("report.html"), ReportPage.of(comparison), StandardCharsets.UTF_8);
        Files.writeString(directory.resolve("timing.json"), text(timing(comparison, runNanos)), StandardCharsets.UTF_8);
    }

    /** Writes every decision of every pair, each pair under a line that names it. */
    public static void writeDecisions(Comparison comparison, Path file) throws IOException {
        StringBuilder text = new StringBuilder();
        for (PolicyOutcome outcome : comparison.outcomes()) {
            ObjectNode pair = object().put("strategy", outcome.strategy()).put("retention", outcome.retention());
            text.append(JSON.writeValueAsString(pair)).append('\n').append(outcome.decisionLog());
        }
        Files.writeString(file, text, StandardCharsets.UTF_8);
    }

    static ObjectNode report(Comparison comparison) {
        ObjectNode report = object();
        report.put("trace", comparison.trace().name());
        report.put("traceFormat", comparison.trace().format());
        report.put("traceTurns", comparison.trace().turns().size());
        report.put("skippedRows", comparison.trace().skippedRows());
        if (comparison.inside()) {
            report.put("workers", comparison.workers());
        }
        report.put("seed", comparison.seed());
        ObjectNode conditions = report.putObject("conditions");
        for (Comparison.Condition condition : comparison.conditions()) {
            conditions.set(condition.name(), JSON.valueToTree(condition.value()));
        }
        if (!Double.isNaN(comparison.infiniteCacheHitRate())) {
            report.put("infiniteCacheHitRate", decimal(comparison.infiniteCacheHitRate(), RATE_DECIMALS));
        }
        comparison.policies().forEach(policy -> report.withArray("policies").add(policy(policy, comparison.inside())));
        return report;
    }

    /** What was not measured is absent. */
    private static ObjectNode policy(PolicySummary policy, boolean inside) {
        ObjectNode json = object();
        json.put("strategy", policy.strategy());
        json.put("retention", policy.retention());
        json.put("turns", policy.turns());
        json.put("served", policy.served());
        json.put("failed", policy.failed());
        if (policy.turns() > 0) {
            turns(json, policy);
            if (inside) {
                engines(json, policy);
            }
        }
        RetentionFigures retained = policy.retained();
        if (retained != null) {
            json.set("holds", holds(retained));
        }
        return json;
    }

    /** Figures of the turns compared, at least one. */
    private static void turns(ObjectNode json, PolicySummary policy) {
        json.put("hitRate", decimal(policy.hitRate(), RATE_DECIMALS));
        if (!Double.isNaN(policy.offlineBound())) {
            json.put("offlineBoundHitRate", decimal(policy.offlineBound(), RATE_DECIMALS));
        }
        spread(json, "ttftMillis", policy.ttftMillis());
        spread(json, "itlMillis", policy.itlMillis());
        spread(json, "sessionSeconds", policy.sessionSeconds());
        json.put("inputTokens", policy.inputTokens());
        json.put("prefillTokens", policy.prefillTokens());
        json.put("makespanSeconds", decimal(policy.makespanSeconds(), TIME_DECIMALS));
    }

    /** Figures that only engines seen from inside have. */
    private static void engines(ObjectNode json, PolicySummary policy) {
        json.put("pulledTokens", policy.pulledTokens());
        json.put("remoteTokens", policy.remoteTokens());
        json.put("recomputedTokens", policy.recomputedTokens());
        ObjectNode causes = json.putObject("prefillTokensByCause");
        causes.put("cold", policy.coldTokens());
        causes.put("eviction", policy.evictionTokens());
        causes.put("placement", policy.placementTokens());
        causes.put("tail", policy.tailTokens());
        json.set("evictionTokensByAbsence", JSON.valueToTree(policy.lost().tokens()));
        json.put("preemptions", policy.preemptions());
        json.put("preemptedTokens", policy.preemptedTokens());
        json.put("loadImbalance", decimal(policy.loadImbalance(), TIME_DECIMALS));
    }

    private static ObjectNode holds(RetentionFigures retained) {
        ObjectNode json = object();
        json.put("leases", retained.leases());
        json.put("leasesRefused", retained.leasesRefused());
        json.put("leasesUsed", retained.leasesUsed());
        ObjectNode receipts = json.putObject("receipts");
        retained.receipts().forEach(receipts::put);
        ObjectNode cut = json.putObject("cutShort");
        retained.cut().forEach((reason, count) -> cut.put(reason.name(), count));
        json.put("byteSecondsHeld", decimal(retained.byteSeconds(), 0));
        json.put("mostHeldOfBudget", decimal(retained.mostHeldShare(), RATE_DECIMALS));
        json.put("controlMessages", retained.controlMessages());
        return json;
    }

    private static void spread(ObjectNode json, String name, Spread spread) {
        if (spread.measured()) {
            json.putObject(name)
                    .put("p50", decimal(spread.p50(), TIME_DECIMALS))
                    .put("p90", decimal(spread.p90(), TIME_DECIMALS))
                    .put("p99", decimal(spread.p99(), TIME_DECIMALS))
                    .put("max", decimal(spread.max(), TIME_DECIMALS))
                    .put("mean", decimal(spread.mean(), TIME_DECIMALS));
        }
    }

    private static ObjectNode timing(Comparison comparison, long runNanos) {
        ObjectNode timing = object();
        timing.put("runSeconds", decimal(runNanos / NANOS_PER_SECOND, TIME_DECIMALS));
        for (PolicyOutcome outcome : comparison.outcomes()) {
            double[] nanos =
                    Arrays.stream(outcome.decisionNanos()).asDoubleStream().toArray();
            Spread spread = Spread.of(nanos);
            ObjectNode json = object();
            json.put("strategy", outcome.strategy());
            json.put("retention", outcome.retention());
            if (spread.measured()) {
                json.putObject("decisionNanos")
                        .put("p50", (long) spread.p50())
                        .put("p99", (long) spread.p99())
                        .put("max", (long) spread.max());
            }
            timing.withArray("policies").add(json);
        }
        return timing;
    }

    private static BigDecimal decimal(double value, int decimals) {
        return BigDecimal.valueOf(value).setScale(decimals, RoundingMode.HALF_EVEN);
    }

    private static ObjectNode object() {
        return JSON.createObjectNode();
    }

    private static String text(JsonNode json) throws IOException {
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
        printer.indentObjectsWith(new DefaultIndenter("  ", "\n"));
        printer.indentArraysWith(new DefaultIndenter("  ", "\n"));
        return JSON.writer(printer).writeValueAsString(json) + "\n";
    }
}
