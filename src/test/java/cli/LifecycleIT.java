package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;

/** What a harness tells its sessions, on a real node with simulated engines. */
class LifecycleIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final String SYSTEM = "You are a patient assistant that answers at length. ".repeat(20);

    @TempDir
    Path dataDir;

    @Test
    void sessionsAreToldAndAnswerWithReceipts() throws Exception {
        try (NodeProcess node = NodeProcess.start(dataDir, NodeProcess.freePort(), "--workers", "2")) {
            JsonNode first = chat(node, "s1", ",\"nvext\":{\"extra_fields\":[\"retention\"]}", "Hello there.");
            JsonNode kept = first.get("nvext").get("retention");
            assertEquals("s1", kept.get("session").asText());
            assertEquals(
                    "HISTORY", kept.get("leases").get(0).get("retentionClass").asText(), kept::toPrettyString);
            assertEquals(
                    "ACCEPTED",
                    kept.get("leases")
                            .get(0)
                            .get("workers")
                            .get(0)
                            .get("acknowledged")
                            .asText(),
                    kept::toPrettyString);

            JsonNode stalled =
                    told(node, "s1/stall", "{\"tool\":\"make\",\"expected_seconds\":600,\"request_id\":\"r\"}", 200);
            JsonNode lease = stalled.get("leases").get(0);
            assertEquals("HELD", lease.get("state").asText(), stalled::toPrettyString);
            assertTrue(lease.get("remainingSeconds").asDouble() > 600, stalled::toPrettyString);
            assertFalse(stalled.get("repeated").asBoolean());
            assertTrue(told(node, "s1/stall", "{\"tool\":\"make\",\"expected_seconds\":600,\"request_id\":\"r\"}", 200)
                    .get("repeated")
                    .asBoolean());
            told(node, "s1/resume", "{\"request_id\":\"r\"}", 409);
            told(node, "nobody/resume", "{}", 404);
            told(node, "s1/resume", "{\"frontier\":9}", 404);

            JsonNode forked = told(node, "s1/fork", "{\"child\":\"s2\"}", 200);
            assertEquals("s2", forked.get("child").asText());
            JsonNode child = node.get("/v1/sessions/s2");
            assertEquals("s1", child.get("forkOf").asText());
            assertEquals("s2", child.get("root").asText());
            told(node, "s1/fork", "{\"child\":\"s1\"}", 409);

            JsonNode asked = told(node, "../leases", "{\"session\":\"s1\",\"ttl_seconds\":900}", 200);
            assertTrue(
                    asked.get("leases").findValues("priority").stream().anyMatch(priority -> priority.asInt() == 80),
                    asked::toPrettyString);
            assertEquals(List.of(), asked.findValues("answer"), asked::toPrettyString);
            JsonNode longest = told(node, "../leases", "{\"session\":\"s1\",\"ttl_seconds\":86400}", 200)
                    .get("answers");
            assertEquals("BOUNDED", longest.at("/0/answer").asText(), longest::toPrettyString);
            assertEquals("MAX_LEASE", longest.at("/0/reason").asText());
            assertEquals(3600, longest.at("/0/grantedSeconds").asDouble());
            assertEquals(
                    "a lease is granted for at most 3600 s at once (holdfast.router.leases.max-lease)",
                    longest.at("/0/message").asText());

            NodeProcess.await(
                    "one lease on the system prompt of both",
                    SOON,
                    () -> shared(node).size() == 1);
            told(node, "s1/close", "{}", 200);
            assertEquals("CLOSED", node.get("/v1/sessions/s1").get("phase").asText());
            NodeProcess.await(
                    "only the fork's lease is left", SOON, () -> open(node).size() == 1);
            assertEquals("s2", open(node).get(0).get("session").asText());

            String id = open(node).get(0).get("id").asText();
            assertTrue(
                    listed(node, "leases", "--session", "s2")
                            .matches("(?s)LEASE .*\\Q" + id + "\\E +s2 +HISTORY +HELD .*http://.* HOLD ACCEPTED.*"),
                    listed(node, "leases", "--session", "s2"));
            assertTrue(listed(node, "sessions").matches("(?s)SESSION .*\ns1 +CLOSED .*"), listed(node, "sessions"));
            assertEquals(
                    2,
                    listed(node, "workers")
                            .lines()
                            .filter(line -> line.matches("http://.* READY .*DEVICE \\d+/\\d+/\\d+.*"))
                            .count(),
                    listed(node, "workers"));
        }
    }

    @Test
    void r2WhatTheQuotaRefusesIsSaidAndCounted() throws Exception {
        Path config = dataDir.resolve("quota.conf");
        Files.writeString(config, "holdfast.router.leases.tenant-quota = 0");
        try (NodeProcess node =
                NodeProcess.start(dataDir, NodeProcess.freePort(), "--workers", "1", "--config", config.toString())) {
            JsonNode kept = chat(node, "s1", ",\"nvext\":{\"extra_fields\":[\"retention\"]}", "Hello there.")
                    .at("/nvext/retention");
            assertEquals(List.of("REFUSED"), texts(kept, "answer"), kept::toPrettyString);

            JsonNode stalled = told(node, "s1/stall", "{\"expected_seconds\":60}", 200);
            assertEquals(0, stalled.get("leases").size(), stalled::toPrettyString);
            assertEquals(List.of("REFUSED"), texts(stalled, "answer"), stalled::toPrettyString);
            assertEquals(List.of("QUOTA"), texts(stalled.get("answers"), "reason"));
            assertTrue(
                    stalled.at("/answers/0/message")
                            .asText()
                            .endsWith("(holdfast.router.leases.tenant-quota, min-lease)"),
                    stalled::toPrettyString);
            assertTrue(node.metric("holdfast_leases_refused_total{reason=\"quota\"}") >= 2);
        }
    }

    private static List<String> texts(JsonNode of, String field) {
        return of.findValuesAsText(field);
    }

    /** What the command prints in a terminal. */
    private static String listed(NodeProcess node, String... command) {
        StringWriter out = new StringWriter();
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(List.of("--url", node.baseUrl()));
        int status = Main.commandLine().setOut(new PrintWriter(out, true)).execute(arguments.toArray(String[]::new));
        assertEquals(0, status, out.toString());
        return out.toString();
    }

    private static List<JsonNode> open(NodeProcess node) {
        List<JsonNode> open = new ArrayList<>();
        node.get("/v1/leases").get("data").forEach(lease -> {
            if (lease.get("reason").isNull()) {
                open.add(lease);
            }
        });
        return open;
    }

    private static List<JsonNode> shared(NodeProcess node) {
        return open(node).stream()
                .filter(lease -> lease.get("owners").asInt() > 0)
                .toList();
    }

    private static JsonNode chat(NodeProcess node, String session, String more, String text)
            throws IOException, InterruptedException {
        String body = "{\"model\":\"sim-echo\",\"messages\":[{\"role\":\"system\",\"content\":\"" + SYSTEM
                + "\"},{\"role\":\"user\",\"content\":\"" + text + "\"}]" + more + "}";
        return post(node, "/v1/chat/completions", session, body, 200);
    }

    private static JsonNode told(NodeProcess node, String path, String body, int status)
            throws IOException, InterruptedException {
        return post(
                node, path.startsWith("../") ? "/v1/" + path.substring(3) : "/v1/sessions/" + path, "-", body, status);
    }

    private static JsonNode post(NodeProcess node, String path, String session, String body, int status)
            throws IOException, InterruptedException {
        HttpResponse<String> answer = HTTP.send(
                HttpRequest.newBuilder(URI.create(node.baseUrl() + path))
                        .header("content-type", "application/json")
                        .header("x-holdfast-session-id", session)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals(status, answer.statusCode(), answer.body());
        return JSON.readTree(answer.body());
    }
}
