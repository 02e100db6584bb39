package frontend;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceRequest;
import inference.PromptLength;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Turns as HTTP answers, streamed and whole: what dialects do alike.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class Answers {
    private final ActorSystem<?> system;
    private final FrontendSettings settings;
    private final RunningTurns turns;

    public Answers(ActorSystem<?> system, FrontendSettings settings, RunningTurns turns) {
        this.system = system;
        this.settings = settings;
        this.turns = turns;
    }

    /** Frames of a stream of events. */
    @FunctionalInterface
    public interface Frames<E> {

        /**
         * Makes them.
         *
         * @param prompt the prompt's length, known from the first event on that is no failure
         */
        Source<ByteString, NotUsed> of(Source<E, NotUsed> events, Supplier<PromptLength> prompt);
    }

    /**
     * Answers with a stream; fails with {@link RefusedRequest} when the turn fails at once.
     *
     * @param keepAlive frame for silences
     */
    public CompletionStage<HttpResponse> streamed(
            InferenceRequest request, ClientConnection client, ByteString keepAlive, Frames<InferenceEvent> frames) {
        return streamed(
                List.of(request),
                client,
                keepAlive,
                (events, prompt) -> frames.of(events.map(ChoiceEvent::event), prompt));
    }

    /** The same with several answers to one request. */
    public CompletionStage<HttpResponse> streamed(
            List<InferenceRequest> choices, ClientConnection client, ByteString keepAlive, Frames<ChoiceEvent> frames) {
        return turns.open(
                choices,
                client,
                (events, prompt) ->
                        SseStream.response(frames.of(events, prompt), settings.keepAliveInterval(), keepAlive));
    }

    /** The complete answer; fails with {@link RefusedRequest} when there is none. */
    public CompletionStage<WholeAnswer> whole(InferenceRequest request, ClientConnection client) {
        return whole(List.of(request), client).thenApply(answers -> answers.get(0));
    }

    /** The complete answers to one request; fails with {@link RefusedRequest} when one is missing. */
    public CompletionStage<List<WholeAnswer>> whole(List<InferenceRequest> choices, ClientConnection client) {
        List<WholeAnswer> answers =
                Stream.generate(WholeAnswer::new).limit(choices.size()).toList();
        return turns.choices(choices, client)
                .runForeach(event -> answers.get(event.choice()).add(event.event()), system)
                // In place: see docs/adr/0002.
                .thenApplyAsync(done -> complete(answers), Runnable::run);
    }

    private static List<WholeAnswer> complete(List<WholeAnswer> answers) {
        for (WholeAnswer answer : answers) {
            InferenceFailure failure = answer.failure();
            if (failure != null) {
                throw new RefusedRequest(failure);
            }
        }
        if (!answers.stream().allMatch(WholeAnswer::complete)) {
            throw new RefusedRequest(InferenceFailure.of(InferenceFailure.Kind.CANCELLED, "the turn was cancelled"));
        }
        return answers;
    }
}
