package frontend.chat;

import inference.InferenceRequest;
import inference.Sampling;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A decoded chat request: what to run, and how to answer.
 *
 * <p>Thread-safety: immutable.
 *
 * @param freeForm names of tools that take text instead of JSON
 * @param choices how many answers are wanted, at least 1
 * @param stream whether the answer is a stream of events
 * @param includeUsage whether a stream ends with the usage
 * @param retention whether the answer shows what is kept of the session
 */
public record ChatRequest(
        InferenceRequest inference,
        Set<String> freeForm,
        int choices,
        boolean stream,
        boolean includeUsage,
        boolean retention) {
    public ChatRequest {
        freeForm = Set.copyOf(freeForm);
    }

    /**
     * The turns that answer it, one per choice and named by it. A seed counts up from choice to choice. No next prompt is guessed from
     * one of several answers.
     */
    List<InferenceRequest> turns() {
        return choices == 1
                ? List.of(inference)
                : IntStream.range(0, choices).mapToObj(this::turn).toList();
    }

    private InferenceRequest turn(int choice) {
        Sampling sampling = inference.sampling();
        Long seed = sampling.seed();
        return inference.answeredBy(
                inference.turn().choice(choice),
                sampling.seeded(seed == null ? null : Long.valueOf(seed + choice)),
                inference.hints().withoutSpeculation());
    }
}
