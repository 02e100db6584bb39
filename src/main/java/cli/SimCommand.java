package cli;

import cluster.StartFailure;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import workers.simserver.SimServer;
import workers.simserver.SimServerSettings;

/** {@code holdfast sim}: one simulated engine as a process. */
@Command(
        name = "sim",
        description = "Runs a simulated inference engine: OpenAI-compatible HTTP, KV events on ZeroMQ, no GPU.",
        mixinStandardHelpOptions = true)
final class SimCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--host",
            paramLabel = "HOST",
            description = "Address to listen on, without authentication (${DEFAULT-VALUE}).")
    private String host = "127.0.0.1";

    @Option(names = "--port", paramLabel = "PORT", description = "HTTP port, 0 for any free one (${DEFAULT-VALUE}).")
    private int port;

    @Option(
            names = "--events-port",
            paramLabel = "PORT",
            description = "ZeroMQ port of the KV events, 0 for any free one (${DEFAULT-VALUE}).")
    private int eventsPort;

    @Option(
            names = "--replay-port",
            paramLabel = "PORT",
            description = "ZeroMQ port that replays KV events, 0 for any free one (${DEFAULT-VALUE}).")
    private int replayPort;

    @Option(names = "--model", paramLabel = "NAME", description = "Served model name (${DEFAULT-VALUE}).")
    private String model = "sim-echo";

    @Option(names = "--block-size", paramLabel = "N", description = "Tokens in a KV block (${DEFAULT-VALUE}).")
    private int blockSize = 16;

    @Option(names = "--blocks", paramLabel = "N", description = "KV blocks on the device (${DEFAULT-VALUE}).")
    private int blocks = 16_384;

    @Option(
            names = "--max-sequences",
            paramLabel = "N",
            description = "Requests that may run at once (${DEFAULT-VALUE}).")
    private int maxSequences = 256;

    @Option(
            names = "--max-batched-tokens",
            paramLabel = "N",
            description = "Token budget of one pass (${DEFAULT-VALUE}).")
    private int maxBatchedTokens = 8192;

    @Option(
            names = "--context",
            paramLabel = "N",
            description = "Longest prompt plus answer in tokens; the blocks bound it, too (${DEFAULT-VALUE}).")
    private int context = 1 << 20;

    @Option(
            names = "--timing",
            paramLabel = "PRESET",
            description = "What passes cost: 'measured' (a large model on one large accelerator), 'fast' (20 times"
                    + " that speed), or a factor of the measured speed (${DEFAULT-VALUE}).")
    private String timing = "fast";

    @Mixin
    private SimTierOptions tiers = new SimTierOptions();

    @Option(
            names = "--no-hints",
            description = "Take no hints about the cache, as most engines: nothing can be held or moved.")
    private boolean noHints;

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "Seed of the engine's own block hashes; random when not given.")
    private @Nullable Long seed;

    @Option(names = "--exit-with-parent", description = "End when standard input ends.")
    private boolean exitWithParent;

    @Override
    public Integer call() throws InterruptedException {
        CommandLine commandLine = spec.commandLine();
        SimServerSettings settings = settings(commandLine);
        try (SimServer server = SimServer.start(settings)) {
            PrintWriter out = commandLine.getOut();
            out.println("READY "
                    + JsonNodeFactory.instance
                            .objectNode()
                            .put("url", server.url())
                            .put("events", server.eventsUrl())
                            .put("replay", server.replayUrl())
                            .put("model", settings.model()));
            out.flush();
            awaitEnd();
            return 0;
        } catch (IOException e) {
            throw new StartFailure("cannot serve on " + host + ":" + port + ": " + e.getMessage(), e);
        }
    }

    private SimServerSettings settings(CommandLine commandLine) {
        try {
            return new SimServerSettings(
                    host,
                    port,
                    eventsPort,
                    replayPort,
                    model,
                    blockSize,
                    blocks,
                    maxSequences,
                    maxBatchedTokens,
                    context,
                    timing,
                    tiers.tiers(),
                    !noHints,
                    seed == null ? RandomGenerator.getDefault().nextLong() : seed);
        } catch (IllegalArgumentException e) {
            throw new CommandLine.ParameterException(commandLine, e.getMessage(), e);
        }
    }

    /** Waits for the parent to close standard input, or for ever. */
    private void awaitEnd() throws InterruptedException, IOException {
        if (!exitWithParent) {
            new CountDownLatch(1).await();
        }
        try (InputStream parent = System.in) {
            parent.transferTo(OutputStream.nullOutputStream());
        }
    }
}
