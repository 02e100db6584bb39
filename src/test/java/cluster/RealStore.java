package cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Path;
import testkit.NodeProcess;

/** A real session store. */
final class RealStore implements AutoCloseable {
    private static final Config BARE_NODE = ConfigFactory.parseString(
                    """
                    akka.actor.provider = cluster
                    akka.loglevel = WARNING
                    akka.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                    akka.cluster {
                      jmx.enabled = off
                      gossip-interval = 200ms
                      leader-actions-interval = 200ms
                      periodic-tasks-initial-delay = 50ms
                      sharding { number-of-shards = 10, retry-interval = 200ms }
                      sharding.state-store-mode = ddata
                      sharding.distributed-data.durable.keys = []
                    }
                    akka.coordinated-shutdown { exit-jvm = off, run-by-actor-system-terminate = on }
                    akka.coordinated-shutdown.phases.cluster-exiting.timeout = 2s
                    """)
            .withFallback(ConfigFactory.parseResources("serialization.conf"))
            .withFallback(ConfigFactory.parseResources("persistence.conf"));

    private final DataDirectory data;
    private final EmbeddedStore store;

    private RealStore(DataDirectory data) {
        this.data = data;
        this.store = EmbeddedStore.start(data, StoreSettings.of(ConfigFactory.load()));
    }

    /** @param directory empty */
    static RealStore in(Path directory) throws IOException {
        StoreTemplate.copyTo(directory);
        return new RealStore(DataDirectory.open(directory));
    }

    StoreConnection connection() {
        return store.connection();
    }

    /** Lets the server answer no new connection, as if it could not be reached. */
    void pause() throws IOException, InterruptedException {
        NodeProcess.signal(store.pid(), "STOP");
    }

    /** Lets it answer again. */
    void goOn() throws IOException, InterruptedException {
        NodeProcess.signal(store.pid(), "CONT");
    }

    /** What a cluster node with nothing but this store is configured with. */
    Config bareNode() {
        return connection()
                .toConfig()
                .withFallback(BARE_NODE)
                .withFallback(ConfigFactory.load())
                .resolve();
    }

    @Override
    public void close() {
        store.close();
        data.close();
    }
}
