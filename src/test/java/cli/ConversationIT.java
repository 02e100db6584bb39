package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;

/** A long conversation through the official client survives a hard kill of the node. */
class ConversationIT {
    private static final String SESSION = "conversation/with any: characters?";

    @TempDir
    Path dataDir;

    private final ChatCompletionCreateParams.Builder conversation = ChatCompletionCreateParams.builder()
            .model("sim-echo")
            .streamOptions(
                    ChatCompletionStreamOptions.builder().includeUsage(true).build())
            .putAdditionalHeader("X-Holdfast-Session-ID", SESSION)
            .addSystemMessage("You are a patient assistant that answers at length. ".repeat(20));

    @Test
    void cachedTokensGrowAndAcknowledgedTurnsSurviveAKill() throws Exception {
        int port = NodeProcess.freePort();
        List<Long> cached = new ArrayList<>();
        try (NodeProcess node = NodeProcess.start(dataDir, port, "--workers", "2")) {
            OpenAIClient client = client(node);
            for (int turn = 1; turn <= 20; turn++) {
                cached.add(say(client, "Question number " + turn + ", with some more words to fill a few blocks."));
            }
            node.killHard();
        }
        for (int turn = 1; turn < cached.size(); turn++) {
            assertTrue(cached.get(turn) > cached.get(turn - 1), "cached tokens do not grow: " + cached);
        }

        try (NodeProcess node = NodeProcess.start(dataDir, port, "--workers", "2")) {
            JsonNode recovered = session(node);
            assertEquals(20, recovered.get("turns").size(), recovered::toPrettyString);
            assertEquals(1, recovered.get("lineage").size(), "one line of prompts");

            say(client(node), "And one question after the crash.");

            JsonNode continued = session(node);
            JsonNode last = continued.get("turns").get(20);
            assertEquals(21, last.get("turn").asInt());
            assertEquals("COMPLETED", last.get("outcome").asText());
            assertFalse(last.get("gapBeforeMillis").isNull(), "the turn continues the line it had before the crash");
            assertEquals(0, node.interrupt());
        }
    }

    private static OpenAIClient client(NodeProcess node) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(node.baseUrl() + "/v1")
                .apiKey("unused")
                .maxRetries(0)
                .build();
    }

    private long say(OpenAIClient client, String text) {
        conversation.addUserMessage(text);
        StringBuilder answer = new StringBuilder();
        long[] cachedTokens = {-1};
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(conversation.build())) {
            stream.stream().forEach(chunk -> {
                chunk.choices().forEach(choice -> choice.delta().content().ifPresent(answer::append));
                chunk.usage()
                        .flatMap(usage -> usage.promptTokensDetails())
                        .flatMap(details -> details.cachedTokens())
                        .ifPresent(tokens -> cachedTokens[0] = tokens);
            });
        }
        assertEquals("echo: " + text, answer.toString());
        conversation.addAssistantMessage(answer.toString());
        return cachedTokens[0];
    }

    private static JsonNode session(NodeProcess node) {
        return node.get("/v1/sessions/"
                + java.net.URLEncoder.encode(SESSION, java.nio.charset.StandardCharsets.UTF_8)
                        .replace("+", "%20"));
    }
}
