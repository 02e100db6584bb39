package cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import testkit.NodeProcess;

/** A program that is one node of several: store and engines are given, and are not its own. */
final class MemberNode {

    private static final String ADDRESSES =
            """
            akka.remote.artery.canonical.port = %d
            akka.cluster.seed-nodes = ["akka://holdfast@127.0.0.1:%d", "akka://holdfast@127.0.0.1:%d"]
            holdfast.frontend.port = %d
            """;

    private MemberNode() {}

    /**
     * Launches one in a process of its own and waits until it takes turns.
     *
     * @param directory for its file
     * @param seed port of the node that forms the cluster; another one joins whichever of itself and that one there is
     * @param settings what it is told besides
     */
    static NodeProcess launch(Path directory, RealStore store, int port, int seed, String settings) throws IOException {
        int http = NodeProcess.freePort();
        Path config = directory.resolve("member-" + port + ".conf");
        Files.writeString(
                config,
                ADDRESSES.formatted(port, seed, port, http)
                        + settings
                        + store.connection()
                                .toConfig()
                                .root()
                                .render(ConfigRenderOptions.concise().setJson(false)));
        NodeProcess node = NodeProcess.launch(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx384m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2",
                        "-Dlogback.configurationFile=logback-member.xml",
                        "-cp",
                        System.getProperty("java.class.path"),
                        MemberNode.class.getName(),
                        config.toString()),
                http);
        node.awaitReady();
        return node;
    }

    /** Runs a node until it ends; the argument is its file of settings. */
    public static void main(String[] arguments) {
        Config config = ConfigFactory.load(ConfigFactory.parseFile(new File(arguments[0]))
                .withFallback(ConfigFactory.parseResourcesAnySyntax("application")));
        Node node = Node.start(config, ModelConfig.read(config));
        node.whenTerminated().toCompletableFuture().join();
        System.exit(0);
    }
}
