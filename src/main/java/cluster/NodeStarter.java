package cluster;

import com.typesafe.config.Config;

/** The way to a serving node from a whole, resolved configuration. */
@FunctionalInterface
public interface NodeStarter {

    /**
     * Starts a node and waits until it serves.
     *
     * @throws StartFailure if it cannot; nothing of it is left running then
     */
    RunningNode start(Config config);
}
