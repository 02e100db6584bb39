package cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of the database server together with its guard.
 *
 * <p>The guard is a plain shell that starts the server, then reads a pipe from this process and stops the server when the
 * pipe closes: the same way for an orderly end and for a killed JVM. It is a session of its own, so that neither a
 * terminal's Ctrl-C nor a kill of our process group reaches it or the server.
 *
 * <p><em>Thread-safety:</em> safe; {@link #stop} may be called by any thread, repeatedly.
 */
final class PostgresServer {

    private static final Logger log = LoggerFactory.getLogger(PostgresServer.class);
    private static final String GUARD = resource("/cluster/postgres-guard.sh");
    private static final long STOP_PATIENCE_SECONDS = 45;

    private final PostgresFiles files;
    private final Process guard;
    private final ProcessHandle server;

    private PostgresServer(PostgresFiles files, Process guard, ProcessHandle server) {
        this.files = files;
        this.guard = guard;
        this.server = server;
    }

    /**
     * Starts a server on a loopback port.
     *
     * @return nothing if the server did not come up; the log says why
     */
    static Optional<PostgresServer> start(PostgresFiles files, int port, StoreSettings settings, Path logFile)
            throws IOException {
        Process guard = new ProcessBuilder(guardCommand(files, port, settings, logFile))
                .redirectError(ProcessBuilder.Redirect.appendTo(logFile.toFile()))
                .start();
        String status = guard.inputReader(StandardCharsets.UTF_8).readLine();
        Optional<ProcessHandle> server = files.server();
        if ("0".equals(status) && server.isPresent()) {
            return Optional.of(new PostgresServer(files, guard, server.get()));
        }
        guard.getOutputStream().close();
        return Optional.empty();
    }

    long pid() {
        return server.pid();
    }

    /** Completes when the server's main process has ended, for whatever reason. */
    CompletableFuture<ProcessHandle> ended() {
        return server.onExit();
    }

    /** Stops the server in an orderly way, open connections or not, and waits for it. */
    void stop() {
        try {
            guard.getOutputStream().close();
            guard.waitFor(STOP_PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (files.server().isPresent()) {
                log.warn("the guard of the session store did not stop it: stopping it directly");
                files.control("-m", "fast", "-w", "-t", "10", "stop").run();
            }
        } catch (IOException unreadable) {
            log.warn("cannot see whether the session store has stopped", unreadable);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static List<String> guardCommand(PostgresFiles files, int port, StoreSettings settings, Path logFile) {
        List<String> words = new ArrayList<>(List.of("setsid", "sh", "-c", GUARD, "holdfast-store-guard"));
        words.add(logFile.toString());
        words.add(Long.toString(settings.startTimeout().toSeconds()));
        words.add(options(port, settings));
        words.addAll(files.control().words());
        return words;
    }

    /** Durability first: what is acknowledged is on disk. The rest keeps a server small that serves one node. */
    private static String options(int port, StoreSettings settings) {
        Map<String, String> options = new TreeMap<>(Map.of(
                "fsync", "on",
                "synchronous_commit", "on",
                "full_page_writes", "on",
                "listen_addresses", "127.0.0.1",
                "unix_socket_directories", "",
                "port", Integer.toString(port),
                "max_connections", Integer.toString(settings.maxConnections()),
                "shared_buffers", (settings.sharedBuffersBytes() >> 10) + "kB"));
        options.putAll(Map.of(
                "max_wal_size", "256MB",
                "max_parallel_workers_per_gather", "0",
                "max_logical_replication_workers", "0",
                "jit", "off",
                "huge_pages", "off",
                "log_checkpoints", "off",
                "log_timezone", "UTC",
                "timezone", "UTC"));
        StringBuilder line = new StringBuilder();
        options.forEach((key, value) ->
                line.append(" -c ").append(key).append("='").append(value).append('\''));
        return line.substring(1);
    }

    private static String resource(String name) {
        try (var in = PostgresServer.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("not on the class path: " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
