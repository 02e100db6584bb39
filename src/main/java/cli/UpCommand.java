package cli;

import cluster.DataDirectory;
import cluster.EngineProcessSettings;
import cluster.KnownKeys;
import cluster.LocalNode;
import cluster.NodeStarter;
import cluster.StartFailure;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code holdfast up}: one node with its session store and simulated engines, until told to stop. */
@Command(
        name = "up",
        description = {
            "Starts one node with everything it needs on this machine: session store, simulated engines, router, HTTP.",
            "Engines that the configuration names are driven instead of simulated ones.",
            "Ctrl-C lets running turns finish for up to 30 s (holdfast.frontend.drain-timeout), then stops everything; a "
                    + "second Ctrl-C stops at once."
        },
        footer = {"", "Options win over --config FILE, which wins over the built-in application.conf."},
        mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {

    private static final int STOPPED = 0;
    private static final int FAILED = 1;

    private final NodeStarter nodeStarter;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--http-port", paramLabel = "PORT", description = "HTTP port (8642; 0 for any free one).")
    private @Nullable Integer httpPort;

    @Option(names = "--workers", paramLabel = "N", description = "Simulated engines, 1 to 64 (4).")
    private @Nullable Integer workers;

    @Option(
            names = "--timing",
            paramLabel = "PRESET",
            description = "Their speed: measured, fast, or a factor of measured (fast).")
    private @Nullable String timing;

    @Option(
            names = "--blocks-per-worker",
            paramLabel = "N",
            description = "KV blocks of each engine, 16 or more (16384).")
    private @Nullable Integer blocksPerWorker;

    @Option(
            names = "--host-blocks-per-worker",
            paramLabel = "N",
            description = "KV blocks in each engine's host memory, 0 for none (0).")
    private @Nullable Integer hostBlocksPerWorker;

    @Option(names = "--block-size-tokens", paramLabel = "N", description = "Tokens in a KV block, 1 to 1024 (16).")
    private @Nullable Integer blockSizeTokens;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Where sessions and logs are kept (.holdfast); new, empty, or made by holdfast.")
    private Path dataDirectory = Path.of(".holdfast");

    @Option(names = "--config", paramLabel = "FILE", description = "Settings in HOCON, as in application.conf.")
    private @Nullable Path configFile;

    UpCommand(NodeStarter nodeStarter) {
        this.nodeStarter = nodeStarter;
    }

    @Override
    public Integer call() throws InterruptedException {
        StopRequest stop = StopRequest.listen();
        try {
            Config sources = sources();
            Config config = ConfigFactory.load(sources);
            refuseOptionsOfOtherEngines(config);
            LocalNode.check(config);
            return run(sources, config, stop);
        } catch (ConfigException wrong) {
            throw new StartFailure("configuration: " + wrong.getMessage(), wrong);
        }
    }

    private int run(Config sources, Config config, StopRequest stop) throws InterruptedException {
        EngineProcessSettings engines = EngineProcessSettings.of(config);
        try (DataDirectory data = DataDirectory.open(dataDirectory)) {
            NodeLog.writeTo(data.logs().resolve("node.log"));
            try (LocalNode local =
                    LocalNode.start(sources, EngineProgram.command(engines), data, nodeStarter, stage -> out().println(
                                    stage + " ..."))) {
                String model = LocalNode.simulated(config) ? engines.model() : servedModel(local);
                new Banner(local, engines, config, data, model, uptime()).print(out());
                return serve(local, config, stop);
            }
        }
    }

    /** A model that the node's workers serve; null when it tells none, as to somebody without a key. */
    private static @Nullable String servedModel(LocalNode local) throws InterruptedException {
        try {
            return new NodeClient(local.http())
                    .ask("GET", "/v1/models")
                    .at("/data/0/id")
                    .textValue();
        } catch (StartFailure untold) {
            return null;
        }
    }

    private void refuseOptionsOfOtherEngines(Config config) {
        boolean asked = workers != null || timing != null || blocksPerWorker != null || hostBlocksPerWorker != null;
        if (!LocalNode.simulated(config) && asked) {
            throw new StartFailure(
                    "--workers, --timing, --blocks-per-worker and --host-blocks-per-worker are for simulated engines, but"
                            + " the configuration names engines (holdfast.workers.engines)");
        }
    }

    private int serve(LocalNode local, Config config, StopRequest stop) {
        CompletableFuture<?> ended = local.ended();
        CompletableFuture<Void> asked = stop.afterReady();
        CompletableFuture.anyOf(asked, ended).join();
        if (!asked.isDone()) {
            out().println("The node ended by itself: its log says why. Stopping engines and store ...");
            return FAILED;
        }
        out().printf(
                        Locale.ROOT,
                        "Draining: %d running turn(s) may finish within %d s (holdfast.frontend.drain-timeout). Ctrl-C again stops"
                                + " at once.%n",
                        local.runningTurns(),
                        config.getDuration("holdfast.frontend.drain-timeout").toSeconds());
        int cut = local.drain();
        out().println(
                        cut == 0
                                ? "Every turn finished. Stopping engines and store ..."
                                : cut
                                        + " turn(s) took too long and were ended with an error. Stopping engines and store ...");
        return STOPPED;
    }

    /** Options, then the user's file, then application.conf; not resolved, as the node's surroundings are still to come. */
    private Config sources() {
        Config given = option("--http-port", "holdfast.frontend.port", httpPort)
                .withFallback(option("--workers", "holdfast.cluster.engines.count", workers))
                .withFallback(option("--timing", "holdfast.cluster.engines.timing", timing))
                .withFallback(option("--blocks-per-worker", "holdfast.cluster.engines.blocks", blocksPerWorker))
                .withFallback(
                        option("--host-blocks-per-worker", "holdfast.cluster.engines.host-blocks", hostBlocksPerWorker))
                .withFallback(option("--block-size-tokens", "holdfast.kv.block-size-tokens", blockSizeTokens))
                .withFallback(file());
        Config manual = ConfigFactory.parseResourcesAnySyntax("application");
        new KnownKeys(manual).require(given);
        return given.withFallback(manual);
    }

    /** A value that names its option when it is refused. */
    private static Config option(String name, String key, @Nullable Object value) {
        return value == null ? ConfigFactory.empty() : ConfigFactory.parseMap(Map.of(key, value), name);
    }

    private Config file() {
        if (configFile == null) {
            return ConfigFactory.empty();
        }
        if (!Files.isReadable(configFile)) {
            throw new StartFailure("--config: there is no file " + configFile + " that can be read");
        }
        return ConfigFactory.parseFile(
                configFile.toFile(), ConfigParseOptions.defaults().setAllowMissing(false));
    }

    private PrintWriter out() {
        return Objects.requireNonNull(spec).commandLine().getOut();
    }

    private static Duration uptime() {
        return Duration.ofMillis(ManagementFactory.getRuntimeMXBean().getUptime());
    }
}
