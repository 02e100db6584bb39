package frontend.chat;

import akka.NotUsed;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import akka.japi.Pair;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import com.fasterxml.jackson.databind.JsonNode;
import frontend.Answers;
import frontend.Caller;
import frontend.ClientConnection;
import frontend.JsonField;
import frontend.PromptNoise;
import frontend.RequestDirectives;
import frontend.RetentionReceipts;
import frontend.SseStream;
import inference.InferenceEvent;
import inference.InferenceRequest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import metrics.Metric;
import metrics.Metrics;

/**
 * {@code POST /v1/chat/completions}, streamed and not.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class ChatRoutes extends AllDirectives {
    private static final CompletionStage<Optional<JsonNode>> NOTHING =
            CompletableFuture.completedStage(Optional.empty());

    private final RequestDirectives requests;
    private final Answers answers;
    private final PromptNoise noise;
    private final InstantSource clock;
    private final Metrics metrics;
    private final RetentionReceipts receipts;

    public ChatRoutes(
            RequestDirectives requests,
            Answers answers,
            PromptNoise noise,
            InstantSource clock,
            Metrics metrics,
            RetentionReceipts receipts) {
        this.requests = requests;
        this.answers = answers;
        this.noise = noise;
        this.clock = clock;
        this.metrics = metrics;
        this.receipts = receipts;
    }

    public Route route() {
        return path(
                PathMatchers.segment("v1").slash("chat").slash("completions"),
                () -> post(() -> requests.jsonBody(this::answer)));
    }

    private CompletionStage<HttpResponse> answer(JsonField body, Caller caller, ClientConnection client) {
        long begin = System.nanoTime();
        ChatRequest chat = ChatCodec.decode(body, caller, noise);
        metrics.time(Metric.HTTP_DECODE, Duration.ofNanos(System.nanoTime() - begin));
        InferenceRequest request = chat.inference();
        ChatWire.AnswerHead head = new ChatWire.AnswerHead(
                "chatcmpl-" + request.turn().value(), clock.instant().getEpochSecond(), request.model());
        if (!chat.stream()) {
            return answers.whole(request, client)
                    .thenCompose(answer -> kept(chat).thenApply(kept -> HttpResponse.create()
                            .withEntity(ContentTypes.APPLICATION_JSON, ChatReply.body(head, answer, kept))));
        }
        return answers.streamed(request, client, SseStream.COMMENT, events -> frames(chat, head, events));
    }

    private Source<ByteString, NotUsed> frames(
            ChatRequest chat, ChatWire.AnswerHead head, Source<InferenceEvent, NotUsed> events) {
        if (!chat.retention()) {
            return events.statefulMapConcat(() -> new ChatChunks(head, chat.includeUsage())::frames);
        }
        // Asked for when the turn is recorded, which its last event says.
        return events.mapAsync(1, event -> (event instanceof InferenceEvent.Finished ? kept(chat) : NOTHING)
                        .thenApply(kept -> Pair.create(event, kept)))
                .statefulMapConcat(() -> {
                    ChatChunks chunks = new ChatChunks(head, chat.includeUsage());
                    return pair -> chunks.frames(pair.first(), pair.second());
                });
    }

    /** What is kept of the session, if the request wants to know; an answer does not fail for it. */
    private CompletionStage<Optional<JsonNode>> kept(ChatRequest chat) {
        return chat.retention()
                ? receipts.of(chat.inference().session())
                        .thenApply(Optional::of)
                        .exceptionally(failure -> Optional.empty())
                : NOTHING;
    }
}
