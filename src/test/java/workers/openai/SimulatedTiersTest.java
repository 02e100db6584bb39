package workers.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.stream.javadsl.Sink;
import inference.AgentHints;
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
import inference.Usage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import kv.EngineHash;
import kv.Epoch;
import kv.Hold;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import kv.RetentionClass;
import kv.SequenceHash;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import testkit.SimMemory;
import workers.EngineClient;
import workers.Seat;
import workers.events.EngineEvent;
import workers.sim.SimTiers;
import workers.simserver.SimServer;
import workers.simserver.SimServerSettings;
import workers.status.ColderTiers;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;

/** Simulated engines with tiers and with each other, over HTTP and ZeroMQ. */
@Timeout(60)
class SimulatedTiersTest {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.create();

    private static final int BLOCK = 16;
    private static final int DEVICE_BLOCKS = 256;
    private static final Sampling ONE =
            new Sampling(1, null, null, null, null, null, null, null, List.of(), null, null, Sampling.UNBIASED);
    private static final String KEPT = "kept " + "a".repeat(50 * BLOCK);

    private final List<SimServer> servers = new ArrayList<>();

    @AfterEach
    void stop() {
        servers.forEach(SimServer::close);
    }

    @Test
    void saysWhatItCanDo() throws Exception {
        SimServer server = start(SimMemory.tiers(300, 0), 7);
        EngineCapabilities able = get(client(server).probe()).facts().capabilities();
        assertEquals(new EngineCapabilities(true, null, 0, new ColderTiers(300, 0, true, true, true)), able);

        SimServer plain = start(SimMemory.deviceOnly(), 8);
        ColderTiers tiers = get(client(plain).probe()).facts().capabilities().tiers();
        assertEquals(new ColderTiers(0, 0, false, false, true), tiers);
    }

    @Test
    void whatAFloodEvictsIsLoadedFromTheHostAndCountsAsCached() throws Exception {
        SimServer server = start(SimMemory.tiers(2000, 0), 7);
        int input = usage(answer(server, KEPT, null)).inputTokens();
        flood(server);
        InferenceEvent.Finished again = answer(server, KEPT, null);
        assertEquals((input - 1) / BLOCK * BLOCK, usage(again).cachedTokens());
        assertTrue(EngineBlocks.events(server).stream()
                .anyMatch(event -> event instanceof EngineEvent.Stored stored && stored.tier() == KvTier.HOST));
    }

    @Test
    void aHoldInTheHostKeepsAPrefixThereThroughAFloodOfBothTiers() throws Exception {
        SimServer server = start(SimMemory.tiers(200, 0), 7);
        OpenAiEngineClient client = client(server);
        int input = usage(answer(server, KEPT, null)).inputTokens();
        List<EngineHash> blocks = EngineBlocks.computed(server).subList(0, input / BLOCK);

        assertEquals(new Receipt.Accepted(), get(client.hold(hold(KvTier.HOST), blocks)));
        flood(server);
        assertEquals(new Receipt.Accepted(), get(client.prefetch(blocks)));
        assertEquals(
                (input - 1) / BLOCK * BLOCK, usage(answer(server, KEPT, null)).cachedTokens());

        get(client.release(new LeaseId(0, 1)));
        flood(server);
        assertEquals(0, usage(answer(server, KEPT, null)).cachedTokens(), "without the hold it is gone");
    }

    @Test
    void aRequestTakesOverWhatAnotherEngineHas() throws Exception {
        SimServer source = start(SimMemory.deviceOnly(), 7);
        SimServer target = start(SimMemory.deviceOnly(), 8);
        int input = usage(answer(source, KEPT, null)).inputTokens();

        InferenceEvent.Finished pulled = answer(target, KEPT, new WorkerId(source.url()));

        assertEquals((input - 1) / BLOCK * BLOCK, usage(pulled).cachedTokens());
        assertEquals(input / BLOCK, EngineBlocks.computed(target).size(), "all of it is told of");
        assertEquals(
                0,
                usage(answer(target, "other " + KEPT, new WorkerId(source.url())))
                        .cachedTokens());
    }

    @Test
    void whatIsWarmedIsTakenOverFromAnotherEngine() throws Exception {
        SimServer source = start(SimMemory.deviceOnly(), 7);
        SimServer target = start(SimMemory.deviceOnly(), 8);
        InferenceRequest turn = request(KEPT);
        answer(source, KEPT, null);
        InferenceRequest next = turn.followedBy(Message.text(Role.ASSISTANT, "."));

        EngineClient.Warmed warmed = get(client(target).warm(next, Seat.ANY, new WorkerId(source.url())));

        assertEquals(new Receipt.Accepted(), warmed.receipt());
        assertTrue(warmed.computedTokens() < 10 * BLOCK, warmed::toString);
        assertTrue(usage(answer(target, KEPT, null)).cachedTokens() >= 50 * BLOCK);
    }

    @Test
    void aSourceThatDiesMeanwhileCostsAPrefillAndNoError() throws Exception {
        // 128 KiB a token at 100 times 10 KB/s: the transfer would take minutes.
        SimServer source = start(new SimTiers(0, 0, true, 131_072, 14e9, 7e9, 1e4), 7);
        SimServer target = start(SimMemory.deviceOnly(), 8);
        int input = usage(answer(source, KEPT, null)).inputTokens();
        WorkerId from = new WorkerId(source.url());
        SimServer slow = start(new SimTiers(0, 0, true, 131_072, 14e9, 7e9, 1e4), 9);

        CompletableFuture<InferenceEvent.Finished> waiting =
                asked(slow, KEPT, from).toCompletableFuture();
        while (get(client(slow).probe()).waitingRequests() == 0) {
            Thread.onSpinWait();
        }
        source.close();

        InferenceEvent.Finished finished = get(waiting);
        assertEquals(input, usage(finished).inputTokens());
        assertEquals(0, usage(finished).cachedTokens());
        assertEquals(0, usage(answer(target, KEPT, from)).cachedTokens(), "nor does one that is dead already");
    }

    private SimServer start(SimTiers tiers, long seed) throws IOException {
        SimServer server = SimServer.start(new SimServerSettings(
                "127.0.0.1", 0, 0, 0, "sim-echo", BLOCK, DEVICE_BLOCKS, 8, 512, 1 << 20, "100", tiers, true, seed));
        servers.add(server);
        return server;
    }

    /** Fills the device several times over with prompts that share no block with ours. */
    private static void flood(SimServer server) throws Exception {
        for (int i = 0; i < 10; i++) {
            answer(server, i + " ".repeat(100 * BLOCK), null);
        }
    }

    private static InferenceEvent.Finished answer(SimServer server, String text, @Nullable WorkerId from)
            throws Exception {
        return get(asked(server, text, from));
    }

    private static CompletionStage<InferenceEvent.Finished> asked(
            SimServer server, String text, @Nullable WorkerId from) {
        return client(server)
                .generate(request(text), Seat.ANY, from)
                .runWith(Sink.last(), kit.kit().system())
                .thenApply(InferenceEvent.Finished.class::cast);
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
                ONE,
                null,
                AgentHints.NONE,
                List.of());
    }

    private static Usage usage(InferenceEvent.Finished finished) {
        return finished.usage();
    }

    private static OpenAiEngineClient client(SimServer server) {
        OpenAiSettings settings = new OpenAiSettings(
                Duration.ofSeconds(5),
                Duration.ofSeconds(2),
                Duration.ofSeconds(30),
                Duration.ofSeconds(20),
                EnginePriority.OFF,
                ResumedAnswers.OFF,
                false,
                new EngineFacts(List.of(), 1, 1, 8192, 256, 1, EngineCapabilities.NONE));
        return new OpenAiEngineClient(kit.kit().system().classicSystem(), new WorkerId(server.url()), settings);
    }

    private static Hold hold(KvTier tier) {
        return new Hold(
                new LeaseId(0, 1),
                new Epoch(1),
                new Prefix(1, new SequenceHash(1)),
                RetentionClass.HISTORY,
                tier,
                50,
                1,
                Duration.ofMinutes(5));
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
