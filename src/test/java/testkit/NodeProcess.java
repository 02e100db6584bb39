package testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import cluster.StoreTemplate;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A node in a process of its own; {@code ./holdfast up}, as a user would start it, unless said otherwise. */
public final class NodeProcess implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofMinutes(2);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final Process process;
    private final Path output;
    private final int port;

    private NodeProcess(Process process, Path output, int port) {
        this.process = process;
        this.output = output;
        this.port = port;
    }

    /** Starts a node on a data directory, if it is new with a store made beforehand, and waits until it says that it is ready. */
    public static NodeProcess start(Path dataDir, int port, String... options) throws IOException {
        if (Files.notExists(dataDir.resolve("postgres"))) {
            StoreTemplate.copyTo(dataDir);
        }
        List<String> command = new ArrayList<>(
                List.of("./holdfast", "up", "--http-port", "" + port, "--data-dir", dataDir.toString()));
        command.addAll(List.of(options));
        NodeProcess node = launch(command, port);
        node.awaitReady();
        return node;
    }

    /** Launches a program that is a node and serves on a port; does not wait. */
    public static NodeProcess launch(List<String> command, int port) throws IOException {
        Path output = Files.createTempFile("holdfast-node", ".out");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        return new NodeProcess(process, output, port);
    }

    /** Waits until it says that it is ready; one that is not in time is ended with all that it started. */
    public void awaitReady() {
        try {
            await("the node is ready", START_LIMIT, () -> {
                if (!process.isAlive()) {
                    throw new AssertionError("it ended with " + process.exitValue());
                }
                return ready();
            });
        } catch (AssertionError failure) {
            String printed = output();
            close();
            throw new AssertionError(failure.getMessage() + "; it printed:\n" + printed, failure);
        }
    }

    /** A port that was free a moment ago, and below those that Linux gives to outgoing connections, which might take it meanwhile. */
    public static int freePort() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(20_000, 32_768);
            try (ServerSocket socket = new ServerSocket(port)) {
                return socket.getLocalPort();
            } catch (IOException taken) {
                // another one
            }
        }
    }

    /** Polls until a condition holds; a deadline is a failure, never a pass. */
    public static void await(String what, Duration limit, BooleanSupplier condition) {
        Instant deadline = Instant.now().plus(limit);
        while (!condition.getAsBoolean()) {
            if (Instant.now().isAfter(deadline)) {
                throw new AssertionError("not within " + limit + ": " + what);
            }
            LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
        }
    }

    public String baseUrl() {
        return "http://127.0.0.1:" + port;
    }

    /** Everything the command printed so far. */
    public String output() {
        try {
            return Files.readString(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The JSON body of a successful GET. */
    public JsonNode get(String path) {
        return send(HttpRequest.newBuilder(URI.create(baseUrl() + path)).build());
    }

    /** A metric by its name and labels as they stand in {@code /metrics}; 0 when it is not there. */
    public double metric(String name) {
        return text(URI.create(baseUrl() + "/metrics"))
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .sum();
    }

    /** The JSON body of a successful POST. */
    public JsonNode post(String path, JsonNode body) {
        return post(URI.create(baseUrl() + path), body);
    }

    /** The same, to any server. */
    static JsonNode post(URI uri, JsonNode body) {
        return send(HttpRequest.newBuilder(uri)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                .build());
    }

    /** The JSON body of a successful DELETE. */
    public JsonNode delete(String path) {
        return send(
                HttpRequest.newBuilder(URI.create(baseUrl() + path)).DELETE().build());
    }

    private static JsonNode send(HttpRequest request) {
        try {
            return JSON.readTree(body(request));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The body of a successful GET, from any server. */
    static String text(URI uri) {
        return body(HttpRequest.newBuilder(uri).build());
    }

    private static String body(HttpRequest request) {
        try {
            HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new AssertionError(request.uri() + " answered " + response.statusCode() + ": " + response.body());
            }
            return response.body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** All processes below the command's own. */
    public List<ProcessHandle> descendants() {
        return process.descendants().toList();
    }

    /** The processes of the simulated engines. */
    public List<ProcessHandle> engines() {
        return descendants().stream()
                .filter(handle -> handle.info()
                        .arguments()
                        .map(arguments -> List.of(arguments).contains("sim"))
                        .orElse(false))
                .toList();
    }

    /** Lets the whole process stand still, as a long pause of its machine does. */
    public void pause() throws IOException, InterruptedException {
        signal(process.pid(), "STOP");
    }

    /** Lets it go on. */
    public void goOn() throws IOException, InterruptedException {
        signal(process.pid(), "CONT");
    }

    /** Sends a signal to any process. */
    public static void signal(long pid, String name) throws IOException, InterruptedException {
        assertEquals(
                0,
                new ProcessBuilder("kill", "-" + name, "" + pid)
                        .inheritIO()
                        .start()
                        .waitFor());
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Kills the node's JVM with -9 and waits until nothing that it started is left. */
    public void killHard() {
        List<ProcessHandle> all = descendants();
        process.destroyForcibly();
        awaitGone(all);
    }

    /** Ends the node as Ctrl-C does and waits until nothing that it started is left. */
    public int interrupt() throws InterruptedException {
        List<ProcessHandle> all = descendants();
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("the node did not end within 60 s:\n" + output());
        }
        awaitGone(all);
        return process.exitValue();
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            killHard();
        }
    }

    private boolean ready() {
        try {
            return HTTP.send(
                                    HttpRequest.newBuilder(URI.create(baseUrl() + "/health/ready"))
                                            .build(),
                                    HttpResponse.BodyHandlers.discarding())
                            .statusCode()
                    == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void awaitGone(List<ProcessHandle> handles) {
        await("every child process has ended", Duration.ofSeconds(30), () -> handles.stream()
                .noneMatch(ProcessHandle::isAlive));
    }
}
