package workers.simserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SimProcessTest {

    @Test
    void itSaysWhereItListensAndEndsWithItsParent() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "cli.Main",
                        "sim",
                        "--exit-with-parent",
                        "--blocks=128")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = process.inputReader()) {
            String line = out.readLine();
            assertTrue(line.startsWith("READY {"), line);
            JsonNode ready = SimClient.JSON.readTree(line.substring("READY ".length()));
            assertEquals("sim-echo", ready.path("model").asText());
            assertTrue(ready.path("events").asText().startsWith("tcp://127.0.0.1:"));
            assertTrue(ready.path("replay").asText().startsWith("tcp://127.0.0.1:"));
            SimClient client = new SimClient(ready.path("url").asText());
            assertEquals(
                    "echo: hi",
                    client.complete(SimClient.body("hi"))
                            .at("/choices/0/message/content")
                            .asText());
            process.getOutputStream().close();
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
            assertEquals(0, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
    }
}
