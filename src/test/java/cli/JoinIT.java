package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;
import testkit.ToolSession;

/** A second node as a user starts it: by the file that the first one writes. */
class JoinIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    @Test
    void aSecondNodeJoinsByTheFirstOnesFileAndASessionIsAskedThroughEither() throws Exception {
        Path join = directory.resolve("one/join.conf");
        try (NodeProcess one = NodeProcess.start(directory.resolve("one"), NodeProcess.freePort(), "--workers", "2")) {
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(join)));
            ToolSession session = new ToolSession(ToolSession.text("join", 2_000), "go", 4);
            try (NodeProcess other = NodeProcess.start(
                    directory.resolve("other"), NodeProcess.freePort(), "--config", join.toString())) {
                assertEquals(workers(one), workers(other), "one fleet");
                assertTrue(other.output().contains("\"model\":\"sim-echo\""), other.output());
                NodeProcess.await("the second node sees the engines", PATIENCE, () -> accepting(other) == 2);

                session.turn(one);
                assertEquals(0, session.turn(other).computedAgain());
                assertEquals(0, session.turn(one).computedAgain());
                assertEquals(
                        one.get("/v1/sessions").get("data"),
                        other.get("/v1/sessions").get("data"));

                assertEquals(0, other.interrupt());
            }
            assertEquals(0, session.turn(one).computedAgain());
            assertEquals(0, one.interrupt());
        }
        assertFalse(Files.exists(join), "nobody can join a node that has ended");
    }

    private static Set<String> workers(NodeProcess node) {
        Set<String> urls = new TreeSet<>();
        node.get("/v1/workers")
                .get("data")
                .forEach(worker -> urls.add(worker.get("id").asText()));
        assertTrue(!urls.isEmpty());
        return urls;
    }

    private static int accepting(NodeProcess node) {
        int ready = 0;
        for (JsonNode worker : node.get("/v1/workers").get("data")) {
            ready += worker.get("state").asText().equals("READY") ? 1 : 0;
        }
        return ready;
    }
}
