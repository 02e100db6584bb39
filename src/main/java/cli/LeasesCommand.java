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
        description = {
            "Lists retention leases, open ones first: state, copies (acknowledged of wanted), and who holds them whole now.",
            "WORKERS tells what each was asked, what it acknowledged (if less than asked, how much) and, after \"then\", what was observed since."
        },
        mixinStandardHelpOptions = true)
final class LeasesCommand implements Callable<Integer> {
    private static final int MAX_LIMIT = 1000;

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
        TextTable table = new TextTable(
                "LEASE", "SESSION", "CLASS", "STATE", "BLOCKS", "COPIES", "REMAINING", "HELD BY", "WORKERS");
        JsonNode leases = node.ask("GET", "/v1/leases?limit=" + limit + wanted).path("data");
        for (JsonNode lease : leases) {
            table.row(
                    lease.path("id").asText(),
                    lease.path("session").asText(),
                    lease.path("retentionClass").asText(),
                    lease.path("state").asText(),
                    lease.path("prefixBlocks").asText(),
                    lease.path("copies").asText() + "/"
                            + lease.path("minCopies").asText(),
                    Math.round(lease.path("remainingSeconds").asDouble()) + " s",
                    holders(lease),
                    answers(lease.path("workers")));
        }
        table.print(spec.commandLine().getOut());
        if (leases.isEmpty()) {
            tell(session == null ? "there are no leases" : "session " + session + " has no leases");
        } else if (leases.size() == limit) {
            tell("there may be more: " + (limit < MAX_LIMIT ? "--limit takes up to " + MAX_LIMIT + ", " : "")
                    + "--session lists those of one session");
        }
        return ExitCode.OK;
    }

    /** Beside the table, so that who reads the output by program gets leases only. */
    private void tell(String hint) {
        spec.commandLine().getErr().println(hint);
    }

    /** Those whose word counts now: they agreed to hold the whole, nothing speaks against it since, and the lease is open. */
    private static String holders(JsonNode lease) {
        StringJoiner text = new StringJoiner(", ").setEmptyValue("-");
        if (lease.hasNonNull("reason")) {
            return text.toString();
        }
        for (JsonNode worker : lease.path("workers")) {
            boolean whole = worker.path("acknowledged").asText().equals("ACCEPTED")
                    || worker.path("grantedBlocks").asInt()
                            >= lease.path("prefixBlocks").asInt();
            if (worker.path("requested").asText().equals("HOLD") && whole && !worker.hasNonNull("observed")) {
                text.add(worker.path("worker").asText());
            }
        }
        if (lease.path("storedCopies").asInt() > 0) {
            text.add("storage");
        }
        return text.toString();
    }

    private static String answers(JsonNode workers) {
        StringJoiner text = new StringJoiner(", ");
        for (JsonNode worker : workers) {
            text.add(worker.path("worker").asText() + " "
                    + worker.path("requested").asText() + " "
                    + worker.path("acknowledged").asText("unanswered")
                    + granted(worker)
                    + (worker.hasNonNull("observed")
                            ? " then " + worker.path("observed").asText()
                            : ""));
        }
        return text.toString();
    }

    private static String granted(JsonNode worker) {
        return worker.hasNonNull("grantedBlocks")
                ? " (" + worker.path("grantedBlocks").asText() + " blocks in "
                        + worker.path("grantedTier").asText() + " for "
                        + Math.round(worker.path("grantedSeconds").asDouble()) + " s)"
                : "";
    }
}
