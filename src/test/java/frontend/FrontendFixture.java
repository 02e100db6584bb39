package frontend;

import akka.Done;
import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import akka.http.javadsl.server.Route;
import akka.stream.KillSwitches;
import akka.stream.UniqueKillSwitch;
import akka.stream.javadsl.Keep;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.typesafe.config.ConfigFactory;
import frontend.admin.AdminQueries;
import frontend.admin.AdminRoutes;
import frontend.admin.LifecycleRoutes;
import frontend.admin.ScriptedCommands;
import frontend.chat.ChatCodec;
import frontend.chat.ChatRoutes;
import frontend.messages.MessagesRoutes;
import frontend.responses.ResponsesRoutes;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceRequest;
import inference.PromptLength;
import inference.SessionContext;
import inference.TurnClient;
import inference.Usage;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import metrics.Metrics;
import testkit.MemoryResponses;

/** A real server on loopback whose turns are scripted, and for whose rates time stands still. */
public final class FrontendFixture implements AutoCloseable {
    public static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");
    public static final FrontendSettings.Rates UNLIMITED = new FrontendSettings.Rates(0, 0);

    /** A settings record that tests vary. */
    public static final FrontendSettings SETTINGS = new FrontendSettings(
            "127.0.0.1",
            0,
            List.of(),
            new FrontendSettings.Bodies(256 * 1024, 1 << 20, Duration.ofSeconds(10)),
            Duration.ofMinutes(1),
            Duration.ofMinutes(1),
            Duration.ofSeconds(10),
            4,
            Duration.ofDays(1),
            1000,
            UNLIMITED,
            new PromptNoise(List.of(Pattern.compile("\\Anoise:[^\n]*\n*"))));

    public final ActorSystem<Void> system;
    public final HttpServer server;
    public final RunningTurns turns;
    public final Metrics metrics = new Metrics();
    /** Requests that reached the cluster. */
    public final BlockingQueue<InferenceRequest> seen = new LinkedBlockingQueue<>();
    /** What the cluster answers. */
    public volatile Function<InferenceRequest, Source<InferenceEvent, NotUsed>> script = request -> answer("hello");

    /** How the cluster makes a prompt. */
    public volatile Consumer<TurnClient> prompts = this::prompted;

    public final MemoryResponses responsesKept = new MemoryResponses();
    public volatile List<String> missing = List.of();
    public final HttpClient client = HttpClient.newHttpClient();

    /** Requests whose prompts were measured. */
    public final BlockingQueue<InferenceRequest> measured = new LinkedBlockingQueue<>();

    /** How long every prompt is. */
    public volatile PromptLength length = new PromptLength(11, List.of());

    /** What sessions are told; answers as it is told to. */
    public final ScriptedCommands commands = new ScriptedCommands();

    private static CompletionStage<JsonNode> receipts(SessionContext session) {
        return CompletableFuture.completedStage(
                JsonNodeFactory.instance.objectNode().put("of", session.id().value()));
    }

    private FrontendFixture(FrontendSettings settings, AdminQueries queries) {
        system = ActorSystem.create(
                Behaviors.empty(),
                "frontend",
                ConfigFactory.parseString("akka.coordinated-shutdown.exit-jvm = off\nakka.loglevel = WARNING")
                        .withFallback(ConfigFactory.parseResources("http.conf"))
                        .withFallback(ConfigFactory.defaultReference())
                        .resolve());
        InferenceService service = (request, client) -> {
            seen.add(request);
            prompts.accept(client);
            play(script.apply(request), client);
        };
        TenantRates rates = new TenantRates(settings.rates(), () -> 0);
        turns = new RunningTurns(system, settings, rates, service, metrics);
        RequestDirectives requests = new RequestDirectives(
                system,
                settings,
                rates,
                new TurnIds(InstantSource.fixed(NOW), new Random(7)),
                ForkJoinPool.commonPool());
        Answers answers = new Answers(system, settings, turns);
        PromptNoise noise = settings.promptNoise();
        Route chat = new ChatRoutes(
                        requests, answers, settings, InstantSource.fixed(NOW), metrics, FrontendFixture::receipts)
                .route();
        Route messages =
                new MessagesRoutes(requests, answers, this::measure, noise, metrics, FrontendFixture::receipts).route();
        Route responses = new ResponsesRoutes(
                        system,
                        requests,
                        answers,
                        responsesKept,
                        this::measure,
                        noise,
                        InstantSource.fixed(NOW),
                        metrics,
                        FrontendFixture::receipts)
                .route();
        Route admin = new AdminRoutes(requests, queries, (body, caller) -> ChatCodec.decode(body, caller, settings)
                        .inference())
                .route();
        Route lifecycle = new LifecycleRoutes(requests, commands).route();
        ModelCatalog catalog = () -> CompletableFuture.completedStage(List.of(
                new ModelCatalog.ServedModel("sim-echo", NOW, "holdfast"),
                new ModelCatalog.ServedModel("org/model-7b", NOW, "holdfast")));
        Route services = new ServiceRoutes(
                        requests,
                        turns,
                        catalog,
                        () -> CompletableFuture.completedStage(missing),
                        () -> CompletableFuture.completedStage(metrics.scrape()))
                .route();
        server = join(HttpServer.bind(
                system, settings, turns, metrics, chat, responses, messages, admin, lifecycle, services));
    }

    /** The turn has its prompt. */
    void prompted(TurnClient turn) {
        turn.prompted(length);
    }

    private CompletionStage<PromptLength> measure(InferenceRequest request) {
        measured.add(request);
        return CompletableFuture.completedStage(length);
    }

    /** Plays a turn. */
    private void play(Source<InferenceEvent, NotUsed> events, TurnClient client) {
        UniqueKillSwitch turn = events.viaMat(KillSwitches.single(), Keep.right())
                .mapAsync(1, event -> handed(event, client))
                .to(Sink.ignore())
                .run(system);
        client.whenLeft(turn::shutdown);
    }

    private static CompletionStage<Done> handed(InferenceEvent event, TurnClient client) {
        CompletableFuture<Done> taken = new CompletableFuture<>();
        if (event.terminal()) {
            client.end(event);
            taken.complete(Done.getInstance());
        } else {
            client.offer(event, () -> taken.complete(Done.getInstance()));
        }
        return taken;
    }

    public static FrontendFixture start() {
        return start(SETTINGS);
    }

    public static FrontendFixture start(FrontendSettings settings) {
        return start(settings, new UnaskedQueries());
    }

    public static FrontendFixture start(FrontendSettings settings, AdminQueries queries) {
        return new FrontendFixture(settings, queries);
    }

    /** Which of several answers a turn is, whose client sends 0 as the seed. */
    public static int choice(InferenceRequest turn) {
        return Math.toIntExact(Objects.requireNonNull(turn.sampling().seed()));
    }

    /** A whole answer of one text. */
    public static Source<InferenceEvent, NotUsed> answer(String text) {
        return Source.from(List.of(
                new InferenceEvent.TextDelta(text),
                new InferenceEvent.Finished(FinishReason.STOP, null, new Usage(11, 4, 3, 0))));
    }

    public int port() {
        return server.address().getPort();
    }

    /** The official client of OpenAI's dialects; its user closes it. */
    public OpenAIClient openAi() {
        return OpenAIOkHttpClient.builder()
                .baseUrl(uri("/v1").toString())
                .apiKey("any")
                .maxRetries(0)
                .build();
    }

    public URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port() + path);
    }

    public HttpResponse<String> get(String path) {
        return send(HttpRequest.newBuilder(uri(path)).build());
    }

    public HttpResponse<String> post(String path, String body) {
        return send(HttpRequest.newBuilder(uri(path))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    public HttpResponse<String> chat(String body) {
        return post("/v1/chat/completions", body);
    }

    public HttpResponse<String> send(HttpRequest request) {
        return join(client.sendAsync(request, HttpResponse.BodyHandlers.ofString()));
    }

    /** The request that reached the cluster next. */
    public InferenceRequest nextSeen() throws InterruptedException {
        InferenceRequest request = seen.poll(20, TimeUnit.SECONDS);
        if (request == null) {
            throw new AssertionError("no request reached the cluster");
        }
        return request;
    }

    /** Waits for a stage, long enough for any machine. */
    public static <T> T join(java.util.concurrent.CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("the stage did not complete well", e);
        }
    }

    @Override
    public void close() {
        system.terminate();
        join(system.getWhenTerminated());
    }
}
