package frontend.chat;

import akka.NotUsed;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import frontend.Answers;
import frontend.Caller;
import frontend.ChoiceEvent;
import frontend.ClientConnection;
import frontend.FrontendSettings;
import frontend.JsonField;
import frontend.Refusals;
import frontend.RequestDirectives;
import frontend.RetentionReceipts;
import frontend.SseStream;
import inference.InferenceRequest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import metrics.Metric;
import metrics.Metrics;

/**
 * {@code POST /v1/chat/completions}, streamed and not.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class ChatRoutes extends AllDirectives {
    private final RequestDirectives requests;
    private final Answers answers;
    private final FrontendSettings settings;
    private final InstantSource clock;
    private final Metrics metrics;
    private final RetentionReceipts receipts;

    public ChatRoutes(
            RequestDirectives requests,
            Answers answers,
            FrontendSettings settings,
            InstantSource clock,
            Metrics metrics,
            RetentionReceipts receipts) {
        this.requests = requests;
        this.answers = answers;
        this.settings = settings;
        this.clock = clock;
        this.metrics = metrics;
        this.receipts = receipts;
    }

    public Route route() {
        return path(
                PathMatchers.segment("v1").slash("chat").slash("completions"),
                () -> post(() -> requests.modelRequest(this::answer)));
    }

    private CompletionStage<HttpResponse> answer(JsonField body, Caller caller, ClientConnection client) {
        long begin = System.nanoTime();
        ChatRequest chat = ChatCodec.decode(body, caller, settings);
        metrics.time(Metric.HTTP_DECODE, Duration.ofNanos(System.nanoTime() - begin));
        InferenceRequest request = chat.inference();
        ChatWire.AnswerHead head = new ChatWire.AnswerHead(
                "chatcmpl-" + request.turn().value(), clock.instant().getEpochSecond(), request.model());
        Map<String, String> names =
                body.at("max_completion_tokens").absent() ? Map.of() : Map.of("max_tokens", "max_completion_tokens");
        if (!chat.stream()) {
            return Refusals.named(answers.whole(chat.turns(), client), names)
                    .thenCompose(choices -> receipts.shown(chat.retention(), request.session())
                            .thenApply(kept -> HttpResponse.create()
                                    .withEntity(
                                            ContentTypes.APPLICATION_JSON,
                                            ChatReply.body(head, chat.freeForm(), choices, kept))));
        }
        return Refusals.named(
                answers.streamed(
                        chat.turns(), client, SseStream.COMMENT, (events, prompt) -> frames(chat, head, events)),
                names);
    }

    private Source<ByteString, NotUsed> frames(
            ChatRequest chat, ChatWire.AnswerHead head, Source<ChoiceEvent, NotUsed> events) {
        return receipts.besideChoices(events, chat.retention(), chat.inference().session())
                .statefulMapConcat(() -> {
                    ChatChunks chunks = new ChatChunks(head, chat);
                    return next -> chunks.frames(next.first(), next.second());
                });
    }
}
