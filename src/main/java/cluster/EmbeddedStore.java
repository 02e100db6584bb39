package cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The session store of a one-command node: a real, durable PostgreSQL in the node's data directory.
 *
 * <p>It listens on a free loopback port, only for the one who can read the password in the data directory. It ends with
 * this process, however that ends; should it die alone, it is started again on the same port, so that clients reconnect.
 *
 * <p><em>Thread-safety:</em> safe.
 */
public final class EmbeddedStore implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EmbeddedStore.class);
    private static final int START_ATTEMPTS = 3;

    private final Path home;
    private final PostgresBinaries binaries;
    private final Unprivileged user;
    private final StoreSettings settings;
    private final Path logFile;
    private final StoreConnection connection;
    private PostgresServer server;
    private @Nullable CompletableFuture<Void> watch;
    private boolean closed;

    private EmbeddedStore(DataDirectory data, StoreSettings settings) throws IOException {
        this.settings = settings;
        this.logFile = data.logs().resolve("postgres.log");
        this.home = data.path().resolve("postgres");
        this.binaries = PostgresBinaries.unpackedIn(data.path().resolve("binaries"));
        this.user = Unprivileged.toRun(binaries.program("postgres"));
        PostgresFiles files = PostgresFiles.prepare(home, binaries, user);
        int port = freePort();
        Optional<PostgresServer> started = PostgresServer.start(files, port, settings, logFile);
        for (int attempt = 1; started.isEmpty() && attempt < START_ATTEMPTS; attempt++) {
            // Somebody may have taken the port between our look and the server's.
            port = freePort();
            started = PostgresServer.start(files, port, settings, logFile);
        }
        this.server = started.orElseThrow(() -> new StartFailure(
                "PostgreSQL does not start in " + home + ": the last lines of " + logFile + " say why"));
        this.connection = new StoreConnection("127.0.0.1", port, "postgres", PostgresFiles.USER, files.password());
    }

    /**
     * Starts the store in {@code data}, making or recovering it as needed, with the journal's tables in place.
     *
     * @throws StartFailure if it cannot; nothing is left running then
     */
    public static EmbeddedStore start(DataDirectory data, StoreSettings settings) {
        try {
            EmbeddedStore store = new EmbeddedStore(data, settings);
            try {
                StoreSchema.applyTo(store.connection);
            } catch (RuntimeException failure) {
                store.close();
                throw failure;
            }
            store.restartWhenItDies(store.server);
            log.info("session store {} runs in {}", store.connection, store.home);
            return store;
        } catch (IOException failure) {
            throw new StartFailure(
                    "session store in " + data.path() + " does not start (" + failure
                            + "): check space and permissions",
                    failure);
        }
    }

    /** How to reach it; stays the same until closed. */
    public StoreConnection connection() {
        return connection;
    }

    /** Process id of the server's main process. */
    public synchronized long pid() {
        return server.pid();
    }

    /** Stops the server in an orderly way and waits for it. */
    @Override
    public void close() {
        PostgresServer running;
        synchronized (this) {
            closed = true;
            if (watch != null) {
                watch.cancel(false);
            }
            running = server;
        }
        running.stop();
    }

    private synchronized void restartWhenItDies(PostgresServer watched) {
        Executor afterPause =
                CompletableFuture.delayedExecutor(settings.restartBackoff().toMillis(), TimeUnit.MILLISECONDS);
        watch = watched.ended().thenRunAsync(() -> restart(watched), afterPause);
    }

    private synchronized void restart(PostgresServer dead) {
        if (closed) {
            return;
        }
        dead.stop();
        log.warn("the session store's server died: starting it again, see {}", logFile);
        try {
            PostgresFiles files = PostgresFiles.prepare(home, binaries, user);
            PostgresServer.start(files, connection.port(), settings, logFile).ifPresent(again -> server = again);
        } catch (IOException | StartFailure failure) {
            log.error("the session store's server does not come back", failure);
        }
        restartWhenItDies(server);
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            return probe.getLocalPort();
        }
    }
}
