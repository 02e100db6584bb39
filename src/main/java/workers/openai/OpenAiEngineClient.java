package workers.openai;

import akka.Done;
import akka.NotUsed;
import akka.actor.ActorSystem;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.headers.RawHeader;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import inference.ContentBlock;
import inference.Draw;
import inference.InferenceEvent;
import inference.InferenceRequest;
import inference.Message;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import kv.EngineHash;
import kv.Hold;
import kv.LeaseId;
import kv.Receipt;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.EngineClient;
import workers.Seat;

/**
 * An engine behind the OpenAI HTTP API.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class OpenAiEngineClient implements EngineClient {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ActorSystem system;
    private final String engine;
    private final EngineHttp http;
    private final OpenAiSettings settings;

    public OpenAiEngineClient(ActorSystem system, WorkerId worker, OpenAiSettings settings) {
        this.system = system;
        this.engine = worker.url();
        this.http = new EngineHttp(system, worker, settings.connectTimeout(), settings.keepConnections());
        this.settings = settings;
    }

    @Override
    public Source<InferenceEvent, NotUsed> generate(InferenceRequest request, Seat seat) {
        return generate(request, seat, null);
    }

    @Override
    public Source<InferenceEvent, NotUsed> generate(InferenceRequest request, Seat seat, @Nullable WorkerId pullFrom) {
        ObjectNode body = body(request);
        if (pullFrom != null) {
            body.putObject("kv_transfer_params").put("source", pullFrom.url());
        }
        return stream(request, body);
    }

    /** Engines of the kind are taken to draw alike: which one it is, they do not say. */
    @Override
    public Optional<Draw> draw(InferenceRequest request) {
        return Draw.of(settings.sent(request).sampling(), "openai");
    }

    @Override
    public boolean resumes(InferenceRequest request, Message begun) {
        return switch (settings.resumes()) {
            case OFF -> false;
            case TEXT -> BegunText.of(request, begun).isPresent();
            case ALL -> true;
        };
    }

    @Override
    public Source<InferenceEvent, NotUsed> resume(InferenceRequest request, Message begun, Seat seat) {
        return settings.resumes() == ResumedAnswers.ALL
                ? resumeAll(request, begun)
                : resumeText(BegunText.of(request, begun).orElseThrow(), request.model());
    }

    private ObjectNode body(InferenceRequest request) {
        return RequestBody.write(settings.sent(request), settings.priority());
    }

    private Source<InferenceEvent, NotUsed> resumeAll(InferenceRequest request, Message begun) {
        int calls = (int) begun.content().stream()
                .filter(ContentBlock.ToolUse.class::isInstance)
                .count();
        ObjectNode body = body(request);
        return stream(request, RequestBody.continueWith(begun, body), calls);
    }

    private Source<InferenceEvent, NotUsed> resumeText(BegunText begun, String model) {
        CompletionStage<Integer> tokens = http.post(
                        "/tokenize", RequestBody.bareText(model, begun.text()), settings.probeTimeout())
                .thenApply(answer -> tree("/tokenize", answer).required("count").intValue());
        return begun.rest(tokens, rest -> stream(rest, begun.continueIn(body(rest))));
    }

    /**
     * Streams the answer to a request whose body was made elsewhere, as an engine's own extensions need.
     *
     * @param body of {@code POST /v1/chat/completions}, with {@code stream} on
     */
    public Source<InferenceEvent, NotUsed> stream(InferenceRequest request, ObjectNode body) {
        return stream(request, body, 0);
    }

    private Source<InferenceEvent, NotUsed> stream(InferenceRequest request, ObjectNode body, int begunCalls) {
        HttpRequest post = http.json("/v1/chat/completions", body)
                .addHeader(RawHeader.create("X-Request-Id", request.turn().value()));
        return Source.fromGraph(new AnswerStream(
                system,
                http.connections(),
                post,
                settings.streamIdleTimeout(),
                () -> new AnswerReader(
                        engine, "call_" + request.turn().value() + "_", begunCalls, request.sampling())));
    }

    /** As vLLM tells it. SGLang tokenises texts only, and has no way to ask for its template. */
    @Override
    public CompletionStage<Optional<int[]>> promptTokens(InferenceRequest request, boolean opening) {
        return http.post("/tokenize", RequestBody.prompt(request, opening), settings.probeTimeout())
                .thenApply(answer -> answer.refused()
                        ? Optional.empty()
                        : Optional.of(TokenIds.read(tree("/tokenize", answer).required("tokens"))));
    }

    @Override
    public CompletionStage<Probe> probe() {
        CompletionStage<EngineHttp.Answer> models = http.get("/v1/models", settings.probeTimeout());
        CompletionStage<EngineHttp.Answer> metrics = http.get("/metrics", settings.probeTimeout());
        return models.thenCombine(
                metrics,
                (names, page) -> ProbeReader.read(
                        tree("/v1/models", names),
                        MetricsText.parse(page.success() ? page.body() : ""),
                        settings.unsaid()));
    }

    /** By a request for one token, whose answer nobody reads, with a mark in place of what the next turn will add. */
    @Override
    public CompletionStage<Warmed> warm(InferenceRequest conversation, Seat seat) {
        return warm(conversation, seat, null);
    }

    @Override
    public CompletionStage<Warmed> warm(InferenceRequest conversation, Seat seat, @Nullable WorkerId pullFrom) {
        return generate(NextTurn.forOneToken(conversation), seat, pullFrom)
                .runWith(Sink.last(), system)
                .thenApply(last -> last instanceof InferenceEvent.Finished finished
                        ? new Warmed(
                                new Receipt.Accepted(),
                                finished.usage().inputTokens()
                                        - finished.usage().cachedTokens())
                        : new Warmed(new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED), 0));
    }

    @Override
    public CompletionStage<Receipt> hold(Hold hold, List<EngineHash> blocks) {
        return hint(KvHints.retain(hold, blocks))
                .thenApply(answer -> KvHints.receipt(answer.status(), answer.body(), blocks.size()));
    }

    @Override
    public CompletionStage<Receipt> prefetch(List<EngineHash> blocks) {
        return hint(KvHints.prefetch(blocks))
                .thenApply(answer -> KvHints.receipt(answer.status(), answer.body(), blocks.size()));
    }

    @Override
    public CompletionStage<Done> release(LeaseId lease) {
        return hint(KvHints.release(lease)).thenApply(answer -> Done.getInstance());
    }

    @Override
    public CompletionStage<Done> releaseAll() {
        return hint(KvHints.releaseAll()).thenApply(answer -> Done.getInstance());
    }

    private CompletionStage<EngineHttp.Answer> hint(JsonNode hint) {
        return http.post("/v1/kv_hints", hint, settings.probeTimeout());
    }

    private JsonNode tree(String path, EngineHttp.Answer answer) {
        if (!answer.success()) {
            throw new IllegalStateException(engine + path + " answered " + answer.status());
        }
        try {
            return JSON.readTree(answer.body());
        } catch (JsonProcessingException e) {
            throw new CompletionException(e);
        }
    }
}
