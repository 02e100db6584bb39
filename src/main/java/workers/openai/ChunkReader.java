package workers.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import inference.Usage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Translates the chunks of one streamed chat completion into events, ending with exactly one terminal event. Only the
 * first choice counts.
 *
 * <p>Mutable, not thread safe.
 */
final class ChunkReader {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String DONE = "[DONE]";

    private final String engine;
    private final ToolCallReader toolCalls;
    private final LogprobReader logprobs;
    private Usage usage = new Usage(0, 0, 0, 0);
    private @Nullable FinishReason finish;
    private @Nullable String stopSequence;
    private boolean ended;

    /**
     * @param engine for messages
     * @param callIdPrefix for tool calls that the engine gives no id
     * @param begunCalls calls that another engine has begun
     * @param topLogprobs alternatives wanted per token of the text, null for no log probabilities
     */
    ChunkReader(String engine, String callIdPrefix, int begunCalls, @Nullable Integer topLogprobs) {
        this.engine = engine;
        this.toolCalls = new ToolCallReader(callIdPrefix, begunCalls);
        this.logprobs = new LogprobReader(topLogprobs);
    }

    /** Reads the data of one server-sent event. */
    List<InferenceEvent> read(String data) {
        if (ended || data.isBlank()) {
            return List.of();
        }
        if (data.equals(DONE)) {
            return end("ended its answer without a finish reason");
        }
        try {
            return read(JSON.readTree(data));
        } catch (JsonProcessingException e) {
            return fail(InferenceFailure.of(Kind.ENGINE_FAILED, engine + " sent a chunk that is no JSON"));
        }
    }

    /** The stream is over: emits the terminal event unless there was one. */
    List<InferenceEvent> end(String whyIncomplete) {
        if (ended) {
            return List.of();
        }
        if (finish == null) {
            return fail(InferenceFailure.of(Kind.ENGINE_FAILED, engine + " " + whyIncomplete));
        }
        if (logprobs.owed()) {
            return fail(InferenceFailure.invalid("logprobs", engine + " told no log probabilities with its answer"));
        }
        ended = true;
        List<InferenceEvent> last = new ArrayList<>(2);
        logprobs.rest().ifPresent(last::add);
        last.add(new InferenceEvent.Finished(finish, stopSequence, usage));
        return last;
    }

    /** Ends the answer with a failure unless it has ended. */
    List<InferenceEvent> fail(InferenceFailure failure) {
        if (ended) {
            return List.of();
        }
        ended = true;
        return List.of(new InferenceEvent.Failed(failure));
    }

    private List<InferenceEvent> read(JsonNode chunk) {
        if (chunk.hasNonNull("error")) {
            return fail(ErrorBody.midStream(chunk.path("error")));
        }
        if (chunk.path("usage").isObject()) {
            usage = UsageJson.read(chunk.path("usage"));
        } else if (chunk.path("timings").isObject()) {
            usage = UsageJson.readTimings(chunk.path("timings"));
        }
        List<InferenceEvent> events = new ArrayList<>(2);
        for (JsonNode choice : chunk.path("choices")) {
            if (choice.path("index").asInt() == 0) {
                logprobs.read(choice);
                readDelta(choice.path("delta"), events);
                readFinish(choice, events);
            }
        }
        return events;
    }

    private void readDelta(JsonNode delta, List<InferenceEvent> events) {
        String reasoning = text(delta, delta.hasNonNull("reasoning_content") ? "reasoning_content" : "reasoning");
        if (!reasoning.isEmpty()) {
            events.add(new InferenceEvent.ThinkingDelta(reasoning));
        }
        String content = text(delta, "content");
        if (!content.isEmpty()) {
            events.add(logprobs.text(content));
        }
        String refusal = text(delta, "refusal");
        if (!refusal.isEmpty()) {
            events.add(new InferenceEvent.RefusalDelta(refusal));
        }
        if (!reasoning.isEmpty()
                || !refusal.isEmpty()
                || delta.path("tool_calls").size() > 0) {
            logprobs.other();
        }
        for (JsonNode call : delta.path("tool_calls")) {
            toolCalls.read(call, events);
        }
    }

    private void readFinish(JsonNode choice, List<InferenceEvent> events) {
        String reason = choice.path("finish_reason").textValue();
        if (reason == null) {
            return;
        }
        JsonNode stop = choice.path("stop_reason");
        switch (reason) {
            case "length" -> finish = FinishReason.LENGTH;
            case "tool_calls", "function_call" -> finish = FinishReason.TOOL_CALLS;
            case "content_filter" -> finish = FinishReason.CONTENT_FILTER;
            case "abort", "error" ->
                events.addAll(fail(InferenceFailure.of(Kind.ENGINE_FAILED, engine + " aborted the answer")));
            default -> {
                // A forced call ends with "stop" in some engines: the calls tell.
                finish = toolCalls.any() ? FinishReason.TOOL_CALLS : FinishReason.STOP;
                if (stop.isTextual() && finish == FinishReason.STOP) {
                    finish = FinishReason.STOP_SEQUENCE;
                    stopSequence = stop.asText();
                }
            }
        }
    }

    private static String text(JsonNode node, String field) {
        String text = node.path(field).textValue();
        return text == null ? "" : text;
    }
}
