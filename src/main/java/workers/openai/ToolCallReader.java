package workers.openai;

import com.fasterxml.jackson.databind.JsonNode;
import inference.InferenceEvent;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Puts the fragments of streamed tool calls in order: a call begins when its name is known, and calls are numbered as they
 * begin. Mutable, not thread safe.
 */
final class ToolCallReader {
    private final String idPrefix;
    private final Map<Integer, Call> calls = new HashMap<>();
    private int begun;

    /** @param begunCalls calls that another engine has begun: only more of their arguments may come */
    ToolCallReader(String idPrefix, int begunCalls) {
        this.idPrefix = idPrefix;
        while (begun < begunCalls) {
            Call call = new Call();
            call.position = begun;
            calls.put(begun++, call);
        }
    }

    /** Whether any call has begun. */
    boolean any() {
        return begun > 0;
    }

    /** Reads one element of a delta's {@code tool_calls}. */
    void read(JsonNode fragment, List<InferenceEvent> events) {
        JsonNode function = fragment.path("function");
        Call call = calls.computeIfAbsent(fragment.path("index").asInt(calls.size()), index -> new Call());
        call.id = call.id.isEmpty() ? fragment.path("id").asText("") : call.id;
        String arguments = function.path("arguments").asText("");
        if (call.position < 0) {
            call.held.append(arguments);
            String name = function.path("name").asText("");
            if (name.isEmpty()) {
                return;
            }
            call.position = begun++;
            String id = call.id.isEmpty() ? idPrefix + call.position : call.id;
            events.add(new InferenceEvent.ToolCallStarted(call.position, id, name));
            arguments = call.held.toString();
        }
        if (!arguments.isEmpty()) {
            events.add(new InferenceEvent.ToolCallDelta(call.position, arguments));
        }
    }

    private static final class Call {
        private final StringBuilder held = new StringBuilder();
        private String id = "";
        private int position = -1;
    }
}
