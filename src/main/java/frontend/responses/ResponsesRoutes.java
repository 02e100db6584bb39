package frontend.responses;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.Answers;
import frontend.Caller;
import frontend.ClientConnection;
import frontend.JsonField;
import frontend.PromptMeasure;
import frontend.PromptNoise;
import frontend.Refusals;
import frontend.RequestDirectives;
import frontend.RetentionReceipts;
import frontend.SseStream;
import frontend.WholeAnswer;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.TenantId;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import metrics.Metric;
import metrics.Metrics;

/**
 * {@code POST /v1/responses}, streamed and not, and {@code POST /v1/responses/input_tokens}.
 *
 * <p>A response that is to be kept is durable before its client learns that it is complete, so that whoever comes back to
 * it finds it.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class ResponsesRoutes extends AllDirectives {
    private static final InferenceFailure NOT_KEPT = InferenceFailure.of(
            InferenceFailure.Kind.STORE_UNAVAILABLE, "the answer is complete but could not be kept");

    private final ActorSystem<?> system;
    private final RequestDirectives requests;
    private final Answers answers;
    private final ResponseStore store;
    private final PromptMeasure prompts;
    private final PromptNoise noise;
    private final InstantSource clock;
    private final Metrics metrics;
    private final RetentionReceipts receipts;

    public ResponsesRoutes(
            ActorSystem<?> system,
            RequestDirectives requests,
            Answers answers,
            ResponseStore store,
            PromptMeasure prompts,
            PromptNoise noise,
            InstantSource clock,
            Metrics metrics,
            RetentionReceipts receipts) {
        this.system = system;
        this.requests = requests;
        this.answers = answers;
        this.store = store;
        this.prompts = prompts;
        this.noise = noise;
        this.clock = clock;
        this.metrics = metrics;
        this.receipts = receipts;
    }

    public Route route() {
        return pathPrefix(
                PathMatchers.segment("v1").slash("responses"),
                () -> concat(
                        pathEnd(() -> post(() -> requests.modelRequest(this::answer))),
                        path("input_tokens", () -> post(() -> requests.modelRequest(this::count))),
                        new StoredResponseRoutes(requests, store).route()));
    }

    private CompletionStage<HttpResponse> answer(JsonField body, Caller caller, ClientConnection client) {
        return decoded(body, caller, request -> run(request, caller.tenant(), client));
    }

    private CompletionStage<HttpResponse> count(JsonField body, Caller caller, ClientConnection client) {
        return decoded(body, caller, request -> prompts.measure(request.inference())
                .thenApply(length ->
                        json("{\"object\":\"response.input_tokens\",\"input_tokens\":" + length.tokens() + "}")));
    }

    /** Decodes a request once all that it refers to is there. */
    private CompletionStage<HttpResponse> decoded(
            JsonField body, Caller caller, Function<ResponsesRequest, CompletionStage<HttpResponse>> then) {
        ResponsesInput input = ResponsesInput.of(body);
        if (input.complete()) {
            return then.apply(decode(body, caller, input, List.of(), Map.of()));
        }
        String previous = input.previous();
        CompletionStage<List<ResponseStore.StoredResponse>> line =
                previous == null ? CompletableFuture.completedStage(List.of()) : store.line(caller.tenant(), previous);
        CompletionStage<Map<String, String>> owners = input.references().isEmpty()
                ? CompletableFuture.completedStage(Map.of())
                : store.owners(caller.tenant(), input.references());
        return line.thenCombineAsync(
                        owners,
                        (found, known) -> decode(body, caller, input, found, known),
                        system.executionContext()::execute)
                .thenCompose(request -> then.apply(request));
    }

    private ResponsesRequest decode(
            JsonField body,
            Caller caller,
            ResponsesInput input,
            List<ResponseStore.StoredResponse> line,
            Map<String, String> owners) {
        long begin = System.nanoTime();
        ResponsesRequest request = ResponsesCodec.decode(body, caller, noise, input, line, owners);
        metrics.time(Metric.HTTP_DECODE, Duration.ofNanos(System.nanoTime() - begin));
        return request;
    }

    private CompletionStage<HttpResponse> run(ResponsesRequest request, TenantId tenant, ClientConnection client) {
        ResponseObject response = new ResponseObject(
                "resp_" + request.inference().turn().value(), clock.instant().getEpochSecond(), request);
        ResponsesEvents events = new ResponsesEvents(response, clock);
        if (request.stream()) {
            return Refusals.named(
                    answers.streamed(
                            request.inference(),
                            client,
                            SseStream.COMMENT,
                            (source, prompt) -> frames(source, events, request, tenant)),
                    names(request));
        }
        return Refusals.named(answers.whole(request.inference(), client), names(request))
                .thenCompose(answer -> receipts.shown(
                                request.retention(), request.inference().session())
                        .thenCompose(receipt -> {
                            replay(answer, events, receipt);
                            ObjectNode ended = ended(events);
                            return keep(request, tenant, events).thenApply(kept -> json(ended.toString()));
                        }));
    }

    /** Fields by the names that engines have for them. */
    private static Map<String, String> names(ResponsesRequest request) {
        Integer alternatives = request.inference().sampling().topLogprobs();
        return Map.of(
                "messages", "input",
                "logprobs", alternatives == null || alternatives == 0 ? "include" : "top_logprobs",
                "max_tokens", "max_output_tokens",
                "reasoning_effort", "reasoning.effort",
                "response_format.type", "text.format.type");
    }

    private Source<ByteString, NotUsed> frames(
            Source<InferenceEvent, NotUsed> source, ResponsesEvents events, ResponsesRequest request, TenantId tenant) {
        return receipts.beside(source, request.retention(), request.inference().session())
                .mapAsync(1, next -> {
                    List<ByteString> frames = events.frames(next.first(), next.second());
                    if (events.ended() == null) {
                        return CompletableFuture.completedStage(frames);
                    }
                    return keep(request, tenant, events)
                            .handle((kept, failure) -> failure == null ? frames : events.notKept(NOT_KEPT));
                })
                .mapConcat(frames -> frames);
    }

    /** The answer once more as events, which make the same response of it. */
    private static void replay(WholeAnswer answer, ResponsesEvents events, Optional<ObjectNode> receipt) {
        answer.inOrder().forEach(events::frames);
        events.frames(answer.end(), receipt);
    }

    private CompletionStage<Void> keep(ResponsesRequest request, TenantId tenant, ResponsesEvents events) {
        if (!request.store()) {
            return CompletableFuture.completedStage(null);
        }
        ObjectNode ended = JsonNodeFactory.instance.objectNode();
        ended.setAll(ended(events));
        // It is of this moment; whoever reads the response later must not take it for what is kept then.
        ended.remove(RetentionReceipts.MEMBER);
        return store.keep(
                tenant,
                new ResponseStore.StoredResponse(
                        ended.get("id").textValue(),
                        request.previous(),
                        request.input(),
                        ended.toString(),
                        events.itemIds()));
    }

    private static ObjectNode ended(ResponsesEvents events) {
        ObjectNode ended = events.ended();
        if (ended == null) {
            throw new IllegalStateException("the response has not ended");
        }
        return ended;
    }

    static HttpResponse json(String body) {
        return HttpResponse.create().withEntity(ContentTypes.APPLICATION_JSON, body);
    }
}
