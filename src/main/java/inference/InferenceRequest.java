package inference;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One turn to run, in no dialect.
 *
 * <p>Thread-safety: immutable.
 *
 * @param model name as the client sent it
 * @param tools in the client's order, which is part of the prompt
 * @param effort how much the model shall think, null for as much as it does by itself
 */
public record InferenceRequest(
        TurnId turn,
        String model,
        SessionContext session,
        List<ToolDefinition> tools,
        ToolChoice toolChoice,
        boolean parallelToolCalls,
        List<Message> messages,
        Sampling sampling,
        @Nullable ReasoningEffort effort,
        AgentHints hints,
        List<CacheMark> cacheMarks) {
    public InferenceRequest {
        tools = List.copyOf(tools);
        messages = List.copyOf(messages);
        cacheMarks = List.copyOf(cacheMarks);
    }

    /** Whether the model may think aloud. */
    public boolean reasoning() {
        return effort != ReasoningEffort.NONE;
    }

    /** The same prompt, answered by another turn. */
    public InferenceRequest answeredBy(TurnId other, Sampling otherSampling, AgentHints otherHints) {
        return new InferenceRequest(
                other,
                model,
                session,
                tools,
                toolChoice,
                parallelToolCalls,
                messages,
                otherSampling,
                effort,
                otherHints,
                cacheMarks);
    }

    /** The same with its turn's own seed, where it names none and its answer is left to chance. */
    public InferenceRequest seeded() {
        return sampling.seed() != null || sampling.likeliest()
                ? this
                : answeredBy(turn, sampling.seeded(turn.seed()), hints);
    }

    /** The same with one message more. */
    public InferenceRequest followedBy(Message next) {
        List<Message> all = new ArrayList<>(messages);
        all.add(next);
        return new InferenceRequest(
                turn, model, session, tools, toolChoice, parallelToolCalls, all, sampling, effort, hints, cacheMarks);
    }
}
