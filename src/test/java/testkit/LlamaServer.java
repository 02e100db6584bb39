package testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A real llama-server with a tiny random model, as {@code examples/llama} brings it; tests skip where it cannot be had. */
public final class LlamaServer implements AutoCloseable {
    private static final Path EXAMPLES = Path.of("examples", "llama");
    private static final int UNAVAILABLE = 75;
    private static final Duration FETCH_LIMIT = Duration.ofMinutes(5);
    private static final Duration START_LIMIT = Duration.ofMinutes(1);
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final List<String> command;
    private final int port;
    private Process process;

    private LlamaServer(List<String> command, int port) throws IOException {
        this.command = command;
        this.port = port;
        this.process = launch();
    }

    /** Fetches the program, or skips the test with the reason why it cannot be had. */
    public static Path program() throws IOException, InterruptedException {
        Path said = Files.createTempFile("fetch-llama-server", ".out");
        Process fetch = new ProcessBuilder(
                        EXAMPLES.resolve("fetch-llama-server").toString())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        if (!fetch.waitFor(FETCH_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            fetch.destroyForcibly();
            throw new AssertionError("llama-server was not fetched within " + FETCH_LIMIT);
        }
        String output = Files.readString(said).strip();
        Files.delete(said);
        if (fetch.exitValue() == UNAVAILABLE) {
            System.out.println("SKIPPED: " + output);
        }
        Assumptions.assumeTrue(fetch.exitValue() != UNAVAILABLE, output);
        if (fetch.exitValue() != 0) {
            throw new AssertionError("fetch-llama-server failed: " + output);
        }
        return Path.of(output);
    }

    /** Writes the model that the examples use. */
    public static Path model(Path folder) throws IOException, InterruptedException {
        Path model = folder.resolve("tiny.gguf");
        Process written = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        EXAMPLES.resolve("TinyModel.java").toString(),
                        model.toString(),
                        EXAMPLES.resolve("chatml-tools.jinja").toString())
                .inheritIO()
                .start();
        if (written.waitFor() != 0) {
            throw new AssertionError("TinyModel failed");
        }
        return model;
    }

    /** Starts a server on a free port of loopback and waits until it serves. */
    public static LlamaServer start(Path program, Path model, Path copies, String... options) throws IOException {
        int port = NodeProcess.freePort();
        List<String> command = new ArrayList<>(List.of(program.toString(), "-m", model.toString()));
        command.addAll(
                List.of("--host", "127.0.0.1", "--port", "" + port, "-t", "1", "--slots", "--metrics", "--no-ui"));
        command.addAll(List.of("--slot-save-path", copies.toString()));
        command.addAll(List.of(options));
        if (!command.contains("--alias")) {
            command.addAll(List.of("--alias", "tiny")); // a second one would be one name more
        }
        return new LlamaServer(command, port);
    }

    private Process launch() throws IOException {
        Path log = Files.createTempFile("llama-server", ".log");
        log.toFile().deleteOnExit();
        Process started = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        NodeProcess.await("llama-server serves; its log is " + log, START_LIMIT, () -> {
            if (!started.isAlive()) {
                throw new AssertionError("llama-server ended with " + started.exitValue() + ", its log is " + log);
            }
            return healthy();
        });
        return started;
    }

    /** Starts it again on its port, if it was killed. */
    public void revive() throws IOException {
        if (!process.isAlive()) {
            process = launch();
        }
    }

    /** Prompt tokens that it has computed since its start, by its own count. */
    public int promptTokens() {
        return metric("llamacpp:prompt_tokens_total");
    }

    /** Requests that it works on, by its own count. */
    public int requests() {
        return metric("llamacpp:requests_processing");
    }

    private int metric(String name) {
        String page = get("/metrics").body();
        return page.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToInt(line -> (int) Double.parseDouble(line.substring(line.indexOf(' '))))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + name + " in:\n" + page));
    }

    public String url() {
        return "http://127.0.0.1:" + port;
    }

    public boolean alive() {
        return process.isAlive() && healthy();
    }

    /** Ends it at once, as a crash would. */
    public void kill() {
        process.destroyForcibly().onExit().join();
    }

    private boolean healthy() {
        try {
            return get("/health").statusCode() == 200;
        } catch (UncheckedIOException notYet) {
            return false;
        }
    }

    private HttpResponse<String> get(String path) {
        try {
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create(url() + path)).build();
            return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        kill();
    }
}
