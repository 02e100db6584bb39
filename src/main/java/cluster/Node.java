package cluster;

import agents.Prompts;
import agents.Sessions;
import agents.TurnPorts;
import agents.TurnService;
import agents.Turns;
import agents.plan.SessionLeases;
import agents.session.PromptCache;
import agents.session.PromptRenderer;
import agents.session.RenderedPrompt;
import akka.Done;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.persistence.query.PersistenceQuery;
import akka.persistence.r2dbc.query.javadsl.R2dbcReadJournal;
import com.typesafe.config.Config;
import frontend.Answers;
import frontend.FrontendSettings;
import frontend.HttpServer;
import frontend.PromptNoise;
import frontend.RequestDirectives;
import frontend.RunningTurns;
import frontend.ServiceRoutes;
import frontend.TenantRates;
import frontend.TurnIds;
import frontend.admin.AdminRoutes;
import frontend.admin.LifecycleRoutes;
import frontend.chat.ChatCodec;
import frontend.chat.ChatRoutes;
import frontend.messages.MessagesRoutes;
import frontend.responses.ResponsesRoutes;
import inference.huggingface.ModelTemplate;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import kv.Incarnation;
import kv.LedgerId;
import kv.RunPrefixIndex;
import kv.WorkerId;
import metrics.Metrics;
import router.IndexReplica;
import router.KeeperPorts;
import router.Leases;
import router.Router;
import router.WorkerRoster;
import router.placement.Placer;
import workers.EngineClient;
import workers.WorkerPorts;
import workers.Workers;
import workers.ZmqEventSource;
import workers.llamacpp.LlamaCppEngineClient;
import workers.llamacpp.LlamaCppSettings;
import workers.openai.OpenAiEngineClient;
import workers.status.TimingModel;

/**
 * One node of the cluster with every role: joins, starts its part of the sharding of sessions and workers, its router and
 * its HTTP server. All wiring is here; nothing is decided here.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class Node implements RunningNode {
    /** Longest time until the port is bound. */
    private static final Duration START_LIMIT = Duration.ofSeconds(30);

    private final ActorSystem<Void> system;
    private final HttpServer http;

    private Node(ActorSystem<Void> system, HttpServer http) {
        this.system = system;
        this.http = http;
    }

    /**
     * Starts a node and waits until it accepts HTTP. Whether it can take turns yet is what {@code /health/ready} tells.
     *
     * @param config whole and resolved
     * @param models templates of those models that have files
     * @throws StartFailure if it cannot; nothing of it is left running then
     */
    public static Node start(Config config, Map<String, ModelTemplate> models) {
        Settings settings = Settings.of(config);
        CompletableFuture<HttpServer> http = new CompletableFuture<>();
        ActorSystem<Void> system = ActorSystem.create(guardian(settings, models, http), "holdfast", config);
        system.getWhenTerminated()
                .thenRun(
                        () -> http.completeExceptionally(new IllegalStateException("the node ended while it started")));
        try {
            return new Node(system, http.get(START_LIMIT.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw refused(system, settings, interrupted);
        } catch (ExecutionException | TimeoutException failure) {
            throw refused(system, settings, failure.getCause() == null ? failure : failure.getCause());
        }
    }

    private static StartFailure refused(ActorSystem<Void> system, Settings settings, Throwable cause) {
        system.terminate();
        return new StartFailure(
                "the node cannot start on " + settings.frontend().host() + ":"
                        + settings.frontend().port() + ": " + cause.getMessage(),
                cause);
    }

    @Override
    public InetSocketAddress httpAddress() {
        return http.address();
    }

    @Override
    public String address() {
        return Cluster.get(system).selfMember().address().toString();
    }

    @Override
    public int runningTurns() {
        return http.runningTurns();
    }

    @Override
    public CompletionStage<Integer> drain() {
        return http.drain()
                .handle((cut, failure) -> {
                    system.terminate();
                    return cut == null ? 0 : cut;
                })
                .thenCompose(cut -> system.getWhenTerminated().thenApply(done -> cut));
    }

    @Override
    public CompletionStage<Done> whenTerminated() {
        return system.getWhenTerminated();
    }

    /** Starts everything and watches it: a node without its router, say, is none, so it ends with any of them. */
    private static Behavior<Void> guardian(
            Settings settings, Map<String, ModelTemplate> models, CompletableFuture<HttpServer> http) {
        return Behaviors.setup(context -> {
            joinCluster(context.getSystem());
            try {
                bind(context, settings, models).whenComplete((server, failure) -> {
                    if (failure == null) {
                        http.complete(server);
                    } else {
                        http.completeExceptionally(failure);
                    }
                });
            } catch (RuntimeException failure) {
                http.completeExceptionally(failure);
                throw failure;
            }
            return Behaviors.empty();
        });
    }

    /** Without seed nodes in the configuration, a node is the first and only one of its cluster. */
    private static void joinCluster(ActorSystem<?> system) {
        if (system.settings().config().getStringList("akka.cluster.seed-nodes").isEmpty()) {
            Cluster cluster = Cluster.get(system);
            cluster.manager().tell(Join.create(cluster.selfMember().address()));
        }
    }

    private static CompletionStage<HttpServer> bind(
            ActorContext<Void> context, Settings settings, Map<String, ModelTemplate> models) {
        ActorSystem<?> system = context.getSystem();
        Metrics metrics = new Metrics();
        InstantSource clock = InstantSource.system();
        SecureRandom random = new SecureRandom();

        PromptRenderer renderer = new PromptRenderer(
                settings.blockSizeTokens(),
                new ModelTemplates(models, metrics),
                new PromptCache(settings.agents().promptCacheBlocks()));
        Executor rendering =
                system.dispatchers().lookup(DispatcherSelector.fromConfig("akka.actor.rendering-dispatcher"));
        WorkerRoster roster = new WorkerRoster();
        Function<WorkerId, EngineClient> engines = engineClients(system, settings);
        Prompts prompts = new Prompts(
                renderer,
                rendering,
                new EngineTokens(models.keySet(), roster::live, engines),
                settings.agents().turn().tokeniseTimeout(),
                metrics);
        StoredConversations conversations =
                StoredConversations.start(system, clock, settings.agents().keepConversations());
        Workers workers = Workers.start(
                system,
                settings.workers(),
                new WorkerPorts(
                        engines,
                        ZmqEventSource::open,
                        conversations,
                        request -> prompts.render(request).thenApply(RenderedPrompt::conversation),
                        () -> new Incarnation(random.nextLong(), random.nextLong()),
                        metrics,
                        System::nanoTime));
        ActorRef<Router.Command> router = router(context, settings, roster, metrics);
        Leases leases = Leases.init(
                system,
                settings.leases(),
                new KeeperPorts(workers::ref, roster::live, () -> new LedgerId(random.nextLong()), metrics, clock));
        Sessions sessions = Sessions.init(
                system, journal(system), settings.agents().session(), leases::ref, sessionLeases(settings), clock);

        TurnPorts ports = new TurnPorts(
                sessions::ref,
                router,
                workers::ref,
                engines,
                prompts,
                conversations,
                leases::ref,
                metrics,
                clock,
                System::nanoTime,
                settings.agents().turn());
        TurnService turns = new TurnService(spawn(context, Turns.create(ports), "turns"), ports);
        ClusterQueries queries = new ClusterQueries(system, settings, sessions, workers, leases, router, turns, clock);
        SessionLifecycle lifecycle = new SessionLifecycle(
                sessions,
                leases,
                settings.leases().ledger(),
                settings.agents().session().receiptWait());
        TenantRates rates = new TenantRates(settings.frontend().rates(), System::nanoTime);
        RequestDirectives requests =
                new RequestDirectives(system, settings.frontend(), rates, new TurnIds(clock, random), rendering);
        return serve(system, settings.frontend(), rates, requests, turns, queries, lifecycle, clock, metrics);
    }

    private static CompletionStage<HttpServer> serve(
            ActorSystem<?> system,
            FrontendSettings settings,
            TenantRates rates,
            RequestDirectives requests,
            TurnService turns,
            ClusterQueries queries,
            SessionLifecycle lifecycle,
            InstantSource clock,
            Metrics metrics) {
        RunningTurns running = new RunningTurns(system, settings, rates, turns::run, metrics);
        Answers answers = new Answers(system, settings, running);
        PromptNoise noise = settings.promptNoise();
        return HttpServer.bind(
                system,
                settings,
                running,
                metrics,
                new ChatRoutes(requests, answers, settings, clock, metrics, lifecycle).route(),
                new ResponsesRoutes(
                                system,
                                requests,
                                answers,
                                StoredResponses.start(system, clock, settings.keepResponses(), settings.maxResponses()),
                                turns::promptLength,
                                noise,
                                clock,
                                metrics,
                                lifecycle)
                        .route(),
                new MessagesRoutes(requests, answers, turns::promptLength, noise, metrics, lifecycle).route(),
                new AdminRoutes(requests, queries, (body, caller) -> ChatCodec.decode(body, caller, settings)
                                .inference())
                        .route(),
                new LifecycleRoutes(requests, lifecycle).route(),
                new ServiceRoutes(
                                requests,
                                running,
                                queries,
                                queries,
                                new FleetMetrics(metrics, queries::statuses, queries::routerStatus))
                        .route());
    }

    private static SessionLeases sessionLeases(Settings settings) {
        TimingModel timing = settings.placement().timing();
        return SessionLeases.of(
                settings.agents().retention(), tokens -> timing.passMillis() + timing.prefillMillis(tokens, 0));
    }

    private static R2dbcReadJournal journal(ActorSystem<?> system) {
        return PersistenceQuery.get(system).getReadJournalFor(R2dbcReadJournal.class, R2dbcReadJournal.Identifier());
    }

    private static ActorRef<Router.Command> router(
            ActorContext<Void> context, Settings settings, WorkerRoster roster, Metrics metrics) {
        RunPrefixIndex index = new RunPrefixIndex();
        ActorRef<Router.Command> router = spawn(
                context,
                Router.create(
                        new Placer(index, settings.placement()),
                        settings.placement().queue().maxWait(),
                        metrics,
                        System::nanoTime),
                "router");
        spawn(
                context,
                IndexReplica.create(
                        index,
                        router,
                        roster,
                        settings.workerSilence(),
                        settings.leases().workerGrace(),
                        metrics),
                "index");
        return router;
    }

    /** One client per engine and node: it owns the connections. */
    private static Function<WorkerId, EngineClient> engineClients(ActorSystem<?> system, Settings settings) {
        Map<WorkerId, EngineClient> clients = new ConcurrentHashMap<>();
        return worker -> clients.computeIfAbsent(worker, engine -> engineClient(system, settings, engine));
    }

    private static EngineClient engineClient(ActorSystem<?> system, Settings settings, WorkerId engine) {
        LlamaCppSettings llamaServer = settings.llamaServers().get(engine);
        return llamaServer == null
                ? new OpenAiEngineClient(
                        Adapter.toClassic(system),
                        engine,
                        settings.openAiServers().getOrDefault(engine, settings.engines()))
                : new LlamaCppEngineClient(Adapter.toClassic(system), engine, llamaServer);
    }

    private static <T> ActorRef<T> spawn(ActorContext<Void> context, Behavior<T> behavior, String name) {
        ActorRef<T> child = context.spawn(behavior, name);
        context.watch(child);
        return child;
    }
}
