package frontend.messages;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import frontend.Answers;
import frontend.Caller;
import frontend.ClientConnection;
import frontend.JsonField;
import frontend.PromptMeasure;
import frontend.PromptNoise;
import frontend.RequestDirectives;
import frontend.RetentionReceipts;
import inference.InferenceRequest;
import inference.PromptLength;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import metrics.Metric;
import metrics.Metrics;

/**
 * {@code POST /v1/messages}, streamed and not, and {@code POST /v1/messages/count_tokens}.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class MessagesRoutes extends AllDirectives {
    private final RequestDirectives requests;
    private final Answers answers;
    private final PromptMeasure prompts;
    private final PromptNoise noise;
    private final Metrics metrics;
    private final RetentionReceipts receipts;

    /**
     * @param prompts for lengths that are asked for, and what a request marks
     */
    public MessagesRoutes(
            RequestDirectives requests,
            Answers answers,
            PromptMeasure prompts,
            PromptNoise noise,
            Metrics metrics,
            RetentionReceipts receipts) {
        this.requests = requests;
        this.answers = answers;
        this.prompts = prompts;
        this.noise = noise;
        this.metrics = metrics;
        this.receipts = receipts;
    }

    public Route route() {
        return pathPrefix(
                PathMatchers.segment("v1").slash("messages"),
                () -> concat(
                        pathEnd(() -> post(() -> requests.modelRequest(this::answer))),
                        path("count_tokens", () -> post(() -> requests.modelRequest(this::count)))));
    }

    private CompletionStage<HttpResponse> answer(JsonField body, Caller caller, ClientConnection client) {
        long begin = System.nanoTime();
        MessagesRequest request = MessagesCodec.decode(body, caller, noise);
        metrics.time(Metric.HTTP_DECODE, Duration.ofNanos(System.nanoTime() - begin));
        InferenceRequest turn = request.inference();
        String id = "msg_" + turn.turn().value();
        if (!request.stream()) {
            return answers.whole(turn, client).thenCompose(answer -> receipts.shown(request.retention(), turn.session())
                    .thenCombine(
                            marked(turn),
                            (kept, marked) -> json(MessagesReply.body(id, request, marked, answer, kept))));
        }
        return answers.streamed(turn, client, MessagesEvents.PING, (events, prompt) -> receipts.beside(
                        events, request.retention(), turn.session())
                .statefulMapConcat(() -> {
                    MessagesEvents frames = new MessagesEvents(id, caller.requestId(), request, prompt);
                    return next -> frames.frames(next.first(), next.second());
                }));
    }

    private CompletionStage<HttpResponse> count(JsonField body, Caller caller, ClientConnection client) {
        return prompts.measure(MessagesCodec.decodeCount(body, caller, noise))
                .thenApply(length -> json("{\"input_tokens\":" + length.tokens() + "}"));
    }

    /** What a request marks of its prompt. */
    private CompletionStage<List<PromptLength.Marked>> marked(InferenceRequest request) {
        return request.cacheMarks().isEmpty()
                ? CompletableFuture.completedStage(List.of())
                : prompts.measure(request).thenApply(PromptLength::marked);
    }

    private static HttpResponse json(String body) {
        return HttpResponse.create().withEntity(ContentTypes.APPLICATION_JSON, body);
    }
}
