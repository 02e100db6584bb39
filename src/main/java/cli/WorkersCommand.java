package cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code workers} command: lists the workers that a node knows. */
@Command(
        name = "workers",
        description = "Lists workers: state, load, and blocks of each tier as used, cached and in total.",
        mixinStandardHelpOptions = true)
final class WorkersCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private NodeClient node = new NodeClient();

    @Override
    public Integer call() throws InterruptedException {
        TextTable table = new TextTable("WORKER", "STATE", "TURNS", "RUNNING", "WAITING", "HELD BLOCKS", "BLOCKS");
        for (JsonNode worker : node.ask("GET", "/v1/workers").path("data")) {
            JsonNode load = worker.path("load");
            table.row(
                    worker.path("id").asText(),
                    worker.path("state").asText(),
                    load.path("admittedTurns").asText("-"),
                    load.path("runningRequests").asText("-"),
                    load.path("waitingRequests").asText("-"),
                    worker.path("holds").path("blocks").asText("-"),
                    blocks(worker.path("blocks")));
        }
        table.print(spec.commandLine().getOut());
        return ExitCode.OK;
    }

    private static String blocks(JsonNode tiers) {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, JsonNode> tier : tiers.properties()) {
            JsonNode counts = tier.getValue();
            text.append(text.isEmpty() ? "" : ", ")
                    .append(tier.getKey())
                    .append(' ')
                    .append(counts.path("used").asText())
                    .append('/')
                    .append(counts.path("cached").asText())
                    .append('/')
                    .append(counts.path("total").asText());
        }
        return text.toString();
    }
}
