package cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The {@code sessions} command: lists the sessions that a node knows. */
@Command(
        name = "sessions",
        description = "Lists sessions: phase, parent, turns and when the last of them was.",
        mixinStandardHelpOptions = true)
final class SessionsCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private NodeClient node = new NodeClient();

    @Option(names = "--limit", paramLabel = "N", description = "Most that are listed, 1 to 1000 (${DEFAULT-VALUE}).")
    private int limit = 100;

    @Option(
            names = "--after",
            paramLabel = "TOKEN",
            description = "Goes on where a list ended that was too long: it printed \"more: --after TOKEN\".")
    private String after = "";

    @Override
    public Integer call() throws InterruptedException {
        JsonNode page = node.ask(
                "GET", "/v1/sessions?limit=" + limit + "&after=" + URLEncoder.encode(after, StandardCharsets.UTF_8));
        TextTable table = new TextTable("SESSION", "PHASE", "PARENT", "TURNS", "LAST TURN");
        for (JsonNode session : page.path("data")) {
            table.row(
                    session.path("id").asText(),
                    session.path("phase").asText(),
                    session.path("parent").asText("-"),
                    session.path("turns").asText(),
                    session.path("lastTurnAt").asText("-"));
        }
        table.print(spec.commandLine().getOut());
        if (page.hasNonNull("next")) {
            spec.commandLine()
                    .getErr()
                    .println("more: --after '" + page.path("next").asText() + "'");
        }
        return ExitCode.OK;
    }
}
