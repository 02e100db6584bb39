package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.Adapter;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.stream.javadsl.Sink;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import inference.AgentHints;
import inference.ByteTokenizer;
import inference.ChatMlTemplate;
import inference.InferenceEvent;
import inference.InferenceRequest;
import inference.Message;
import inference.Role;
import inference.Sampling;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.ToolChoice;
import inference.TurnId;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import kv.BlockHasher;
import kv.Epoch;
import kv.HashSalt;
import kv.Hold;
import kv.Incarnation;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.PromptBlocks;
import kv.Receipt;
import kv.RetentionClass;
import kv.RunPrefixIndex;
import kv.WorkerId;
import metrics.Metrics;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import router.IndexReplica;
import router.Router;
import router.WorkerRoster;
import router.placement.KeptPrefix;
import router.placement.Placement;
import router.placement.Placer;
import router.placement.RouteRequest;
import testkit.MemoryConversations;
import testkit.SimMemory;
import workers.EngineEndpoint;
import workers.RetentionNews;
import workers.Seat;
import workers.Worker;
import workers.WorkerPorts;
import workers.WorkerStatus;
import workers.Workers;
import workers.ZmqEventSource;
import workers.openai.OpenAiEngineClient;
import workers.simserver.SimServer;
import workers.simserver.SimServerSettings;
import workers.status.AnswerExtras;
import workers.status.WorkerState;

/**
 * An engine whose worker lives on one node and a router on another: events travel from the engine's cache over ZeroMQ, the
 * worker and the cluster's wire into the router's index.
 */
@Timeout(120)
class WorkerAcrossNodesTest {
    private static final int BLOCK = 16;
    private static final Config APPLICATION =
            ConfigFactory.parseResources("application.conf").resolve();
    private static final Config CONFIG = ConfigFactory.parseString(
                    """
                    akka {
                      loglevel = WARNING
                      remote.artery.canonical { hostname = 127.0.0.1, port = 0 }
                      cluster { gossip-interval = 200ms, leader-actions-interval = 200ms, periodic-tasks-initial-delay = 50ms }
                      cluster.distributed-data.gossip-interval = 200ms
                      cluster.typed.receptionist.distributed-data.gossip-interval = 200ms
                      coordinated-shutdown { exit-jvm = off, run-by-actor-system-terminate = off }
                      actor.testkit.typed.single-expect-default = 20s
                    }
                    """)
            .withFallback(ConfigFactory.parseResources("cluster.conf"))
            .withFallback(ConfigFactory.parseResources("serialization.conf"))
            .withFallback(ConfigFactory.defaultReference())
            .resolve();

    private static ActorTestKit workerNode;
    private static ActorTestKit routerNode;
    private static SimServer engine;
    private static WorkerId id;
    private static OpenAiEngineClient client;
    private static EntityRef<Worker.Command> worker;
    private static ActorRef<Router.Command> router;
    private static final RunPrefixIndex INDEX = new RunPrefixIndex();

    @BeforeAll
    static void start() throws Exception {
        // Only this node takes part in the workers' sharding, so the worker lives here.
        Config role = ConfigFactory.parseString("akka.cluster { roles = [workers], sharding.role = workers }");
        workerNode = ActorTestKit.create("WorkerAcrossNodes", role.withFallback(CONFIG));
        routerNode = ActorTestKit.create("WorkerAcrossNodes", CONFIG);
        Cluster first = Cluster.get(workerNode.system());
        first.manager().tell(Join.create(first.selfMember().address()));
        Cluster.get(routerNode.system())
                .manager()
                .tell(Join.create(first.selfMember().address()));

        engine = SimServer.start(simulated(0, 0, 0, 7));
        id = new WorkerId(engine.url());
        Settings settings = settings();
        client = new OpenAiEngineClient(Adapter.toClassic(workerNode.system()), id, settings.engines());
        Random random = new Random(1);
        Workers workers = Workers.start(
                workerNode.system(),
                settings.workers(),
                new WorkerPorts(
                        worker -> client,
                        ZmqEventSource::open,
                        new MemoryConversations(),
                        request -> CompletableFuture.completedStage(PromptBlocks.empty(2)),
                        () -> new Incarnation(random.nextLong(), random.nextLong()),
                        new Metrics(),
                        System::nanoTime));
        worker = workers.ref(id);
        router = routerNode.spawn(Router.create(
                new Placer(INDEX, settings.placement()),
                settings.placement().queue().maxWait(),
                new Metrics(),
                System::nanoTime));
        routerNode.spawn(IndexReplica.create(
                INDEX, router, new WorkerRoster(), settings.workerSilence(), settings.workerSilence(), new Metrics()));
    }

    @AfterAll
    static void stop() {
        routerNode.shutdownTestKit();
        workerNode.shutdownTestKit();
        engine.close();
    }

    @Test
    void theRouterLearnsWhatTheEngineHoldsAndForgetsItWhenTheEngineRestarts() throws Exception {
        String text = "words that fill some blocks of the cache, again and again. ".repeat(20);
        Placement cold = Eventually.get(() -> placed(text));
        assertEquals(id, cold.worker());
        assertEquals(0, cold.expectedCachedTokens());

        answer(text);
        Placement warm = Eventually.get(() -> {
            Placement placement = placed(text);
            assertEquals(blocks(text).tokens(), placement.expectedCachedTokens());
            return placement;
        });
        assertEquals(cold.incarnation(), warm.incarnation());
        InferenceEvent.Finished again = answer(text);
        assertTrue(again.usage().cachedTokens() >= warm.expectedCachedTokens() - BLOCK, "the engine keeps the promise");

        restartEngine();
        Placement restarted = Eventually.get(() -> {
            Placement placement = placed(text);
            assertNotEquals(cold.incarnation(), placement.incarnation());
            assertEquals(0, placement.expectedCachedTokens());
            return placement;
        });
        assertEquals(0, INDEX.distinctBlocks());
        answer(text);
        Eventually.get(() -> {
            Placement placement = placed(text);
            assertEquals(restarted.incarnation(), placement.incarnation());
            assertEquals(blocks(text).tokens(), placement.expectedCachedTokens());
            return placement;
        });
        assertEquals(WorkerState.READY, status().state());
    }

    @Test
    void aKeeperOnAnotherNodeHoldsAPrefixThroughAFlood() throws Exception {
        String text = "words that a session comes back to after its tool has run. ".repeat(20);
        PromptBlocks prompt = blocks(text);
        LeaseId lease = new LeaseId(1, 2);
        AtomicLong orders = new AtomicLong();
        TestProbe<RetentionNews> keeper = routerNode.createTestProbe();
        answer(text);
        Eventually.get(() -> {
            Hold hold = new Hold(
                    lease,
                    new Epoch(1),
                    new Prefix(prompt.size(), prompt.tail()),
                    RetentionClass.HISTORY,
                    KvTier.DEVICE,
                    50,
                    1,
                    Duration.ofMinutes(5));
            Incarnation incarnation = Objects.requireNonNull(status().incarnation());
            worker.tell(new Worker.HoldPrefix(hold, incarnation, orders.incrementAndGet(), keeper.getRef()));
            Receipt receipt =
                    keeper.expectMessageClass(RetentionNews.HoldAnswered.class).receipt();
            assertEquals(new Receipt.Accepted(), receipt, "once the worker has heard of the blocks");
            return receipt;
        });

        for (int i = 0; i < 10; i++) {
            answer(i + " ".repeat(100 * BLOCK)); // twice the cache
        }

        assertEquals(prompt.size(), status().load().deviceBlocksHeld());
        assertTrue(answer(text).usage().cachedTokens() >= (prompt.size() - 1) * BLOCK);
        worker.tell(new Worker.ReleaseHold(lease, new Epoch(1), orders.incrementAndGet()));
        Eventually.get(() -> {
            assertEquals(List.of(), status().holds());
            return true;
        });
    }

    private static void restartEngine() throws Exception {
        int port = URI.create(engine.url()).getPort();
        int events = URI.create(engine.eventsUrl()).getPort();
        int replay = URI.create(engine.replayUrl()).getPort();
        engine.close();
        engine = Eventually.get(() -> SimServer.start(simulated(port, events, replay, 8)));
    }

    private static WorkerStatus status() {
        TestProbe<WorkerStatus> answers = workerNode.createTestProbe();
        worker.tell(new Worker.GetStatus(answers.getRef()));
        return answers.receiveMessage();
    }

    private static Placement placed(String text) {
        TestProbe<Router.RouteReply> replies = routerNode.createTestProbe();
        TurnId turn = new TurnId("turn");
        RouteRequest request = new RouteRequest(
                turn,
                "sim-echo",
                1,
                blocks(text),
                tokens(text).length,
                10,
                0,
                0,
                null,
                0,
                KeptPrefix.NOTHING,
                AnswerExtras.NONE,
                RouteRequest.NOBODY);
        router.tell(new Router.Route(request, replies.getRef(), replies.getRef()));
        Router.RouteReply reply = replies.receiveMessage();
        router.tell(new Router.Release(turn, false));
        return assertPlaced(reply);
    }

    private static Placement assertPlaced(Router.RouteReply reply) {
        assertNull(reply instanceof Router.NotPlaced refused ? refused.message() : null);
        return ((Router.Placed) reply).placement();
    }

    private static InferenceEvent.Finished answer(String text) throws Exception {
        List<InferenceEvent> events = client.generate(request(text), Seat.ANY)
                .runWith(Sink.seq(), workerNode.system())
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
        return (InferenceEvent.Finished) events.get(events.size() - 1);
    }

    private static InferenceRequest request(String text) {
        return new InferenceRequest(
                new TurnId("turn"),
                "sim-echo",
                new SessionContext(TenantId.DEFAULT, new SessionId("s"), null, false),
                List.of(),
                ToolChoice.AUTO,
                true,
                List.of(Message.text(Role.USER, text)),
                new Sampling(1, null, null, null, null, null, null, null, List.of(), null, null, Sampling.UNBIASED),
                null,
                AgentHints.NONE,
                List.of());
    }

    private static int[] tokens(String text) {
        ChatMlTemplate template = new ChatMlTemplate(new ByteTokenizer());
        int[] message = template.message(Message.text(Role.USER, text));
        int[] opening = template.replyOpening();
        int[] all = Arrays.copyOf(message, message.length + opening.length);
        System.arraycopy(opening, 0, all, message.length, opening.length);
        return all;
    }

    private static PromptBlocks blocks(String text) {
        return new BlockHasher(BLOCK, HashSalt.NONE).hash(tokens(text));
    }

    private static SimServerSettings simulated(int port, int events, int replay, long seed) {
        return new SimServerSettings(
                "127.0.0.1",
                port,
                events,
                replay,
                "sim-echo",
                BLOCK,
                512,
                8,
                2048,
                1 << 20,
                "100",
                SimMemory.deviceOnly(),
                true,
                seed);
    }

    private static Settings settings() {
        EngineEndpoint endpoint = new EngineEndpoint(id, engine.eventsUrl(), engine.replayUrl(), 1);
        Config engines = ConfigFactory.parseString(
                """
                holdfast.workers {
                  heartbeat-interval = 200ms
                  engines = [{ url = "%s", events = "%s", replay = "%s" }]
                }
                """
                        .formatted(endpoint.worker(), endpoint.events(), endpoint.replay()));
        return Settings.of(engines.withFallback(APPLICATION));
    }
}
