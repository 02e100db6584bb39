package frontend.chat;

import akka.util.ByteString;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.ChoiceEvent;
import frontend.FreeFormTools;
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
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The frames of one streamed answer, event by event, in the order that clients need: the role once; text and reasoning;
 * each call's id, type and name once, then its arguments; the finish reason in a chunk of its own; the usage, if asked for,
 * in the last; then {@code [DONE]}. A failure is one error chunk with nothing after it. Of several answers each has its
 * index, its own order and its own finish reason; usage and {@code [DONE]} come once, after all of them.
 *
 * <p>Thread-safety: confined to one stream.
 */
final class ChatChunks {
    private static final ByteString DONE = SseStream.data("[DONE]");
    private static final int CHUNK_LENGTH = 256;

    private final ChatWire.AnswerHead head;
    private final Set<String> freeForm;
    private final boolean includeUsage;
    private final List<Choice> choices;
    private @Nullable Usage usage;

    /** One answer, as far as it is written. */
    private static final class Choice {
        private final int index;
        private final Map<Integer, Boolean> callsWithArguments = new TreeMap<>();
        /** Arguments so far of calls that take text: which one they stand for is known when they are whole. */
        private final Map<Integer, StringBuilder> inputs = new TreeMap<>();

        private boolean begun;

        Choice(int index) {
            this.index = index;
        }
    }

    ChatChunks(ChatWire.AnswerHead head, ChatRequest request) {
        this.head = head;
        this.freeForm = request.freeForm();
        this.choices =
                IntStream.range(0, request.choices()).mapToObj(Choice::new).toList();
        this.includeUsage = request.includeUsage();
    }

    /**
     * Frames of the next event.
     *
     * @param kept what is kept of the session, for the last chunk
     */
    List<ByteString> frames(ChoiceEvent next, Optional<ObjectNode> kept) {
        List<ByteString> frames = new ArrayList<>(3);
        InferenceEvent event = next.event();
        if (event instanceof InferenceEvent.Failed failed) {
            frames.add(SseStream.data(OpenAiErrors.envelope(failed.failure())));
            return frames;
        }
        Choice choice = choices.get(next.choice());
        if (!choice.begun) {
            choice.begun = true;
            frames.add(delta(choice, json -> {
                json.writeStringField("role", "assistant");
                json.writeStringField("content", "");
            }));
        }
        if (event instanceof InferenceEvent.TextDelta text) {
            JsonLine.Part content = json -> json.writeStringField("content", text.text());
            frames.add(choice(choice, content, text.logprobs(), null, Optional.empty()));
        } else if (event instanceof InferenceEvent.ThinkingDelta thinking) {
            frames.add(textDelta(choice, "reasoning_content", thinking.text()));
        } else if (event instanceof InferenceEvent.RefusalDelta refusal) {
            frames.add(textDelta(choice, "refusal", refusal.text()));
        } else if (event instanceof InferenceEvent.ToolCallStarted call) {
            frames.add(callStarted(choice, call));
        } else if (event instanceof InferenceEvent.ToolCallDelta call) {
            StringBuilder input = choice.inputs.get(call.index());
            if (input != null) {
                input.append(call.arguments());
            } else if (!call.arguments().isEmpty()) {
                choice.callsWithArguments.put(call.index(), true);
                frames.add(fragment(choice, call.index(), "function", "arguments", call.arguments()));
            }
        } else if (event instanceof InferenceEvent.Finished finished) {
            finish(choice, finished, next.last(), kept, frames);
        }
        return frames;
    }

    private void finish(
            Choice choice,
            InferenceEvent.Finished finished,
            boolean last,
            Optional<ObjectNode> kept,
            List<ByteString> frames) {
        choice.callsWithArguments.forEach((index, written) -> {
            if (!written) {
                frames.add(fragment(choice, index, "function", "arguments", "{}"));
            }
        });
        choice.inputs.forEach((index, arguments) ->
                frames.add(fragment(choice, index, "custom", "input", FreeFormTools.input(arguments.toString()))));
        String reason = ChatWire.finishReason(finished.reason(), !choice.callsWithArguments.isEmpty());
        frames.add(choice(choice, json -> {}, List.of(), reason, includeUsage ? Optional.empty() : kept));
        Usage soFar = usage == null ? finished.usage() : usage.besides(finished.usage());
        usage = soFar;
        if (!last) {
            return;
        }
        if (includeUsage) {
            frames.add(usage(soFar, kept));
        }
        frames.add(DONE);
    }

    private ByteString textDelta(Choice choice, String name, String text) {
        return delta(choice, json -> json.writeStringField(name, text));
    }

    private ByteString callStarted(Choice choice, InferenceEvent.ToolCallStarted call) {
        boolean takesText = freeForm.contains(call.name());
        choice.callsWithArguments.put(call.index(), takesText);
        if (takesText) {
            choice.inputs.put(call.index(), new StringBuilder());
        }
        return callDelta(choice, json -> {
            json.writeNumberField("index", call.index());
            json.writeStringField("id", call.id());
            if (takesText) {
                ChatWire.call(json, "custom", call.name(), "input", "");
            } else {
                ChatWire.call(json, "function", call.name(), "arguments", "");
            }
        });
    }

    private ByteString fragment(Choice choice, int index, String type, String field, String value) {
        return callDelta(choice, json -> {
            json.writeNumberField("index", index);
            JsonLine.objectField(json, type, members -> members.writeStringField(field, value));
        });
    }

    private ByteString callDelta(Choice choice, JsonLine.Part call) {
        return delta(choice, json -> {
            json.writeArrayFieldStart("tool_calls");
            json.writeStartObject();
            call.write(json);
            json.writeEndObject();
            json.writeEndArray();
        });
    }

    private ByteString delta(Choice choice, JsonLine.Part members) {
        return choice(choice, members, List.of(), null, Optional.empty());
    }

    private ByteString choice(
            Choice choice,
            JsonLine.Part delta,
            List<TokenLogprob> logprobs,
            @Nullable String finishReason,
            Optional<ObjectNode> kept) {
        return chunk(json -> {
            json.writeArrayFieldStart("choices");
            json.writeStartObject();
            json.writeNumberField("index", choice.index);
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
