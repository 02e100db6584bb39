package workers.simserver;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import inference.CompactJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A script inside a user message, {@code [sim]TURNS[/sim]}: TURNS is a JSON array with one element per assistant turn, each
 * an action or an array of actions.
 *
 * <p>What cannot be read is plain text, never an error: clients quote prompts in other requests.
 *
 * <p>Thread-safety: immutable.
 */
record Directive(List<List<Action>> turns) {
    private static final String OPEN = "[sim]";
    private static final String CLOSE = "[/sim]";

    Directive {
        turns = List.copyOf(turns);
    }

    /** The last readable directive of a text. */
    static Optional<Directive> find(String text) {
        int open = text.lastIndexOf(OPEN);
        while (open >= 0) {
            int close = text.indexOf(CLOSE, open);
            if (close >= 0) {
                Optional<Directive> found = read(text.substring(open + OPEN.length(), close));
                if (found.isPresent()) {
                    return found;
                }
            }
            open = text.lastIndexOf(OPEN, open - 1);
        }
        return Optional.empty();
    }

    private static Optional<Directive> read(String turns) {
        Optional<Directive> direct = parse(turns);
        // Some clients pass prompts on as quoted strings.
        return direct.isPresent() ? direct : parse(turns.replace("\\\"", "\"").replace("\\\\", "\\"));
    }

    private static Optional<Directive> parse(String json) {
        try {
            JsonNode turns = ExactJson.MAPPER.readTree(json);
            if (!turns.isArray()) {
                return Optional.empty();
            }
            List<List<Action>> read = new ArrayList<>();
            for (JsonNode turn : turns) {
                List<Action> actions = new ArrayList<>();
                for (JsonNode action : turn.isArray()
                        ? turn
                        : ExactJson.MAPPER.createArrayNode().add(turn)) {
                    actions.add(action(action));
                }
                read.add(List.copyOf(actions));
            }
            return Optional.of(new Directive(read));
        } catch (JsonProcessingException | IllegalArgumentException unreadable) {
            return Optional.empty();
        }
    }

    private static Action action(JsonNode action) {
        Action.Pacing pacing = new Action.Pacing(number(action, "delay_ms"), number(action, "pace_ms"));
        if (action.has("text")) {
            return new Action.Say(text(action, "text"), pacing);
        } else if (action.has("think")) {
            return new Action.Think(text(action, "think"), pacing);
        } else if (action.has("refusal")) {
            return new Action.Refuse(text(action, "refusal"), pacing);
        } else if (action.has("call")) {
            return new Action.Call(text(action, "call"), arguments(action), pacing);
        } else if (action.has("finish")) {
            return new Action.Finish(
                    Action.Finish.Reason.valueOf(text(action, "finish").toUpperCase(Locale.ROOT)), pacing);
        } else if (action.path("error").isObject()) {
            return fail(action.path("error"), pacing);
        }
        throw new IllegalArgumentException("no known action");
    }

    private static Action fail(JsonNode error, Action.Pacing pacing) {
        Action.Fail.Kind kind = Action.Fail.Kind.valueOf(text(error, "kind").toUpperCase(Locale.ROOT));
        String message = error.has("message") ? text(error, "message") : "scripted fault";
        Integer retryAfter = error.has("retry_after") ? (int) Math.ceil(number(error, "retry_after")) : null;
        return new Action.Fail(kind, message, retryAfter, pacing);
    }

    private static String arguments(JsonNode action) {
        if (action.has("input")) {
            return text(action, "input");
        }
        JsonNode arguments = action.path("args");
        if (!arguments.isObject() && !arguments.isMissingNode()) {
            throw new IllegalArgumentException("args is an object");
        }
        return arguments.isMissingNode() ? "{}" : CompactJson.of(arguments);
    }

    private static String text(JsonNode node, String field) {
        if (!node.path(field).isTextual()) {
            throw new IllegalArgumentException(field + " is a string");
        }
        return node.path(field).textValue();
    }

    private static double number(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isMissingNode() && !value.isNumber()) {
            throw new IllegalArgumentException(field + " is a number");
        }
        return value.asDouble(0);
    }
}
