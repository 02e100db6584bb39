package frontend;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceRequest;
import java.util.concurrent.CompletionStage;

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
    public interface Frames {
        Source<ByteString, NotUsed> of(Source<InferenceEvent, NotUsed> events);
    }

    /**
     * Answers with a stream; fails with {@link RefusedRequest} when the turn fails at once.
     *
     * @param keepAlive frame for silences
     */
    public CompletionStage<HttpResponse> streamed(
            InferenceRequest request, ClientConnection client, ByteString keepAlive, Frames frames) {
        return turns.open(request, client)
                .thenApply(events -> SseStream.response(frames.of(events), settings.keepAliveInterval(), keepAlive));
    }

    /** The complete answer; fails with {@link RefusedRequest} when there is none. */
    public CompletionStage<WholeAnswer> whole(InferenceRequest request, ClientConnection client) {
        return gathered(request, client).thenApply(answer -> {
            InferenceFailure failure = answer.failure();
            if (failure != null) {
                throw new RefusedRequest(failure);
            }
            return answer;
        });
    }

    /** The answer as far as it came. */
    public CompletionStage<WholeAnswer> gathered(InferenceRequest request, ClientConnection client) {
        return turns.events(request, client).runWith(Sink.fold(new WholeAnswer(), WholeAnswer::add), system);
    }
}
