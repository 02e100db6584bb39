package cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code workers} command: lists the workers that a node knows. */
@Command(
        name = "workers",
        description = {
            "Lists workers: state, load, and blocks of each tier as used, cached and in total.",
            "HELD BLOCKS are those that leases keep in each tier, of those that they may.",
            "COPIES are what stored copies take of storage that workers may share, of what they may, in MiB."
        },
        mixinStandardHelpOptions = true)
final class WorkersCommand implements Callable<Integer> {
    private static final long MEBIBYTE = 1 << 20;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private NodeClient node = new NodeClient();

    @Override
    public Integer call() throws InterruptedException {
        TextTable table =
                new TextTable("WORKER", "STATE", "TURNS", "RUNNING", "WAITING", "HELD BLOCKS", "COPIES", "BLOCKS");
        for (JsonNode worker : node.ask("GET", "/v1/workers").path("data")) {
            JsonNode load = worker.path("load");
            table.row(
                    worker.path("id").asText(),
                    worker.path("state").asText(),
                    load.path("admittedTurns").asText("-"),
                    load.path("runningRequests").asText("-"),
                    load.path("waitingRequests").asText("-"),
                    tiers(worker.path("holds").path("tiers"), "blocks", "budget"),
                    copies(worker.path("copies")),
                    tiers(worker.path("blocks"), "used", "cached", "total"));
        }
        table.print(spec.commandLine().getOut());
        return ExitCode.OK;
    }

    private static String copies(JsonNode copies) {
        long budget = mebibytes(copies.path("budget"));
        return budget > 0 ? mebibytes(copies.path("bytes")) + "/" + budget : "-";
    }

    /** Rounded up: something is never nothing. */
    private static long mebibytes(JsonNode bytes) {
        return (bytes.asLong() + MEBIBYTE - 1) / MEBIBYTE;
    }

    /** Counts of each tier. */
    private static String tiers(JsonNode tiers, String... counts) {
        StringJoiner text = new StringJoiner(", ").setEmptyValue("-");
        for (Map.Entry<String, JsonNode> tier : tiers.properties()) {
            StringJoiner numbers = new StringJoiner("/", tier.getKey() + " ", "");
            for (String count : counts) {
                numbers.add(tier.getValue().path(count).asText());
            }
            text.add(numbers.toString());
        }
        return text.toString();
    }
}
