package cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import inference.huggingface.ModelTemplate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node with everything it needs on one machine: its session store, its simulated engines unless the configuration names
 * engines, itself. Its {@link JoinFile} lets others join it, which use its store and its engines.
 *
 * <p>Started in that order, engines and store side by side, and ended in the opposite one, so that turns can finish while
 * what they run on is still there. A start that fails ends what it had started.
 *
 * <p><em>Thread-safety:</em> immutable but for {@link #close}.
 */
public final class LocalNode implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LocalNode.class);

    /** The node with the store is the first of its cluster, and its death the end of all: nobody else shall outlast a pause of it. */
    private static final Config STORE_DECIDES = ConfigFactory.parseMap(
            Map.of("akka.cluster.split-brain-resolver.active-strategy", "keep-oldest"), "the embedded session store");

    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private final StoreConnection store;
    private final List<EngineAddress> engines;
    private final RunningNode node;
    private final JoinFile joinFile;

    private LocalNode(
            Config sources,
            List<String> engineCommand,
            DataDirectory data,
            NodeStarter starter,
            Consumer<String> onStage) {
        Config config = ConfigFactory.load(sources);
        check(config);
        Map<String, ModelTemplate> models = ModelConfig.read(config);
        refuseTakenPort(config);
        try {
            onStage.accept("Starting the session store" + (simulated(config) ? " and simulated engines" : ""));
            Optional<EngineProcesses> processes = simulated(config)
                    ? Optional.of(EngineProcesses.launch(engineCommand, data.logs(), EngineProcessSettings.of(config)))
                    : Optional.empty();
            processes.ifPresent(started::push);
            store = openStore(config, data);
            engines = processes.map(EngineProcesses::awaitReady).orElse(List.of());
            onStage.accept("Starting the node");
            Config whole = ConfigFactory.load(surroundings(config).withFallback(sources));
            node = starter.start(whole, models);
            started.push(() -> drain(node));
            joinFile = JoinFile.write(data.path().resolve("join.conf"), whole, node.address(), store);
            started.push(joinFile);
            onStage.accept("Waiting until it takes turns");
            new ReadinessProbe(http()).await(readyTimeout(config));
        } catch (RuntimeException failure) {
            close();
            throw failure;
        }
    }

    /**
     * Starts everything and waits until it serves.
     *
     * @param sources the configuration before Akka's defaults, not yet resolved
     * @param engineCommand the program of an engine
     * @param onStage told what is being done now
     * @throws StartFailure if any part cannot start; nothing is left running then
     */
    public static LocalNode start(
            Config sources,
            List<String> engineCommand,
            DataDirectory data,
            NodeStarter starter,
            Consumer<String> onStage) {
        return new LocalNode(sources, engineCommand, data, starter, onStage);
    }

    /**
     * Looks through a whole, resolved configuration before anything is started, but not into the files of models.
     *
     * @throws StartFailure naming the key that is wrong
     */
    public static void check(Config config) {
        Settings.of(config);
        StoreSettings.of(config);
        EngineProcessSettings.of(config);
        readyTimeout(config);
    }

    private StoreConnection openStore(Config config, DataDirectory data) {
        StoreSettings settings = StoreSettings.of(config);
        if (settings.embedded()) {
            EmbeddedStore own = EmbeddedStore.start(data, settings);
            started.push(own);
            return own.connection();
        }
        StoreConnection given = StoreConnection.of(config);
        StoreSchema.applyTo(given);
        return given;
    }

    private static Duration readyTimeout(Config config) {
        return new Section(config, "holdfast.cluster").getDuration("ready-timeout");
    }

    /** Where sessions are stored. */
    public StoreConnection store() {
        return store;
    }

    /** With which other nodes join this one. */
    public Path joinFile() {
        return joinFile.path();
    }

    /** Whether a configuration leaves the engines to {@code up}. */
    public static boolean simulated(Config config) {
        return config.getConfigList("holdfast.workers.engines").isEmpty();
    }

    /** Where the simulated engines serve, in order; none when the configuration names engines. */
    public List<EngineAddress> engines() {
        return engines;
    }

    /** The root of everything the node serves. */
    public URI http() {
        InetSocketAddress address = node.httpAddress();
        String host = address.getAddress().getHostAddress();
        return URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort());
    }

    /** Completes when the node has ended, whether asked to or not. */
    public CompletableFuture<?> ended() {
        return node.whenTerminated().toCompletableFuture();
    }

    /** Turns that clients wait for. */
    public int runningTurns() {
        return node.runningTurns();
    }

    /**
     * Lets running turns finish within the configured bound and ends the node; engines and store stay.
     *
     * @return how many turns were not left the time to finish
     */
    public int drain() {
        return node.drain().toCompletableFuture().join();
    }

    /** Drains the node, so that running turns finish, then ends engines and store. */
    @Override
    public void close() {
        while (!started.isEmpty()) {
            AutoCloseable next = started.pop();
            try {
                next.close();
            } catch (Exception failure) {
                log.error("{} did not end in an orderly way", next, failure);
            }
        }
    }

    /** A node that ended by itself has nothing left to drain. */
    private static void drain(RunningNode node) {
        if (!node.whenTerminated().toCompletableFuture().isDone()) {
            node.drain().toCompletableFuture().join();
        }
    }

    /** What the node must know of the processes around it. */
    private Config surroundings(Config config) {
        Config stored = store.toConfig();
        if (StoreSettings.of(config).embedded()) {
            stored = stored.withFallback(STORE_DECIDES);
        }
        if (!simulated(config)) {
            return stored;
        }
        Map<String, Object> values = Map.of(
                "holdfast.workers.engines",
                engines.stream().map(EngineAddress::toEntry).toList(),
                "holdfast.router.timing",
                EngineProcessSettings.of(config).timing(),
                "holdfast.workers.openai.priority",
                "lower-first",
                "holdfast.workers.openai.resume-answers",
                "all");
        return ConfigFactory.parseMap(values, "the processes of holdfast up").withFallback(stored);
    }

    /** Looks before anything is started; the node's own bind stays the one that counts. */
    private static void refuseTakenPort(Config config) {
        String host = config.getString("holdfast.frontend.host");
        int port = config.getInt("holdfast.frontend.port");
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(new InetSocketAddress(InetAddress.getByName(host), port));
        } catch (IOException | IllegalArgumentException taken) {
            throw new StartFailure(
                    "HTTP port " + port + " of " + host + " cannot be used (" + taken.getMessage()
                            + "): stop what listens there or choose another with --http-port",
                    taken);
        }
    }
}
