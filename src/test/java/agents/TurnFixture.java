package agents;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Conversation;
import agents.session.FrontierMatch;
import agents.session.PromptCache;
import agents.session.PromptRenderer;
import agents.session.SessionState;
import agents.session.TurnOutcome;
import agents.session.TurnRecord;
import akka.NotUsed;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.AskPattern;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.stream.OverflowStrategy;
import akka.stream.javadsl.Source;
import akka.stream.javadsl.SourceQueueWithComplete;
import akka.stream.testkit.TestPublisher;
import akka.stream.testkit.TestSubscriber;
import akka.stream.testkit.javadsl.TestSink;
import akka.stream.testkit.javadsl.TestSource;
import inference.Draw;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceEvent.Failed;
import inference.InferenceEvent.Finished;
import inference.InferenceFailure.Kind;
import inference.InferenceRequest;
import inference.Message;
import inference.PlacementReason;
import inference.PromptLength;
import inference.TurnClient;
import inference.Usage;
import inference.pieces.PieceTokens;
import inference.pieces.PiecedPrompt;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Collectors;
import kv.Incarnation;
import kv.StoredCopy;
import kv.WorkerId;
import metrics.Metrics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import router.LeaseKeeper;
import router.Router;
import router.placement.Placement;
import router.placement.RouteRequest;
import router.retention.Lease;
import testkit.MemoryConversations;
import workers.AdmitReply;
import workers.EngineClient;
import workers.Seat;
import workers.Worker;

/** One turn among a real session, and a router, workers, engines and a lease keeper that the test plays. */
abstract class TurnFixture {
    static final WorkerId FIRST = new WorkerId("http://127.0.0.1:9001");
    static final WorkerId SECOND = new WorkerId("http://127.0.0.1:9002");
    static final AgentSettings.Turn SETTINGS = new AgentSettings.Turn(
            Duration.ofSeconds(10),
            Duration.ofSeconds(2),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            Duration.ofSeconds(2),
            Duration.ofMinutes(5),
            Duration.ofMinutes(1),
            3,
            512);
    static final Usage USAGE = new Usage(100, 40, 7, 0);
    static final Finished DONE = new Finished(FinishReason.STOP, null, USAGE);
    static final InferenceRequest REQUEST = Conversation.request("turn-1", "s:Be brief.", "u:hello");
    /** As where engines have no tokenizer. */
    private static final PieceTokens NOBODY = new PieceTokens() {
        @Override
        public boolean mayTell(String model) {
            return false;
        }

        @Override
        public CompletionStage<Optional<List<int[]>>> tell(PiecedPrompt prompt, int from) {
            throw new UnsupportedOperationException();
        }
    };

    static int sessions;

    static ActorTestKit kit;
    static ManualTime time;

    final AtomicLong nanos = new AtomicLong();
    PromptRenderer renderer = Conversation.renderer(new PromptCache(10_000));
    Executor rendering = Runnable::run;
    PieceTokens told = NOBODY;
    /** Counted down when a turn's client is told that its prompt is made. */
    final CountDownLatch prompted = new CountDownLatch(1);

    Duration tellTime = Duration.ofMinutes(1);
    final Metrics metrics = new Metrics();
    final MemoryConversations conversations = new MemoryConversations();
    final Map<WorkerId, TestProbe<Worker.Command>> workers = new HashMap<>();
    final Map<WorkerId, TestPublisher.Probe<InferenceEvent>> engines = new HashMap<>();
    final AtomicReference<@Nullable Message> resumed = new AtomicReference<>();
    final Map<WorkerId, Seat> seats = new ConcurrentHashMap<>();
    TestProbe<Router.Command> router;
    ActorRef<AgentSession.Command> session;
    TestProbe<AgentSession.Command> sessionProbe;
    ActorRef<LeaseKeeper.Command> keeper;
    List<Lease> leases = List.of();

    @BeforeAll
    static void start() {
        kit = ActorTestKit.create("TurnTest", AgentSessionFixture.CONFIG);
        time = ManualTime.get(kit.system());
    }

    @AfterAll
    static void stop() {
        kit.shutdownTestKit();
    }

    @BeforeEach
    void create() {
        router = kit.createTestProbe();
        sessionProbe = kit.createTestProbe();
        keeper = kit.spawn(Behaviors.receiveMessage(message -> {
            if (message instanceof LeaseKeeper.Resume resume) {
                resume.replyTo().tell(new LeaseKeeper.Resumed(leases, true));
            }
            return Behaviors.same();
        }));
        workers.put(FIRST, kit.createTestProbe());
        workers.put(SECOND, kit.createTestProbe());
        sessions++;
        session = kit.spawn(AgentSession.create(
                "session-" + sessions,
                kit.<ClusterSharding.ShardCommand>createTestProbe().getRef(),
                AgentSessionFixture.SETTINGS,
                new SessionPorts(
                        id -> sessionProbe.getRef(),
                        (tenant, root) -> keeper,
                        AgentSessionFixture.LEASES,
                        InstantSource.fixed(Conversation.START))));
    }

    TestProbe<Worker.Command> workerAt(WorkerId worker) {
        return Objects.requireNonNull(workers.get(worker));
    }

    /** The same, which goes on with answers that others began. */
    EngineClient resumingEngine(WorkerId worker) {
        EngineClient plain = engine(worker);
        return new EngineClient() {
            @Override
            public Source<InferenceEvent, NotUsed> generate(InferenceRequest request, Seat seat) {
                return plain.generate(request, seat);
            }

            @Override
            public boolean resumes(InferenceRequest request, Message begun) {
                return true;
            }

            @Override
            public Source<InferenceEvent, NotUsed> resume(InferenceRequest request, Message begun, Seat seat) {
                resumed.set(begun);
                return plain.generate(request, seat);
            }

            @Override
            public CompletionStage<Probe> probe() {
                return plain.probe();
            }
        };
    }

    /** An engine whose stream the test writes. */
    EngineClient engine(WorkerId worker) {
        return engine(worker, "one kind");
    }

    /** @param generator of its random numbers */
    EngineClient engine(WorkerId worker, String generator) {
        return new EngineClient() {
            @Override
            public Optional<Draw> draw(InferenceRequest request) {
                return Draw.of(request.sampling(), generator);
            }

            @Override
            public Source<InferenceEvent, NotUsed> generate(InferenceRequest request, Seat seat) {
                return TestSource.<InferenceEvent>create(kit.system()).mapMaterializedValue(probe -> {
                    seats.put(worker, seat);
                    engines.put(worker, probe);
                    return NotUsed.getInstance();
                });
            }

            @Override
            public CompletionStage<Probe> probe() {
                return CompletableFuture.failedFuture(new UnsupportedOperationException());
            }
        };
    }

    TestSubscriber.Probe<InferenceEvent> run(InferenceRequest request) {
        return run(request, session, this::engine);
    }

    TestSubscriber.Probe<InferenceEvent> run(
            InferenceRequest request,
            ActorRef<AgentSession.Command> sessionActor,
            Function<WorkerId, EngineClient> engineClients) {
        TurnPorts ports = ports(sessionActor, engineClients);
        TurnService service = new TurnService(kit.spawn(Turns.create(ports)), ports);
        TestSubscriber.Probe<InferenceEvent> client = Source.<InferenceEvent>queue(
                        1, OverflowStrategy.backpressure(), 2)
                .mapMaterializedValue(events -> {
                    service.run(request, client(events));
                    return NotUsed.getInstance();
                })
                .runWith(TestSink.create(kit.system()), kit.system());
        client.ensureSubscription();
        return client;
    }

    TurnPorts ports(ActorRef<AgentSession.Command> sessionActor, Function<WorkerId, EngineClient> engineClients) {
        return new TurnPorts(
                key -> sessionActor,
                router.getRef(),
                worker -> workerAt(worker).getRef(),
                engineClients,
                new Prompts(renderer, rendering, told, tellTime, metrics),
                conversations,
                (tenant, root) -> keeper,
                metrics,
                InstantSource.fixed(Conversation.START),
                nanos::get,
                SETTINGS);
    }

    private TurnClient client(SourceQueueWithComplete<InferenceEvent> events) {
        return new TurnClient() {
            @Override
            public void prompted(PromptLength prompt) {
                prompted.countDown();
            }

            @Override
            public void offer(InferenceEvent event, Runnable taken) {
                var unused = events.offer(event).thenRun(taken);
            }

            @Override
            public void end(InferenceEvent last) {
                var unused = events.offer(last).thenRun(events::complete);
            }

            @Override
            public void whenLeft(Runnable action) {
                var unused = events.watchCompletion().thenRun(action);
            }
        };
    }

    RouteRequest placeOn(WorkerId worker) {
        return placeOn(worker, null);
    }

    RouteRequest placeOn(WorkerId worker, @Nullable StoredCopy source) {
        Router.Route route = router.expectMessageClass(Router.Route.class);
        route.replyTo()
                .tell(new Router.Placed(
                        new Placement(worker, new Incarnation(1, 2), 0, source, null, PlacementReason.BUSY, 0)));
        return route.request();
    }

    /** Which of the workers must not be chosen. */
    Set<WorkerId> excluded(RouteRequest request) {
        return workers.keySet().stream().filter(request.excluded()).collect(Collectors.toSet());
    }

    void admit(WorkerId worker) {
        admit(worker, new AdmitReply.Placed(Seat.ANY, 0));
    }

    void admit(WorkerId worker, AdmitReply.Placed place) {
        workerAt(worker)
                .expectMessageClass(Worker.AdmitTurn.class)
                .replyTo()
                .tell(new AdmitReply.Admitted(new Incarnation(1, 2), Duration.ofSeconds(30), place));
    }

    TestPublisher.Probe<InferenceEvent> engineOf(WorkerId worker) {
        return router.awaitAssert(() -> {
            TestPublisher.Probe<InferenceEvent> probe = engines.get(worker);
            assertTrue(probe != null, "the engine was asked");
            return probe;
        });
    }

    TestPublisher.Probe<InferenceEvent> streaming(WorkerId worker) {
        placeOn(worker);
        admit(worker);
        return engineOf(worker);
    }

    SessionState state() {
        AgentSession.SessionReply reply = AskPattern.<AgentSession.Command, AgentSession.SessionReply>ask(
                        session, AgentSession.GetSession::new, Duration.ofDays(1), kit.scheduler())
                .toCompletableFuture()
                .join();
        return assertInstanceOf(AgentSession.SessionFound.class, reply).state();
    }

    TurnRecord recorded() {
        return router.awaitAssert(() -> {
            SessionState state = state();
            assertEquals(1, state.totalTurns());
            return state.turns().get(0);
        });
    }

    double counted(TurnOutcome outcome) {
        String line = "holdfast_turns_total{outcome=\"" + outcome.label() + "\"} ";
        return metrics.scrape()
                .lines()
                .filter(text -> text.startsWith(line))
                .mapToDouble(text -> Double.parseDouble(text.substring(line.length())))
                .sum();
    }

    /** Waits for the turn to be counted, once, under an outcome: the last thing it does before it delivers. */
    void ends(TurnOutcome outcome) {
        router.awaitAssert(() -> {
            assertEquals(1, counted(outcome));
            return outcome;
        });
    }

    void fails(TestSubscriber.Probe<InferenceEvent> client, Kind kind) {
        client.request(1);
        Failed failed = assertInstanceOf(Failed.class, client.expectNext());
        assertEquals(kind, failed.failure().kind());
        client.expectComplete();
    }

    void passes(Duration duration) {
        nanos.addAndGet(duration.toNanos());
        time.timePasses(duration);
    }

    void begun() {
        sessionProbe
                .expectMessageClass(AgentSession.BeginTurn.class)
                .replyTo()
                .tell(new AgentSession.TurnBegun(
                        FrontierMatch.Kind.OPENS, -1, 0, null, REQUEST.session().id()));
    }
}
