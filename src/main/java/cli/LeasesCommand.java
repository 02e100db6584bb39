package cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The {@code leases} command: lists retention leases. */
@Command(
        name = "leases",
        description = "Lists retention leases: state, copies (acknowledged of wanted), and each worker's answer.",
        mixinStandardHelpOptions = true)
final class LeasesCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private NodeClient node = new NodeClient();

    @Option(names = "--session", paramLabel = "ID", description = "Lists leases of this session only.")
    private @Nullable String session;

    @Option(names = "--limit", paramLabel = "N", description = "Most that are listed, 1 to 1000 (${DEFAULT-VALUE}).")
    private int limit = 100;

    @Override
    public Integer call() throws InterruptedException {
        String wanted = session == null ? "" : "&session=" + URLEncoder.encode(session, StandardCharsets.UTF_8);
        TextTable table =
                new TextTable("LEASE", "SESSION", "CLASS", "STATE", "BLOCKS", "COPIES", "REMAINING", "WORKERS");
        for (JsonNode lease :
                node.ask("GET", "/v1/leases?limit=" + limit + wanted).path("data")) {
            table.row(
                    lease.path("id").asText(),
                    lease.path("session").asText(),
                    lease.path("retentionClass").asText(),
                    lease.path("state").asText(),
                    lease.path("prefixBlocks").asText(),
                    lease.path("copies").asText() + "/"
                            + lease.path("minCopies").asText(),
                    Math.round(lease.path("remainingSeconds").asDouble()) + " s",
                    answers(lease.path("workers")));
        }
        table.print(spec.commandLine().getOut());
        return ExitCode.OK;
    }

    private static String answers(JsonNode workers) {
        StringJoiner text = new StringJoiner(", ");
        for (JsonNode worker : workers) {
            text.add(worker.path("worker").asText() + " "
                    + worker.path("requested").asText() + " "
                    + worker.path("acknowledged").asText("unanswered"));
        }
        return text.toString();
    }
}
