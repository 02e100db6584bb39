package testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A simulated engine that lives on when the nodes that use it die: {@code ./holdfast sim}. */
public final class SimProcess implements AutoCloseable {
    private static final String READY = "READY ";
    private static final int BLOCK = 16;
    private static final int FLOOD_BLOCKS = 250;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Process process;
    private final JsonNode address;
    private int floods;

    private SimProcess(Process process, JsonNode address) {
        this.process = process;
        this.address = address;
    }

    /** Starts an engine and waits until it serves. It ends with the test, however that ends. */
    public static SimProcess start(String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of("./holdfast", "sim", "--exit-with-parent"));
        command.addAll(List.of(options));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("HOLDFAST_JAVA_OPTS", "-Xmx256m -XX:TieredStopAtLevel=1");
        Process process = builder.start();
        BufferedReader output = process.inputReader();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith(READY)) {
                return new SimProcess(process, JSON.readTree(line.substring(READY.length())));
            }
        }
        throw new AssertionError("sim ended before it served");
    }

    /** The setting that makes engines the cluster's. */
    public static String setting(SimProcess... engines) {
        return Stream.of(engines)
                .map(engine -> "{ url = \"%s\", events = \"%s\", replay = \"%s\" }"
                        .formatted(engine.url(), engine.text("events"), engine.text("replay")))
                .collect(Collectors.joining(", ", "holdfast.workers.engines = [", "]\n"));
    }

    public String url() {
        return text("url");
    }

    private String text(String name) {
        return address.get(name).asText();
    }

    /** Computes prompts that nobody else has, more than its cache holds: what is not held is gone then. */
    public void flood(int blocks) {
        for (int filled = 0; filled < 2 * blocks; filled += FLOOD_BLOCKS) {
            new ToolSession(ToolSession.text("flood " + ++floods, FLOOD_BLOCKS * BLOCK), "go", 1).at(this);
        }
    }

    /** Requests that it has answered, by its own count. */
    public int answered() {
        return NodeProcess.text(URI.create(url() + "/metrics"))
                .lines()
                .filter(line -> line.startsWith("vllm:request_success_total"))
                .mapToInt(line -> (int) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
