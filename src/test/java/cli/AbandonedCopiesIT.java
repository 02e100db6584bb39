package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.RandomAccessFile;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import testkit.LlamaServer;
import testkit.NodeProcess;
import testkit.ToolAgent;

/**
 * What lies in the folder that a real llama-server writes its slots to: after a crash of the node, after the session's end, and when
 * there is no room.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class AbandonedCopiesIT {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** Where in a file's name the ledger and the lease stand: hf-WEIGHTS-LEDGER-LEASE-CHANCE.kv */
    private static final int LEDGER_AT = 20;

    private static final int LEASE_AT = 37;

    @TempDir
    Path folder;

    @Test
    void afterACrashFilesOfNoLeaseAreDeletedAndForeignOnesOnceNobodyLooksAfterThem() throws Exception {
        Path program = LlamaServer.program();
        Path model = LlamaServer.model(folder);
        Path copies = Files.createDirectory(folder.resolve("copies"));
        Path notes = Files.writeString(copies.resolve("notes.txt"), "of a person");
        try (LlamaServer server = LlamaServer.start(
                program, model, copies, "-np", "2", "-c", "16384", "--logit-bias", "2+50", "--logit-bias", "258+100")) {
            Path conf = Files.writeString(
                    folder.resolve("node.conf"),
                    """
                    holdfast.agents.retention.min-copies = 2
                    holdfast.router.leases { worker-grace = 1s, inventory-interval = 1s }
                    holdfast.workers.engines = [ { url = "%s", kind = llama-cpp, copies-folder = "%s" } ]
                    """
                            .formatted(server.url(), copies));
            NodeProcess first = node(conf);
            ToolAgent before = new ToolAgent(first, "tiny", "ls");
            before.callsItsTool();
            before.awaitCopy();
            Path kept = before.copyIn(copies);
            first.killHard();
            String name = kept.getFileName().toString();
            Path unheard = Files.copy(kept, copies.resolve(changed(name, LEASE_AT)));
            Path reserved = Files.createFile(copies.resolve(changed(name, LEASE_AT) + ".reserved-1000"));
            Path foreign = Files.copy(kept, copies.resolve(changed(name, LEDGER_AT)));

            try (NodeProcess second = node(conf)) {
                NodeProcess.await(
                        "what no lease has is deleted",
                        PATIENCE,
                        () -> Files.notExists(unheard) && Files.notExists(reserved));
                assertTrue(Files.exists(kept), "a lease has it");
                int stored = second.get("/v1/leases?session=" + before.session())
                        .path("data")
                        .path(0)
                        .path("storedCopies")
                        .asInt();
                assertEquals(1, stored);

                close(second, before.session());

                NodeProcess.await("the lease's copy goes with it", PATIENCE, () -> Files.notExists(kept));
                assertTrue(Files.exists(foreign), "another ledger's");

                FileTime longAgo = FileTime.from(Instant.now().minus(Duration.ofDays(2)));
                Files.setLastModifiedTime(foreign, longAgo);
                Files.setLastModifiedTime(markOf(foreign), longAgo);
                NodeProcess.await("nobody's any more", PATIENCE, () -> Files.notExists(foreign));
                assertTrue(Files.exists(notes), "a person's");
            }
        }
    }

    @Test
    void aCopyThatDoesNotFitIsRefusedByName() throws Exception {
        Path program = LlamaServer.program();
        Path model = LlamaServer.model(folder);
        Path copies = Files.createDirectory(folder.resolve("copies"));
        try (LlamaServer server = LlamaServer.start(
                program, model, copies, "-np", "2", "-c", "16384", "--logit-bias", "2+50", "--logit-bias", "258+100")) {
            Path conf = Files.writeString(
                    folder.resolve("node.conf"),
                    """
                    holdfast.agents.retention.min-copies = 2
                    holdfast.workers.engines = [
                      { url = "%s", kind = llama-cpp, copies-folder = "%s", copies-budget = 1 KiB }
                    ]
                    """
                            .formatted(server.url(), copies));
            try (NodeProcess node = node(conf)) {
                ToolAgent agent = new ToolAgent(node, "tiny", "ls");
                agent.callsItsTool();

                NodeProcess.await("the copy is refused", PATIENCE, () -> refusedCopy(node, agent.session()));
                JsonNode taken = node.get("/v1/workers").path("data").path(0).path("copies");
                assertEquals("{\"bytes\":0,\"budget\":1024}", taken.toString());
                try (Stream<Path> files = Files.list(copies)) {
                    assertEquals(
                            List.of(),
                            files.filter(file -> !file.toString().endsWith(".mark"))
                                    .toList());
                }
            }
        }
    }

    @Test
    void aCopyThatFoundNoRoomIsWrittenOnceSomeIsFreed() throws Exception {
        Path program = LlamaServer.program();
        Path model = LlamaServer.model(folder);
        Path copies = Files.createDirectory(folder.resolve("copies"));
        Path others = copies.resolve("hf-%016x-%016x-%016x%016x-%016x.kv".formatted(1, 2, 3, 4, 5));
        try (RandomAccessFile file = new RandomAccessFile(others.toFile(), "rw")) {
            file.setLength(64L << 20);
        }
        try (LlamaServer server = LlamaServer.start(
                program, model, copies, "-np", "2", "-c", "16384", "--logit-bias", "2+50", "--logit-bias", "258+100")) {
            Path conf = Files.writeString(
                    folder.resolve("node.conf"),
                    """
                    holdfast.agents.retention { min-copies = 2, min-lease = 60s, max-lease = 60s }
                    holdfast.workers.engines = [
                      { url = "%s", kind = llama-cpp, copies-folder = "%s", copies-budget = 64 MiB }
                    ]
                    """
                            .formatted(server.url(), copies));
            try (NodeProcess node = node(conf)) {
                ToolAgent agent = new ToolAgent(node, "tiny", "ls");
                agent.callsItsTool();
                NodeProcess.await("the copy is refused", PATIENCE, () -> refusedCopy(node, agent.session()));

                Files.delete(others);

                agent.awaitCopy();
                assertTrue(Files.size(agent.copyIn(copies)) > 0);
            }
        }
    }

    private static Path markOf(Path copy) {
        String name = copy.getFileName().toString();
        return copy.resolveSibling("hf-" + name.substring(LEDGER_AT, LEASE_AT - 1) + ".mark");
    }

    private static boolean refusedCopy(NodeProcess node, String session) {
        for (JsonNode lease : node.get("/v1/leases?session=" + session).path("data")) {
            for (JsonNode step : lease.path("workers")) {
                if (step.path("requested").asText().equals("COPY")
                        && step.path("acknowledged").asText().equals("REJECTED")) {
                    assertEquals("BUDGET", step.path("reason").asText());
                    assertEquals(
                            "copies-budget (holdfast.workers.engines)",
                            step.path("key").asText());
                    return true;
                }
            }
        }
        return false;
    }

    private static String changed(String name, int at) {
        char other = name.charAt(at) == '0' ? '1' : '0';
        String changed = name.substring(0, at) + other + name.substring(at + 1);
        assertNotEquals(name, changed);
        return changed;
    }

    private NodeProcess node(Path conf) throws Exception {
        return NodeProcess.start(folder.resolve("data"), NodeProcess.freePort(), "--config", conf.toString());
    }

    private static void close(NodeProcess node, String session) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(node.baseUrl() + "/v1/sessions/" + session))
                .DELETE()
                .build();
        int status = HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.discarding())
                .statusCode();
        assertEquals(2, status / 100);
    }
}
