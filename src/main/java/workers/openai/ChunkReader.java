package workers.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import inference.Sampling;
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
    private final List<String> stops;
    private Usage usage = new Usage(0, 0, 0, 0);
    private @Nullable FinishReason finish;
    private @Nullable String stopSequence;
    private boolean ended;

    /**
     * @param engine for messages
     * @param callIdPrefix for tool calls that the engine gives no id
     * @param begunCalls calls that another engine has begun
     * @param asked how the answer was to be drawn
     */
    ChunkReader(String engine, String callIdPrefix, int begunCalls, Sampling asked) {
        this.engine = engine;
        this.toolCalls = new ToolCallReader(callIdPrefix, begunCalls);
        this.logprobs = new LogprobReader(asked.topLogprobs());
        this.stops = asked.stop();
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
        last.add(
                new InferenceEvent.Finished(finish, finish == FinishReason.STOP_SEQUENCE ? stopSequence : null, usage));
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
        // llama.cpp, which tells it only so, and not always beside its finish reason.
        readStop(chunk.path("__verbose").path("stopping_word"));
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
        readStop(choice.path("stop_reason")); // vLLM
        readStop(choice.path("matched_stop")); // SGLang
        switch (reason) {
            case "length" -> finish = FinishReason.LENGTH;
            case "tool_calls", "function_call" -> finish = FinishReason.TOOL_CALLS;
            case "content_filter" -> finish = FinishReason.CONTENT_FILTER;
            case "abort", "error" ->
                events.addAll(fail(InferenceFailure.of(Kind.ENGINE_FAILED, engine + " aborted the answer")));
            default -> {
                // A forced call ends with "stop" in some engines: the calls tell.
                if (toolCalls.any()) {
                    finish = FinishReason.TOOL_CALLS;
                } else {
                    finish = stopSequence == null ? FinishReason.STOP : FinishReason.STOP_SEQUENCE;
                }
            }
        }
    }

    /** A string that ended the answer. Tokens, and strings that a template ends with, are none that the request named. */
    private void readStop(JsonNode matched) {
        if (matched.isTextual() && stops.contains(matched.asText())) {
            stopSequence = matched.asText();
        }
    }

    private static String text(JsonNode node, String field) {
        String text = node.path(field).textValue();
        return text == null ? "" : text;
    }
}
