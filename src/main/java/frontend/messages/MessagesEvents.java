package frontend.messages;

import akka.util.ByteString;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.AnthropicErrors;
import frontend.JsonLine;
import frontend.ReasoningSeal;
import frontend.RetentionReceipts;
import frontend.SseStream;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.PromptLength;
import inference.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The frames of one streamed answer, event by event: the message's start; its blocks, one open at a time, each with its
 * start, deltas and stop; how it ended with the usage; its stop. A failure is one error event with nothing after it.
 *
 * <p>Thread-safety: confined to one stream.
 *
 * @see <a href="https://docs.anthropic.com/en/docs/build-with-claude/streaming">Anthropic's event flow</a>
 */
final class MessagesEvents {
    /** Frame for silences. */
    static final ByteString PING = SseStream.event("ping", "{\"type\":\"ping\"}");

    private static final int EVENT_LENGTH = 256;

    private final String id;
    private final String requestId;
    private final MessagesRequest request;
    private final Supplier<PromptLength> prompt;
    private final StringBuilder reasoning = new StringBuilder();
    private final List<ByteString> frames = new ArrayList<>();
    private boolean begun;
    private boolean ended;
    private boolean refused;
    private int blocks;
    private int calls;
    private @Nullable Block open;

    private enum Block {
        THINKING,
        TEXT,
        CALL,
        /** A call whose arguments have begun. */
        CALL_WITH_ARGUMENTS
    }

    /** @param prompt its length, as far as is known before its engine has counted; known from the first event on that is no failure */
    MessagesEvents(String id, String requestId, MessagesRequest request, Supplier<PromptLength> prompt) {
        this.id = id;
        this.requestId = requestId;
        this.request = request;
        this.prompt = prompt;
    }

    /**
     * Frames of the next event.
     *
     * @param kept what is kept of the session, told with the usage
     */
    List<ByteString> frames(InferenceEvent event, Optional<ObjectNode> kept) {
        frames.clear();
        if (event instanceof InferenceEvent.Failed failed) {
            fail(failed.failure());
        } else if (!ended) {
            begin();
            write(event, kept);
        }
        return List.copyOf(frames);
    }

    private void write(InferenceEvent event, Optional<ObjectNode> kept) {
        if (event instanceof InferenceEvent.ThinkingDelta thinking) {
            thinking(thinking.text());
        } else if (event instanceof InferenceEvent.TextDelta text) {
            text(text.text());
        } else if (event instanceof InferenceEvent.RefusalDelta refusal) {
            refused = true;
            text(refusal.text());
        } else if (event instanceof InferenceEvent.ToolCallStarted call) {
            call(call);
        } else if (event instanceof InferenceEvent.ToolCallDelta call) {
            arguments(call);
        } else if (event instanceof InferenceEvent.Finished finished) {
            finish(finished, kept);
        }
    }

    private void begin() {
        if (begun) {
            return;
        }
        begun = true;
        event(
                "message_start",
                json -> JsonLine.objectField(json, "message", message -> {
                    MessagesWire.head(message, id, request.inference().model());
                    message.writeArrayFieldStart("content");
                    message.writeEndArray();
                    message.writeNullField("stop_reason");
                    message.writeNullField("stop_sequence");
                    MessagesWire.usage(message, new Usage(prompt.get().tokens(), 0, 1, 0), List.of());
                }));
    }

    private void thinking(String text) {
        if (request.display() == MessagesRequest.Display.NONE) {
            return;
        }
        open(Block.THINKING, json -> {
            json.writeStringField("type", "thinking");
            json.writeStringField("thinking", "");
            json.writeStringField("signature", "");
        });
        reasoning.append(text);
        if (request.display() == MessagesRequest.Display.FULL) {
            delta("thinking_delta", "thinking", text);
        }
    }

    private void text(String text) {
        open(Block.TEXT, json -> {
            json.writeStringField("type", "text");
            json.writeStringField("text", "");
        });
        delta("text_delta", "text", text);
    }

    private void call(InferenceEvent.ToolCallStarted call) {
        close();
        calls++;
        open(Block.CALL, json -> {
            json.writeStringField("type", "tool_use");
            json.writeStringField("id", call.id());
            json.writeStringField("name", call.name());
            JsonLine.objectField(json, "input", input -> {});
        });
    }

    private void arguments(InferenceEvent.ToolCallDelta call) {
        if (call.arguments().isEmpty()) {
            return;
        }
        boolean ofOpenCall = open == Block.CALL || open == Block.CALL_WITH_ARGUMENTS;
        if (!ofOpenCall || call.index() != calls - 1) {
            // A closed block cannot go on in this dialect, and half of a call's arguments would be a wrong call.
            fail(InferenceFailure.of(InferenceFailure.Kind.ENGINE_FAILED, "the engine interleaved its tool calls"));
            return;
        }
        open = Block.CALL_WITH_ARGUMENTS;
        delta("input_json_delta", "partial_json", call.arguments());
    }

    private void finish(InferenceEvent.Finished finished, Optional<ObjectNode> kept) {
        close();
        ended = true;
        event("message_delta", json -> {
            JsonLine.objectField(json, "delta", delta -> MessagesWire.stop(delta, finished, calls > 0, refused));
            MessagesWire.usage(json, finished.usage(), prompt.get().marked());
            RetentionReceipts.write(json, kept);
        });
        event("message_stop", json -> {});
    }

    private void fail(InferenceFailure failure) {
        if (!ended) {
            ended = true;
            frames.add(SseStream.event("error", AnthropicErrors.envelope(failure, requestId)));
        }
    }

    /** Opens a block of a kind, unless it is open. */
    private void open(Block kind, JsonLine.Part members) {
        if (open == kind) {
            return;
        }
        close();
        open = kind;
        event("content_block_start", json -> {
            json.writeNumberField("index", blocks);
            JsonLine.objectField(json, "content_block", members);
        });
    }

    private void close() {
        if (open == null) {
            return;
        }
        if (open == Block.THINKING) {
            delta("signature_delta", "signature", ReasoningSeal.of(reasoning.toString()));
            reasoning.setLength(0);
        } else if (open == Block.CALL) {
            delta("input_json_delta", "partial_json", "{}");
        }
        event("content_block_stop", json -> json.writeNumberField("index", blocks));
        open = null;
        blocks++;
    }

    private void delta(String type, String name, String value) {
        event("content_block_delta", json -> {
            json.writeNumberField("index", blocks);
            JsonLine.objectField(json, "delta", delta -> {
                delta.writeStringField("type", type);
                delta.writeStringField(name, value);
            });
        });
    }

    private void event(String type, JsonLine.Part members) {
        frames.add(SseStream.event(type, JsonLine.object(EVENT_LENGTH, json -> {
            json.writeStringField("type", type);
            members.write(json);
        })));
    }
}
