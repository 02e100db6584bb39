package frontend.chat;

import akka.util.ByteString;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.JsonLine;
import frontend.OpenAiErrors;
import frontend.RetentionReceipts;
import frontend.SseStream;
import inference.InferenceEvent;
import inference.TokenLogprob;
import inference.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The frames of one streamed answer, event by event, in the order that clients need: the role once; text and reasoning;
 * each call's id, type and name once, then its arguments; the finish reason in a chunk of its own; the usage, if asked for,
 * in the last; then {@code [DONE]}. A failure is one error chunk with nothing after it.
 *
 * <p>Thread-safety: confined to one stream.
 */
final class ChatChunks {
    private static final ByteString DONE = SseStream.data("[DONE]");
    private static final int CHUNK_LENGTH = 256;

    private final ChatWire.AnswerHead head;
    private final boolean includeUsage;
    private final Map<Integer, Boolean> callsWithArguments = new TreeMap<>();
    private boolean begun;

    ChatChunks(ChatWire.AnswerHead head, boolean includeUsage) {
        this.head = head;
        this.includeUsage = includeUsage;
    }

    /**
     * Frames of the next event.
     *
     * @param kept what is kept of the session, for the last chunk
     */
    List<ByteString> frames(InferenceEvent event, Optional<ObjectNode> kept) {
        List<ByteString> frames = new ArrayList<>(3);
        if (event instanceof InferenceEvent.Failed failed) {
            frames.add(SseStream.data(OpenAiErrors.envelope(failed.failure())));
            return frames;
        }
        if (!begun) {
            begun = true;
            frames.add(delta(json -> {
                json.writeStringField("role", "assistant");
                json.writeStringField("content", "");
            }));
        }
        if (event instanceof InferenceEvent.TextDelta text) {
            JsonLine.Part content = json -> json.writeStringField("content", text.text());
            frames.add(choice(content, text.logprobs(), null, Optional.empty()));
        } else if (event instanceof InferenceEvent.ThinkingDelta thinking) {
            frames.add(textDelta("reasoning_content", thinking.text()));
        } else if (event instanceof InferenceEvent.RefusalDelta refusal) {
            frames.add(textDelta("refusal", refusal.text()));
        } else if (event instanceof InferenceEvent.ToolCallStarted call) {
            callsWithArguments.put(call.index(), false);
            frames.add(callStarted(call));
        } else if (event instanceof InferenceEvent.ToolCallDelta call) {
            if (!call.arguments().isEmpty()) {
                callsWithArguments.put(call.index(), true);
                frames.add(arguments(call.index(), call.arguments()));
            }
        } else if (event instanceof InferenceEvent.Finished finished) {
            finish(finished, kept, frames);
        }
        return frames;
    }

    private void finish(InferenceEvent.Finished finished, Optional<ObjectNode> kept, List<ByteString> frames) {
        callsWithArguments.forEach((index, written) -> {
            if (!written) {
                frames.add(arguments(index, "{}"));
            }
        });
        String reason = ChatWire.finishReason(finished.reason(), !callsWithArguments.isEmpty());
        frames.add(choice(json -> {}, List.of(), reason, includeUsage ? Optional.empty() : kept));
        if (includeUsage) {
            frames.add(usage(finished.usage(), kept));
        }
        frames.add(DONE);
    }

    private ByteString textDelta(String name, String text) {
        return delta(json -> json.writeStringField(name, text));
    }

    private ByteString callStarted(InferenceEvent.ToolCallStarted call) {
        return callDelta(json -> {
            json.writeNumberField("index", call.index());
            json.writeStringField("id", call.id());
            json.writeStringField("type", "function");
            json.writeObjectFieldStart("function");
            json.writeStringField("name", call.name());
            json.writeStringField("arguments", "");
            json.writeEndObject();
        });
    }

    private ByteString arguments(int index, String fragment) {
        return callDelta(json -> {
            json.writeNumberField("index", index);
            json.writeObjectFieldStart("function");
            json.writeStringField("arguments", fragment);
            json.writeEndObject();
        });
    }

    private ByteString callDelta(JsonLine.Part call) {
        return delta(json -> {
            json.writeArrayFieldStart("tool_calls");
            json.writeStartObject();
            call.write(json);
            json.writeEndObject();
            json.writeEndArray();
        });
    }

    private ByteString delta(JsonLine.Part members) {
        return choice(members, List.of(), null, Optional.empty());
    }

    private ByteString choice(
            JsonLine.Part delta,
            List<TokenLogprob> logprobs,
            @Nullable String finishReason,
            Optional<ObjectNode> kept) {
        return chunk(json -> {
            json.writeArrayFieldStart("choices");
            json.writeStartObject();
            json.writeNumberField("index", 0);
            json.writeObjectFieldStart("delta");
            delta.write(json);
            json.writeEndObject();
            ChatWire.logprobs(json, logprobs);
            JsonLine.textOrNull(json, "finish_reason", finishReason);
            json.writeEndObject();
            json.writeEndArray();
            if (includeUsage) {
                json.writeNullField("usage");
            }
            RetentionReceipts.write(json, kept);
        });
    }

    private ByteString usage(Usage usage, Optional<ObjectNode> kept) {
        return chunk(json -> {
            json.writeArrayFieldStart("choices");
            json.writeEndArray();
            ChatWire.usage(json, usage);
            RetentionReceipts.write(json, kept);
        });
    }

    private ByteString chunk(JsonLine.Part members) {
        return SseStream.data(JsonLine.object(CHUNK_LENGTH, json -> {
            ChatWire.head(json, head, "chat.completion.chunk");
            members.write(json);
        }));
    }
}
