package frontend.chat;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import akka.stream.javadsl.Sink;
import frontend.Caller;
import frontend.ClientConnection;
import frontend.FrontendSettings;
import frontend.JsonField;
import frontend.RefusedRequest;
import frontend.RequestDirectives;
import frontend.RunningTurns;
import frontend.SseStream;
import inference.InferenceFailure;
import inference.InferenceRequest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletionStage;
import metrics.Metric;
import metrics.Metrics;

/**
 * {@code POST /v1/chat/completions}, streamed and not.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class ChatRoutes extends AllDirectives {
    private final ActorSystem<?> system;
    private final FrontendSettings settings;
    private final RequestDirectives requests;
    private final RunningTurns turns;
    private final InstantSource clock;
    private final Metrics metrics;

    public ChatRoutes(
            ActorSystem<?> system,
            FrontendSettings settings,
            RequestDirectives requests,
            RunningTurns turns,
            InstantSource clock,
            Metrics metrics) {
        this.system = system;
        this.settings = settings;
        this.requests = requests;
        this.turns = turns;
        this.clock = clock;
        this.metrics = metrics;
    }

    public Route route() {
        return path(
                PathMatchers.segment("v1").slash("chat").slash("completions"),
                () -> post(() -> requests.jsonBody(this::answer)));
    }

    private CompletionStage<HttpResponse> answer(JsonField body, Caller caller, ClientConnection client) {
        long begin = System.nanoTime();
        ChatRequest chat = ChatCodec.decode(body, caller);
        metrics.time(Metric.HTTP_DECODE, Duration.ofNanos(System.nanoTime() - begin));
        InferenceRequest request = chat.inference();
        ChatWire.AnswerHead head = new ChatWire.AnswerHead(
                "chatcmpl-" + request.turn().value(), clock.instant().getEpochSecond(), request.model());
        return chat.stream() ? streamed(chat, head, client) : whole(request, head, client);
    }

    private CompletionStage<HttpResponse> streamed(
            ChatRequest chat, ChatWire.AnswerHead head, ClientConnection client) {
        return turns.open(chat.inference(), client)
                .thenApply(events -> SseStream.response(
                        events.statefulMapConcat(() -> {
                            ChatChunks chunks = new ChatChunks(head, chat.includeUsage());
                            return chunks::frames;
                        }),
                        settings.keepAliveInterval()));
    }

    private CompletionStage<HttpResponse> whole(
            InferenceRequest request, ChatWire.AnswerHead head, ClientConnection client) {
        return turns.events(request, client)
                .runWith(Sink.fold(new ChatReply(), ChatReply::add), system)
                .thenApply(reply -> {
                    InferenceFailure failure = reply.failure();
                    if (failure != null) {
                        throw new RefusedRequest(failure);
                    }
                    return HttpResponse.create().withEntity(ContentTypes.APPLICATION_JSON, reply.body(head));
                });
    }
}
