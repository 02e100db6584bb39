package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;
import testkit.ToolSession;

/** Several answers to one request: turns of one session that compute their prompt once. */
class ChoicesIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int CHOICES = 4;
    private static final int PROMPT = 30_000;

    @TempDir
    Path dataDir;

    @Test
    void thePromptIsComputedOnceAndEveryTurnIsRecorded() throws Exception {
        try (NodeProcess node = NodeProcess.start(dataDir, NodeProcess.freePort(), "--workers", "2")) {
            ObjectNode request = new ToolSession(ToolSession.text("choices", PROMPT), "I am many", 2)
                    .request()
                    .put("n", CHOICES)
                    .put("prompt_cache_key", "many");
            JsonNode answer = node.post("/v1/chat/completions", request);
            assertEquals(CHOICES, answer.get("choices").size());
            Set<String> calls = new HashSet<>();
            answer.get("choices")
                    .forEach(choice -> calls.add(choice.path("message")
                            .path("tool_calls")
                            .path(0)
                            .path("id")
                            .asText()));
            assertEquals(CHOICES, calls.size(), () -> "each call has a name of its own: " + answer);
            int prompt = answer.at("/usage/prompt_tokens").asInt();
            assertTrue(prompt > PROMPT, answer.toString());
            assertTrue(answer.at("/usage/prompt_tokens_details/cached_tokens").asInt() < PROMPT / 2, answer.toString());
            double computed = node.metric("holdfast_tokens_prompt_total{source=\"computed\"}");
            assertTrue(computed < 1.1 * prompt, () -> "computed " + computed + " of " + prompt);

            JsonNode session = node.get("/v1/sessions/many");
            assertEquals(CHOICES, session.get("totalTurns").asInt(), session.toString());
            assertEquals(CHOICES, node.metric("holdfast_turns_total{outcome=\"completed\"}"));
            assertEquals("ACTING", session.get("phase").asText(), session.toString());
        }
    }

    @Test
    void everyAnswerIsWholeThoughAnEngineDies() throws Exception {
        Path config = dataDir.resolve("round-robin.conf");
        // Either engine serves some of the answers, whichever is killed.
        Files.writeString(config, "holdfast.router.strategy = round-robin");
        try (NodeProcess node = NodeProcess.start(
                dataDir.resolve("data"), NodeProcess.freePort(), "--workers", "2", "--config", config.toString())) {
            OpenAIClient client = OpenAIOkHttpClient.builder()
                    .baseUrl(node.baseUrl() + "/v1")
                    .apiKey("any")
                    .maxRetries(0)
                    .build();
            String said = "slow words ".repeat(30);
            Map<Long, StringBuilder> answers = new HashMap<>();
            Set<Long> ended = new HashSet<>();
            try (StreamResponse<ChatCompletionChunk> stream = client.chat()
                    .completions()
                    .createStreaming(ChatCompletionCreateParams.builder()
                            .model("sim-echo")
                            .addUserMessage("[sim][{\"text\":\"%s\",\"pace_ms\":20}][/sim]".formatted(said))
                            .n(CHOICES)
                            .build())) {
                boolean killed = false;
                for (ChatCompletionChunk chunk : (Iterable<ChatCompletionChunk>) stream.stream()::iterator) {
                    for (ChatCompletionChunk.Choice choice : chunk.choices()) {
                        StringBuilder answer = answers.computeIfAbsent(choice.index(), index -> new StringBuilder());
                        choice.delta().content().ifPresent(answer::append);
                        choice.finishReason().ifPresent(reason -> assertTrue(ended.add(choice.index())));
                    }
                    boolean allBegun = answers.size() == CHOICES
                            && answers.values().stream().noneMatch(StringBuilder::isEmpty);
                    if (allBegun && !killed) {
                        killed = node.engines().get(0).destroyForcibly();
                    }
                }
            } finally {
                client.close();
            }

            assertEquals(CHOICES, ended.size());
            answers.forEach((choice, answer) -> assertEquals(said, answer.toString(), "choice " + choice));
            String log = Files.readString(dataDir.resolve("data/logs/node.log"));
            assertTrue(log.contains("after its first token"), "the killed engine served no answer: nothing was shown");
            assertEquals(CHOICES, node.metric("holdfast_turns_total{outcome=\"completed\"}"));
        }
    }

    @Test
    void aClientThatGoesCancelsEveryTurn() throws Exception {
        try (NodeProcess node = NodeProcess.start(dataDir, NodeProcess.freePort(), "--workers", "2")) {
            OpenAIClient client = OpenAIOkHttpClient.builder()
                    .baseUrl(node.baseUrl() + "/v1")
                    .apiKey("any")
                    .build();
            try (StreamResponse<ChatCompletionChunk> stream = client.chat()
                    .completions()
                    .createStreaming(ChatCompletionCreateParams.builder()
                            .model("sim-echo")
                            .addUserMessage("[sim][{\"text\":\"%s\",\"pace_ms\":50}][/sim]".formatted("x".repeat(5000)))
                            .n(CHOICES)
                            .build())) {
                assertTrue(stream.stream().findFirst().isPresent());
            } finally {
                client.close();
            }
            NodeProcess.await(
                    "every turn is cancelled",
                    PATIENCE,
                    () -> node.metric("holdfast_turns_total{outcome=\"cancelled\"}") == CHOICES);
        }
    }
}
