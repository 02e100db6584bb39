package workers.simserver;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import inference.InferenceEvent;
import inference.TokenLogprob;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One answer in the shapes of the chat protocol: chunks of a stream, or one completion.
 *
 * <p>Thread-safety: immutable.
 *
 * @param includeUsage whether chunks carry a usage field, null in all but the last
 */
record ChatJson(String id, long createdSeconds, String model, boolean includeUsage) {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** Tokens of a turn. */
    record Usage(int promptTokens, int cachedTokens, int completionTokens, int reasoningTokens) {
        ObjectNode json() {
            ObjectNode usage = NODES.objectNode()
                    .put("prompt_tokens", promptTokens)
                    .put("total_tokens", promptTokens + completionTokens)
                    .put("completion_tokens", completionTokens);
            usage.putObject("prompt_tokens_details").put("cached_tokens", cachedTokens);
            usage.putObject("completion_tokens_details").put("reasoning_tokens", reasoningTokens);
            return usage;
        }
    }

    /** The first chunk: who speaks. */
    ObjectNode opening() {
        return chunk(NODES.objectNode().put("role", "assistant").put("content", ""), null, null, null);
    }

    ObjectNode delta(InferenceEvent event) {
        ObjectNode delta = NODES.objectNode();
        if (event instanceof InferenceEvent.TextDelta text) {
            delta.put("content", text.text());
        } else if (event instanceof InferenceEvent.ThinkingDelta thinking) {
            delta.put("reasoning_content", thinking.text());
        } else if (event instanceof InferenceEvent.RefusalDelta refusal) {
            delta.put("refusal", refusal.text());
        } else if (event instanceof InferenceEvent.ToolCallStarted call) {
            ObjectNode started = delta.putArray("tool_calls").addObject();
            started.put("index", call.index()).put("id", call.id()).put("type", "function");
            started.putObject("function").put("name", call.name()).put("arguments", "");
        } else if (event instanceof InferenceEvent.ToolCallDelta call) {
            ObjectNode more = delta.putArray("tool_calls").addObject().put("index", call.index());
            more.putObject("function").put("arguments", call.arguments());
        }
        return chunk(delta, logprobs(List.of(event)), null, null);
    }

    /** The chunk that says why the answer ended. */
    ObjectNode ending(Answer answer) {
        return chunk(NODES.objectNode(), null, answer.finish().wireName(), answer.stopString());
    }

    /** The last chunk of a stream that wants usage. */
    ObjectNode usage(Usage usage) {
        ObjectNode chunk = head("chat.completion.chunk");
        chunk.putArray("choices");
        chunk.set("usage", usage.json());
        return chunk;
    }

    /** The whole answer at once. */
    ObjectNode completion(List<InferenceEvent> events, Answer answer, Usage usage) {
        ObjectNode completion = head("chat.completion");
        ObjectNode choice = completion.putArray("choices").addObject().put("index", 0);
        message(events, choice.putObject("message"));
        choice.set("logprobs", logprobs(events));
        choice.put("finish_reason", answer.finish().wireName());
        choice.put("stop_reason", answer.stopString());
        completion.set("usage", usage.json());
        return completion;
    }

    private static void message(List<InferenceEvent> events, ObjectNode message) {
        StringBuilder text = new StringBuilder();
        StringBuilder thinking = new StringBuilder();
        StringBuilder refusal = new StringBuilder();
        ArrayNode calls = NODES.arrayNode();
        for (InferenceEvent event : events) {
            if (event instanceof InferenceEvent.TextDelta more) {
                text.append(more.text());
            } else if (event instanceof InferenceEvent.ThinkingDelta more) {
                thinking.append(more.text());
            } else if (event instanceof InferenceEvent.RefusalDelta more) {
                refusal.append(more.text());
            } else if (event instanceof InferenceEvent.ToolCallStarted call) {
                ObjectNode started = calls.addObject().put("id", call.id()).put("type", "function");
                started.putObject("function").put("name", call.name()).put("arguments", "");
            } else if (event instanceof InferenceEvent.ToolCallDelta more) {
                ObjectNode function = (ObjectNode) calls.get(more.index()).get("function");
                function.put("arguments", function.get("arguments").textValue() + more.arguments());
            }
        }
        boolean onlyOther = text.length() == 0 && (calls.size() > 0 || refusal.length() > 0);
        message.put("role", "assistant").put("content", onlyOther ? null : text.toString());
        message.put("refusal", refusal.length() == 0 ? null : refusal.toString());
        if (thinking.length() > 0) {
            message.put("reasoning_content", thinking.toString());
        }
        if (calls.size() > 0) {
            message.set("tool_calls", calls);
        }
    }

    /** Of the text among events; null when none were asked for. */
    private static @Nullable ObjectNode logprobs(List<InferenceEvent> events) {
        ArrayNode content = NODES.arrayNode();
        for (InferenceEvent event : events) {
            if (event instanceof InferenceEvent.TextDelta text) {
                for (TokenLogprob token : text.logprobs()) {
                    ObjectNode told = content.addObject();
                    logprob(token.chosen(), told);
                    ArrayNode top = told.putArray("top_logprobs");
                    token.likeliest().forEach(one -> logprob(one, top.addObject()));
                }
            }
        }
        return content.isEmpty() ? null : NODES.objectNode().set("content", content);
    }

    private static void logprob(TokenLogprob.Alternative token, ObjectNode target) {
        target.put("token", token.token()).put("logprob", token.logprob());
        ArrayNode bytes = target.putArray("bytes");
        token.bytes().forEach(bytes::add);
    }

    private ObjectNode chunk(
            ObjectNode delta,
            @Nullable ObjectNode logprobs,
            @Nullable String finishReason,
            @Nullable String stopReason) {
        ObjectNode chunk = head("chat.completion.chunk");
        ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
        choice.set("delta", delta);
        choice.set("logprobs", logprobs);
        choice.put("finish_reason", finishReason);
        if (finishReason != null) {
            choice.put("stop_reason", stopReason);
        }
        if (includeUsage) {
            chunk.putNull("usage");
        }
        return chunk;
    }

    private ObjectNode head(String object) {
        return NODES.objectNode()
                .put("id", id)
                .put("object", object)
                .put("created", createdSeconds)
                .put("model", model);
    }
}
