package workers.simserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import testkit.SimMemory;

@Timeout(60)
class SimServerTest {
    private static final int BLOCK = 16;

    private SimServer server;
    private SimClient client;

    @BeforeEach
    void start() throws IOException {
        server = SimServer.start(settings(0));
        client = new SimClient(server.url());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aStreamHasTheShapeThatClientsNeed() throws Exception {
        ObjectNode body = SimClient.withTool(
                SimClient.body(
                        "[sim][[{\"think\":\"hm\"},{\"text\":\"süß\"},{\"call\":\"ls\",\"args\":{\"a\":1}}]][/sim]"),
                "ls");
        body.putObject("stream_options").put("include_usage", true);
        List<String> data = client.stream(body);

        assertEquals("[DONE]", data.get(data.size() - 1));
        List<JsonNode> chunks = new ArrayList<>();
        for (String chunk : data.subList(0, data.size() - 1)) {
            chunks.add(SimClient.JSON.readTree(chunk));
        }
        assertEquals("assistant", delta(chunks.get(0)).path("role").asText());
        assertEquals("", delta(chunks.get(0)).path("content").asText());
        assertEquals("hm", joined(chunks, "/reasoning_content"));
        assertEquals("süß", joined(chunks, "/content"));
        assertEquals("ls", joined(chunks, "/tool_calls/0/function/name"));
        assertEquals("{\"a\":1}", joined(chunks, "/tool_calls/0/function/arguments"));
        assertEquals("function", joined(chunks, "/tool_calls/0/type"));
        JsonNode usage = chunks.get(chunks.size() - 1);
        assertEquals(0, usage.path("choices").size());
        assertEquals(0, usage.at("/usage/prompt_tokens_details/cached_tokens").asInt(-1));
        JsonNode finish = chunks.get(chunks.size() - 2);
        assertEquals("tool_calls", finish.at("/choices/0/finish_reason").asText());
        assertTrue(delta(finish).isEmpty());
        for (JsonNode chunk : chunks.subList(0, chunks.size() - 1)) {
            assertEquals("chat.completion.chunk", chunk.path("object").asText());
            assertEquals(usage.path("id"), chunk.path("id"));
            assertTrue(chunk.path("usage").isNull());
        }
    }

    @Test
    void hintsThatItDoesNotKnowAreUnsupportedAndMalformedOnesRefused() throws Exception {
        String envelope = "{\"protocol_version\":\"1.0\",\"message_id\":\"m\",\"actions\":[{\"action_id\":\"a\","
                + "\"action_type\":\"%s\",\"action_version\":\"1.0\",\"payload\":%s}]}";
        String retain = "{\"hold_id\":\"h\",\"density\":1,\"ttl_seconds\":1,\"block_hashes\":[\"%s\"]}";

        HttpResponse<String> fetch = client.post("/v1/kv_hints", envelope.formatted("kv.fetch", "{}"));
        HttpResponse<String> absent =
                client.post("/v1/kv_hints", envelope.formatted("kv.retain", retain.formatted("18446744073709551615")));
        HttpResponse<String> wrong =
                client.post("/v1/kv_hints", envelope.formatted("kv.retain", retain.formatted("-1")));

        assertEquals(
                "{\"protocol_version\":\"1.0\",\"message_id\":\"m\",\"results\":"
                        + "[{\"action_id\":\"a\",\"status\":\"unsupported\",\"blocks\":0}]}",
                fetch.body());
        assertEquals(
                0,
                SimClient.JSON.readTree(absent.body()).at("/results/0/blocks").asInt(-1));
        assertEquals(400, wrong.statusCode());
        assertTrue(wrong.body().contains("actions[0].payload.block_hashes[0]"), wrong.body());
    }

    @Test
    void aConversationFindsAllOfItsBlocksAgain() throws Exception {
        ObjectNode body = SimClient.withTool(
                SimClient.body("[sim][[{\"think\":\"hm\"},{\"call\":\"ls\",\"args\":{\"a\" : 1.50}}],"
                        + "{\"text\":\"it says {{tool}}\"}][/sim]"),
                "ls");
        ArrayNode messages = (ArrayNode) body.get("messages");
        int computed = 1;
        for (int turn = 0; turn < 12; turn++) {
            JsonNode reply = client.complete(body);
            JsonNode usage = reply.path("usage");
            assertEquals(
                    (computed - 1) / BLOCK * BLOCK,
                    usage.at("/prompt_tokens_details/cached_tokens").asInt(),
                    "turn " + turn);
            computed = usage.path("total_tokens").asInt();
            messages.add(reply.at("/choices/0/message"));
            JsonNode call = reply.at("/choices/0/message/tool_calls/0/id");
            if (call.isMissingNode()) {
                SimClient.add(messages, "user", "more, please: " + turn);
            } else {
                SimClient.add(messages, "tool", "a.txt").put("tool_call_id", call.asText());
            }
        }
    }

    @Test
    void aSaltKeepsPromptsApart() throws Exception {
        ObjectNode body = SimClient.body("the same words, long enough to fill a few blocks of the cache");
        client.complete(body.put("cache_salt", "a"));
        assertEquals(0, cached(client.complete(body.deepCopy().put("cache_salt", "b"))));
        assertEquals(0, cached(client.complete(body.deepCopy().without("cache_salt"))));
        assertTrue(cached(client.complete(body)) > 0);
    }

    @Test
    void theModelSaysHowLongItsContextIs() throws Exception {
        JsonNode model =
                SimClient.JSON.readTree(client.get("/v1/models").body()).at("/data/0");
        assertEquals("sim-echo", model.path("id").asText());
        // Less than configured: the blocks hold no more.
        assertEquals(512 * BLOCK, model.path("max_model_len").asInt());
        assertEquals(200, client.get("/health").statusCode());
        assertTrue(client.get("/metrics").body().contains("num_gpu_blocks=\"512\""));
        assertTrue(client.metric("process_start_time_seconds") > 1_600_000_000);
    }

    @Test
    void errorsHaveTheEnginesShape() throws Exception {
        error(400, "{", "");
        error(400, "{\"model\":\"sim-echo\",\"messages\":[]}", "messages");
        error(400, "{\"model\":\"sim-echo\",\"messages\":[{\"role\":\"wizard\"}]}", "messages[0].role");
        error(400, SimClient.body("hi").put("max_tokens", "many").toString(), "max_tokens");
        ObjectNode shaped = SimClient.body("hi");
        shaped.putObject("response_format").put("type", "json_object");
        error(400, shaped.toString(), "response_format.type");
        error(404, SimClient.body("hi").put("model", "other").toString(), "model");
        error(400, SimClient.body("x".repeat(600 * BLOCK)).toString(), "messages");
        error(400, SimClient.body("hi").put("max_tokens", 600 * BLOCK).toString(), "max_tokens");
        error(
                503,
                SimClient.body("[sim][[{\"error\":{\"kind\":\"overloaded\"}}]][/sim]")
                        .toString(),
                "");
        assertEquals(404, client.get("/nope").statusCode());
        assertEquals(405, client.get("/v1/chat/completions").statusCode());
        HttpResponse<String> limited =
                client.post(SimClient.body("[sim][[{\"error\":{\"kind\":\"rate_limit\",\"retry_after\":2}}]][/sim]")
                        .toString());
        assertEquals(429, limited.statusCode());
        assertEquals("2", limited.headers().firstValue("retry-after").orElse(""));
    }

    @Test
    void aLaterFaultBreaksTheStreamOff() throws Exception {
        ObjectNode body = SimClient.body(
                "[sim][[{\"text\":\"so far\"},{\"error\":{\"kind\":\"internal\",\"message\":\"boom\"}}]][/sim]");
        List<String> data = client.stream(body);
        JsonNode last = SimClient.JSON.readTree(data.get(data.size() - 1));
        assertEquals("boom", last.at("/error/message").asText());
        assertTrue(data.stream().anyMatch(chunk -> chunk.contains("so far") || chunk.contains("so")));
        assertEquals(500, client.post(body.put("stream", false).toString()).statusCode());
    }

    @Test
    void lengthsAndStopStringsApply() throws Exception {
        JsonNode cut = client.complete(SimClient.body("long enough").put("max_tokens", 8));
        assertEquals("length", cut.at("/choices/0/finish_reason").asText());
        assertEquals("echo: lo", cut.at("/choices/0/message/content").asText());
        JsonNode exact = client.complete(SimClient.body("hi")
                .put("max_tokens", 300)
                .put("min_tokens", 300)
                .put("ignore_eos", true));
        assertEquals(300, exact.at("/usage/completion_tokens").asInt());
        JsonNode stopped = client.complete(SimClient.body("one two three").put("stop", " two"));
        assertEquals("echo: one", stopped.at("/choices/0/message/content").asText());
        assertEquals(" two", stopped.at("/choices/0/stop_reason").asText());
    }

    @Test
    void aClientThatGoesFreesItsBlocks() throws Exception {
        try (Socket socket = slowStream()) {
            awaitMetric("vllm:num_requests_running", 1);
            assertTrue(client.metric("vllm:kv_cache_usage_perc") > 0);
            socket.setSoLinger(true, 0);
        }
        awaitMetric("vllm:num_requests_running", 0);
        assertEquals(0, client.metric("vllm:kv_cache_usage_perc"));
        assertEquals(0, client.metric("vllm:request_success_total"));
    }

    @Test
    void closingEndsOpenStreams() throws Exception {
        try (Socket socket = slowStream()) {
            awaitMetric("vllm:num_requests_running", 1);
            server.close();
            byte[] all = socket.getInputStream().readAllBytes();
            assertFalse(new String(all, StandardCharsets.UTF_8).contains("[DONE]"));
        }
    }

    @Test
    void aTakenPortIsAnError() {
        int port = URI.create(server.url()).getPort();
        assertThrows(IOException.class, () -> SimServer.start(settings(port)));
    }

    static SimServerSettings settings(int port) {
        return new SimServerSettings(
                "127.0.0.1",
                port,
                0,
                0,
                "sim-echo",
                BLOCK,
                512,
                8,
                512,
                1 << 20,
                "100",
                SimMemory.deviceOnly(),
                true,
                7);
    }

    /** A stream of a token every 20 ms, begun by a client that reads nothing. */
    private Socket slowStream() throws IOException {
        String body = SimClient.body("[sim][{\"text\":\"" + "slow ".repeat(200) + "\",\"pace_ms\":20}][/sim]")
                .put("stream", true)
                .toString();
        Socket socket = new Socket(
                InetAddress.getLoopbackAddress(), URI.create(server.url()).getPort());
        OutputStream out = socket.getOutputStream();
        out.write(("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n"
                        + body)
                .getBytes(StandardCharsets.UTF_8));
        out.flush();
        return socket;
    }

    private void awaitMetric(String name, double value) throws IOException, InterruptedException {
        while (client.metric(name) != value) {
            Thread.onSpinWait();
        }
    }

    private void error(int status, String body, String param) throws IOException, InterruptedException {
        HttpResponse<String> response = client.post(body);
        assertEquals(status, response.statusCode(), response.body());
        JsonNode error = SimClient.JSON.readTree(response.body()).path("error");
        assertEquals(param, error.path("param").asText(""), response.body());
        assertEquals(status, error.path("code").asInt());
        assertFalse(error.path("type").asText().isEmpty()
                || error.path("message").asText().isEmpty());
    }

    private static int cached(JsonNode reply) {
        return reply.at("/usage/prompt_tokens_details/cached_tokens").asInt(-1);
    }

    private static JsonNode delta(JsonNode chunk) {
        return chunk.at("/choices/0/delta");
    }

    private static String joined(List<JsonNode> chunks, String pointer) {
        StringBuilder all = new StringBuilder();
        chunks.forEach(chunk -> all.append(delta(chunk).at(pointer).asText("")));
        return all.toString();
    }
}
