package cluster;

import com.typesafe.config.ConfigFactory;
import java.io.File;

/** A program that is one node of several: store and engines are given, and are not its own. */
final class MemberNode {

    private MemberNode() {}

    /** Runs a node until it ends; the argument is its file of settings. */
    public static void main(String[] arguments) {
        Node node = Node.start(ConfigFactory.load(ConfigFactory.parseFile(new File(arguments[0]))
                .withFallback(ConfigFactory.parseResourcesAnySyntax("application"))));
        node.whenTerminated().toCompletableFuture().join();
        System.exit(0);
    }
}
