package cluster;

import java.net.InetSocketAddress;
import java.util.concurrent.CompletionStage;

/** A node that serves, as those who start it see it. */
public interface RunningNode {

    /** Where it accepts HTTP, with the port that was chosen. */
    InetSocketAddress httpAddress();

    /** Its name in the cluster, as {@code akka.cluster.seed-nodes} takes it. */
    String address();

    /** Turns that clients wait for. */
    int runningTurns();

    /**
     * Takes no more turns, lets the running ones finish within the configured bound, then ends the node.
     *
     * @return completes when the node has ended, with how many turns were not left the time to finish
     */
    CompletionStage<Integer> drain();

    /** Completes when the node has ended, whether asked to or not. */
    CompletionStage<?> whenTerminated();
}
