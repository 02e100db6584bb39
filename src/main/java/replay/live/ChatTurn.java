package replay.live;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One streamed chat completion as a client sees it.
 *
 * <p>Thread-safety: immutable; {@link #run} blocks its thread for the length of the answer.
 */
final class ChatTurn {
    private static final System.Logger LOG = System.getLogger(ChatTurn.class.getName());
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpRequest request;
    private final Duration limit;

    /** @param limit longest time for the whole answer: a stream that never ends must not hold up a replay */
    ChatTurn(URI node, String model, String session, List<String> messages, int outputTokens, Duration limit) {
        this.limit = limit;
        ObjectNode body = JSON.createObjectNode();
        body.put("model", model);
        body.put("stream", true);
        body.putObject("stream_options").put("include_usage", true);
        body.put("max_tokens", outputTokens);
        body.put("min_tokens", outputTokens);
        ArrayNode list = body.putArray("messages");
        for (int i = 0; i < messages.size(); i++) {
            list.addObject().put("role", i % 2 == 0 ? "user" : "assistant").put("content", messages.get(i));
        }
        this.request = HttpRequest.newBuilder(node.resolve("/v1/chat/completions"))
                .header("content-type", "application/json")
                .header("X-Holdfast-Session-ID", session)
                .timeout(limit)
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                .build();
    }

    /**
     * What came back.
     *
     * @param firstTokenNanos when the first token came, 0 when none did
     * @param failure why the turn failed, null when it did not
     */
    record Answer(long firstTokenNanos, int inputTokens, int cachedTokens, int outputTokens, @Nullable String failure) {
        static Answer failed(String why) {
            return new Answer(0, 0, 0, 0, why);
        }
    }

    Answer run(HttpClient client, LongSupplier nanoClock) throws InterruptedException {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        try {
            HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                ended.orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS).exceptionally(late -> broken(body));
                if (response.statusCode() != 200) {
                    String text = new String(body.readAllBytes(), StandardCharsets.UTF_8);
                    return Answer.failed("status " + response.statusCode() + ": " + text);
                }
                return read(new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8)), nanoClock);
            }
        } catch (IOException e) {
            return ended.isCompletedExceptionally()
                    ? Answer.failed("the answer was not complete after " + limit)
                    : Answer.failed("connection: " + e.getMessage());
        } finally {
            ended.complete(null);
        }
    }

    /** Ends whoever reads the body. */
    private static @Nullable Void broken(InputStream body) {
        try {
            body.close();
        } catch (IOException alreadyClosed) {
            LOG.log(System.Logger.Level.DEBUG, "a body was closed twice", alreadyClosed);
        }
        return null;
    }

    /** Whether a delta carries anything that the model produced, reasoning and tool calls included. */
    private static boolean token(JsonNode delta) {
        for (String text : List.of("content", "reasoning_content", "reasoning", "refusal")) {
            if (!delta.path(text).asText("").isEmpty()) {
                return true;
            }
        }
        return !delta.path("tool_calls").isEmpty();
    }

    private static Answer read(BufferedReader lines, LongSupplier nanoClock) throws IOException {
        long firstToken = 0;
        JsonNode usage = JSON.nullNode();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.equals("data: [DONE]")) {
                return usage.isObject()
                        ? new Answer(
                                firstToken,
                                usage.path("prompt_tokens").asInt(),
                                usage.path("prompt_tokens_details")
                                        .path("cached_tokens")
                                        .asInt(),
                                usage.path("completion_tokens").asInt(),
                                null)
                        : Answer.failed("the stream ended without usage");
            }
            if (!line.startsWith("data: ")) {
                continue;
            }
            JsonNode chunk = JSON.readTree(line.substring("data: ".length()));
            if (chunk.has("error")) {
                return Answer.failed("mid-stream error: " + chunk.get("error"));
            }
            if (firstToken == 0 && token(chunk.path("choices").path(0).path("delta"))) {
                firstToken = nanoClock.getAsLong();
            }
            if (chunk.path("usage").isObject()) {
                usage = chunk.get("usage");
            }
        }
        return Answer.failed("the stream broke off");
    }
}
