package cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code drain} command: takes a worker out of service and waits until what it keeps is kept elsewhere. */
@Command(
        name = "drain",
        description = "Gives a worker no more turns, moves its leases to others and waits until it can be stopped.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:nothing is lost with the worker",
            "1:some leases cannot be moved, or the node cannot be asked"
        })
final class DrainCommand implements Callable<Integer> {
    private static final Duration POLL = Duration.ofSeconds(1);
    /** A turn that has just ended may still ask for its lease. */
    private static final int POLLS_TO_BE_SURE = 2;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "WORKER", description = "The worker's id as GET /v1/workers shows it: its engine's URL.")
    private String worker = "";

    @Mixin
    private NodeClient node = new NodeClient();

    @Option(names = "--undo", description = "Lets the worker take turns again, and does not wait.")
    private boolean undo;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        JsonNode seen = ask();
        if (undo) {
            out.println(worker + " takes turns again");
            return ExitCode.OK;
        }
        String told = "";
        for (int drained = 0; drained < POLLS_TO_BE_SURE; ) {
            drained = seen.get("drained").asBoolean() ? drained + 1 : 0;
            String now = "%d turns running, %d leases to move, %d moved, %d stuck"
                    .formatted(
                            count(seen, "runningTurns"),
                            count(seen, "movingLeases"),
                            count(seen, "movedLeases"),
                            count(seen, "stuckLeases"));
            if (!now.equals(told)) {
                out.println(now);
                out.flush();
                told = now;
            }
            if (drained < POLLS_TO_BE_SURE) {
                TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
                seen = ask();
            }
        }
        for (JsonNode stuck : seen.get("stuck")) {
            out.println("cannot be moved: lease " + stuck.get("lease").asText() + " of session "
                    + stuck.get("session").asText() + ", " + stuck.get("blocks").asInt() + " blocks");
        }
        boolean whole = count(seen, "stuckLeases") == 0;
        out.println(worker + (whole ? " can be stopped, nothing is lost with it" : " can be stopped"));
        return whole ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private static int count(JsonNode view, String what) {
        return view.get(what).asInt();
    }

    private JsonNode ask() throws InterruptedException {
        String path = "/v1/workers/" + URLEncoder.encode(worker, StandardCharsets.UTF_8) + "/drain";
        return node.ask(undo ? "DELETE" : "POST", path);
    }
}
