package frontend.responses;

import akka.util.ByteString;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.FreeFormTools;
import frontend.JsonLine;
import frontend.Logprobs;
import frontend.RetentionReceipts;
import frontend.SseStream;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.TokenLogprob;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The events of one reply, one by one: the response as it is created; its items, one open at a time, each added, with its
 * parts and deltas, and done; the response as it ended. They are numbered from 0.
 *
 * <p>Thread-safety: confined to one stream.
 *
 * @see <a href="https://platform.openai.com/docs/api-reference/responses-streaming">OpenAI's streaming events</a>
 */
final class ResponsesEvents {
    private static final int EVENT_LENGTH = 256;

    private final ResponseObject response;
    private final InstantSource clock;
    private final String turn;
    private final List<ObjectNode> output = new ArrayList<>();
    private final List<ByteString> frames = new ArrayList<>();
    private int sequence;
    private int calls;
    private boolean begun;
    private @Nullable OutputItem open;
    /** Type of the message's open part. */
    private @Nullable String part;

    private @Nullable ObjectNode ended;

    ResponsesEvents(ResponseObject response, InstantSource clock) {
        this.response = response;
        this.clock = clock;
        this.turn = response.request().inference().turn().value();
    }

    /** Frames of the next event. */
    List<ByteString> frames(InferenceEvent event) {
        return frames(event, Optional.empty());
    }

    /**
     * Frames of the next event.
     *
     * @param kept what is kept of the session, for the response as it ended
     */
    List<ByteString> frames(InferenceEvent event, Optional<ObjectNode> kept) {
        frames.clear();
        if (ended == null) {
            begin();
            write(event, kept);
        }
        return List.copyOf(frames);
    }

    /** What tells of the end instead, when the response could not be kept. */
    List<ByteString> notKept(InferenceFailure failure) {
        List<ByteString> told = new ArrayList<>(frames.subList(0, frames.size() - 1));
        frames.clear();
        sequence--;
        fail(failure);
        told.addAll(frames);
        return told;
    }

    /** The response as it ended; null until it has. */
    @Nullable
    ObjectNode ended() {
        return ended;
    }

    /** Ids of the items so far. */
    List<String> itemIds() {
        return output.stream().map(item -> item.get("id").textValue()).toList();
    }

    private void write(InferenceEvent event, Optional<ObjectNode> kept) {
        if (event instanceof InferenceEvent.ThinkingDelta thinking) {
            thinking(thinking.text());
        } else if (event instanceof InferenceEvent.TextDelta text) {
            text("output_text", text.text(), text.logprobs());
        } else if (event instanceof InferenceEvent.RefusalDelta refusal) {
            text("refusal", refusal.text(), List.of());
        } else if (event instanceof InferenceEvent.ToolCallStarted call) {
            call(call);
        } else if (event instanceof InferenceEvent.ToolCallDelta call) {
            arguments(call);
        } else if (event instanceof InferenceEvent.Finished finished) {
            finish(finished, kept);
        } else if (event instanceof InferenceEvent.Failed failed) {
            fail(failed.failure());
        }
    }

    private void begin() {
        if (!begun) {
            begun = true;
            ObjectNode inProgress = response.inProgress();
            whole("response.created", inProgress);
            whole("response.in_progress", inProgress);
        }
    }

    private void thinking(String text) {
        OutputItem item = open(OutputItem.Kind.REASONING);
        if (item.text().length() == 0) {
            event("response.reasoning_summary_part.added", item, "summary_index", json -> {
                json.writeFieldName("part");
                json.writeRawValue(
                        OutputItem.part("summary_text", "", List.of()).toString());
            });
        }
        item.text().append(text);
        event(
                "response.reasoning_summary_text.delta",
                item,
                "summary_index",
                json -> json.writeStringField("delta", text));
    }

    private void text(String type, String text, List<TokenLogprob> tokens) {
        OutputItem item = open(OutputItem.Kind.MESSAGE);
        if (!type.equals(part)) {
            closePart(item);
            part = type;
            partEvent("response.content_part.added", item, OutputItem.part(type, "", List.of()));
        }
        item.text().append(text);
        item.logprobs().addAll(tokens);
        event("response." + type + ".delta", item, "content_index", json -> {
            json.writeStringField("delta", text);
            logprobs(type, tokens, json);
        });
    }

    private void call(InferenceEvent.ToolCallStarted call) {
        close("completed");
        calls++;
        boolean freeForm = response.request().freeForm().contains(call.name());
        OutputItem.Kind kind = freeForm ? OutputItem.Kind.FREE_FORM_CALL : OutputItem.Kind.CALL;
        add(new OutputItem(kind, turn, output.size()).called(call.id(), call.name()));
    }

    private void arguments(InferenceEvent.ToolCallDelta call) {
        OutputItem item = open;
        boolean ofOpenCall =
                item != null && (item.kind() == OutputItem.Kind.CALL || item.kind() == OutputItem.Kind.FREE_FORM_CALL);
        if (item == null || !ofOpenCall || call.index() != calls - 1) {
            // Half of a call's arguments would be a wrong call.
            fail(InferenceFailure.of(InferenceFailure.Kind.ENGINE_FAILED, "the engine interleaved its tool calls"));
            return;
        }
        item.text().append(call.arguments());
        if (item.kind() == OutputItem.Kind.CALL && !call.arguments().isEmpty()) {
            delta("response.function_call_arguments.delta", item, call.arguments());
        }
    }

    private void finish(InferenceEvent.Finished finished, Optional<ObjectNode> kept) {
        boolean whole = ResponseObject.incompleteReason(finished.reason()) == null;
        close(whole ? "completed" : "incomplete");
        ObjectNode last = response.ended(finished, output, clock.instant().getEpochSecond());
        kept.ifPresent(member -> last.set(RetentionReceipts.MEMBER, member));
        ended = last;
        whole(whole ? "response.completed" : "response.incomplete", last);
    }

    private void fail(InferenceFailure failure) {
        close("incomplete");
        ObjectNode last = response.failed(failure, output);
        ended = last;
        whole("response.failed", last);
    }

    /** The open item, which is of a kind: one of another kind is closed first. */
    private OutputItem open(OutputItem.Kind kind) {
        OutputItem item = open;
        if (item != null && item.kind() == kind) {
            return item;
        }
        close("completed");
        return add(new OutputItem(kind, turn, output.size()));
    }

    private OutputItem add(OutputItem item) {
        open = item;
        output.add(item.json());
        itemEvent("response.output_item.added", item);
        return item;
    }

    private void close(String status) {
        OutputItem item = open;
        if (item == null) {
            return;
        }
        switch (item.kind()) {
            case REASONING -> closeReasoning(item);
            case MESSAGE -> closePart(item);
            case CALL -> closeCall(item);
            case FREE_FORM_CALL -> closeFreeFormCall(item);
        }
        if (item.kind() != OutputItem.Kind.REASONING) {
            item.json().put("status", status);
        }
        itemEvent("response.output_item.done", item);
        open = null;
    }

    private void closeReasoning(OutputItem item) {
        String text = item.text().toString();
        item.summarised(text, response.request().sealed());
        event(
                "response.reasoning_summary_text.done",
                item,
                "summary_index",
                json -> json.writeStringField("text", text));
        event("response.reasoning_summary_part.done", item, "summary_index", json -> {
            json.writeFieldName("part");
            json.writeRawValue(OutputItem.part("summary_text", text, List.of()).toString());
        });
    }

    private void closePart(OutputItem item) {
        String type = part;
        if (type == null) {
            return;
        }
        String text = item.text().toString();
        event("response." + type + ".done", item, "content_index", json -> {
            json.writeStringField(type.equals("refusal") ? "refusal" : "text", text);
            logprobs(type, item.logprobs(), json);
        });
        ObjectNode whole = OutputItem.part(type, text, item.logprobs());
        partEvent("response.content_part.done", item, whole);
        item.content().add(whole);
        item.text().setLength(0);
        item.logprobs().clear();
        part = null;
    }

    private void closeCall(OutputItem item) {
        if (item.text().length() == 0) {
            item.text().append("{}");
            delta("response.function_call_arguments.delta", item, "{}");
        }
        String arguments = item.text().toString();
        item.json().put("arguments", arguments);
        event("response.function_call_arguments.done", item, null, json -> {
            json.writeStringField("name", item.name());
            json.writeStringField("arguments", arguments);
        });
    }

    /** Which text the arguments stand for is known when they are whole. */
    private void closeFreeFormCall(OutputItem item) {
        String input = FreeFormTools.input(item.text().toString());
        item.json().put("input", input);
        delta("response.custom_tool_call_input.delta", item, input);
        event("response.custom_tool_call_input.done", item, null, json -> json.writeStringField("input", input));
    }

    private void delta(String type, OutputItem item, String delta) {
        event(type, item, null, json -> json.writeStringField("delta", delta));
    }

    private static void logprobs(String type, List<TokenLogprob> tokens, JsonGenerator json) throws IOException {
        if (type.equals("output_text")) {
            Logprobs.arrayField(json, "logprobs", tokens);
        }
    }

    private void partEvent(String type, OutputItem item, ObjectNode part) {
        event(type, item, "content_index", json -> {
            json.writeFieldName("part");
            json.writeRawValue(part.toString());
        });
    }

    private void itemEvent(String type, OutputItem item) {
        event(type, json -> {
            json.writeNumberField("output_index", item.index());
            json.writeFieldName("item");
            json.writeRawValue(item.json().toString());
        });
    }

    private void whole(String type, ObjectNode state) {
        event(type, json -> {
            json.writeFieldName("response");
            json.writeRawValue(state.toString());
        });
    }

    /** @param partIndex name of the index of the item's part, null for items without parts */
    private void event(String type, OutputItem item, @Nullable String partIndex, JsonLine.Part members) {
        event(type, json -> {
            json.writeStringField("item_id", item.id());
            json.writeNumberField("output_index", item.index());
            if (partIndex != null) {
                json.writeNumberField(
                        partIndex,
                        item.kind() == OutputItem.Kind.MESSAGE ? item.content().size() : 0);
            }
            members.write(json);
        });
    }

    private void event(String type, JsonLine.Part members) {
        frames.add(SseStream.event(type, JsonLine.object(EVENT_LENGTH, json -> {
            json.writeStringField("type", type);
            json.writeNumberField("sequence_number", sequence++);
            members.write(json);
        })));
    }
}
