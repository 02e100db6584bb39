package workers.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.stream.javadsl.Sink;
import akka.stream.javadsl.SinkQueueWithCancel;
import inference.AgentHints;
import inference.ContentBlock;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceRequest;
import inference.Message;
import inference.ReplyBuilder;
import inference.Retelling;
import inference.Role;
import inference.Sampling;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.TokenLogprob;
import inference.ToolChoice;
import inference.ToolDefinition;
import inference.TurnId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import testkit.ActorTestKitExtension;
import testkit.SimMemory;
import workers.EngineClient;
import workers.Seat;
import workers.simserver.SimServer;
import workers.simserver.SimServerSettings;
import workers.status.AnswerExtras;
import workers.status.ColderTiers;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;

/** The adapter that drives real engines against the simulated one, over the wire. */
@Timeout(60)
class SimulatedEngineTest {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.create();

    private static final int BLOCK = 16;
    private static final Sampling MANY =
            new Sampling(1_000, null, null, null, null, null, null, null, List.of(), null, null, Sampling.UNBIASED);

    private static final Sampling ONE =
            new Sampling(1, null, null, null, null, null, null, null, List.of(), null, null, Sampling.UNBIASED);
    private static final LeaseId LEASE = new LeaseId(0, 1);
    private static final EngineCapabilities HOLDS =
            new EngineCapabilities(true, null, 0, new ColderTiers(0, 0, false, false, true));

    private SimServer server;
    private OpenAiEngineClient client;

    @BeforeEach
    void start() throws IOException {
        server = SimServer.start(new SimServerSettings(
                "127.0.0.1", 0, 0, 0, "sim-echo", BLOCK, 512, 8, 512, 1 << 20, "100", SimMemory.deviceOnly(), true, 7));
        OpenAiSettings settings = new OpenAiSettings(
                Duration.ofSeconds(5),
                Duration.ofSeconds(2),
                Duration.ofSeconds(30),
                Duration.ofSeconds(20),
                EnginePriority.LOWER_FIRST,
                ResumedAnswers.ALL,
                false,
                new EngineFacts(List.of(), 1, 1, 8192, 256, 1, EngineCapabilities.NONE));
        client = new OpenAiEngineClient(kit.kit().system().classicSystem(), new WorkerId(server.url()), settings);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void saysWhatItIs() throws Exception {
        EngineClient.Probe probe = get(client.probe());

        assertEquals(
                new EngineFacts(
                        List.of("sim-echo"), BLOCK, 512, 8192, 256, 512 * BLOCK, HOLDS, new AnswerExtras(20, false)),
                probe.facts());
        assertTrue(probe.lifeNumber() > 1_600_000_000_000L);
        assertEquals(0, probe.runningRequests());
    }

    @Test
    void answersWithReasoningTextAndCalls() throws Exception {
        List<InferenceEvent> events =
                answer(user("[sim][[{\"think\":\"hm\"},{\"text\":\"süß 😀\"},{\"call\":\"ls\",\"args\":{\"a\":1}},"
                        + "{\"call\":\"ls\",\"args\":{}}]][/sim]"));

        assertEquals("hm", joined(events, InferenceEvent.ThinkingDelta.class));
        assertEquals("süß 😀", joined(events, InferenceEvent.TextDelta.class));
        assertEquals(
                List.of("ls", "ls"),
                of(events, InferenceEvent.ToolCallStarted.class).stream()
                        .map(InferenceEvent.ToolCallStarted::name)
                        .toList());
        assertEquals("{\"a\":1}{}", joined(events, InferenceEvent.ToolCallDelta.class));
        assertEquals(FinishReason.TOOL_CALLS, finished(events).reason());
    }

    @Test
    void aConversationWithToolsFindsItsBlocksAgain() throws Exception {
        List<Message> messages = new ArrayList<>(user("[sim][[{\"think\":\"hm\"},{\"call\":\"ls\",\"args\":{\"a\":1}}],"
                + "{\"text\":\"it says {{tool}}\"}][/sim]"));
        InferenceEvent.Finished first = finished(answer(messages));
        messages.add(new Message(
                Role.ASSISTANT,
                List.of(new ContentBlock.Thinking("hm", null), new ContentBlock.ToolUse("c", "ls", "{\"a\":1}"))));
        messages.add(new Message(
                Role.TOOL, List.of(new ContentBlock.ToolResult("c", List.of(new ContentBlock.Text("a.txt")), false))));

        List<InferenceEvent> events = answer(messages);

        assertEquals("it says a.txt", joined(events, InferenceEvent.TextDelta.class));
        int computed = first.usage().inputTokens() + first.usage().outputTokens();
        assertEquals((computed - 1) / BLOCK * BLOCK, finished(events).usage().cachedTokens());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anAnswerBegunElsewhereGoesOnFromWhereverItStopped(boolean resumed) throws Exception {
        List<Message> messages = user("[sim][[{\"think\":\"hm\"},{\"text\":\"süß 😀 END x\"},"
                + "{\"call\":\"ls\",\"args\":{\"path\": \"/tmp\", \"n\": 1.0}},{\"call\":\"ls\",\"args\":{}}]][/sim]");
        for (List<String> stop : List.of(List.<String>of(), List.of("END"))) {
            Sampling sampling =
                    new Sampling(150, null, null, null, null, null, null, null, stop, null, 2, Sampling.UNBIASED);
            InferenceRequest request = request(messages, sampling, TenantId.DEFAULT);
            List<InferenceEvent> whole = answer(request);
            for (int heard = 1; heard < whole.size(); heard++) {
                ReplyBuilder reply = new ReplyBuilder();
                whole.subList(0, heard).forEach(reply::add);
                List<InferenceEvent> rest = resumed
                        ? get(client.resume(request, reply.unfinished(), Seat.ANY)
                                .runWith(Sink.seq(), kit.kit().system()))
                        : toldAgain(request, new Retelling(reply));
                rest.forEach(reply::add);

                assertEquals(
                        reply(whole).unfinished().content().size(),
                        reply.unfinished().content().size());
                assertEquals(
                        reply(whole).message().content().toString().replaceAll("id=\\w+", ""),
                        reply.message().content().toString().replaceAll("id=\\w+", ""));
                assertEquals(reply(whole).logprobs(), reply.logprobs());
                assertEquals(finished(whole).reason(), finished(rest).reason());
                assertEquals(
                        finished(whole).usage().inputTokens(),
                        finished(rest).usage().inputTokens());
                assertEquals(
                        finished(whole).usage().outputTokens(),
                        finished(rest).usage().outputTokens());
                assertEquals(
                        finished(whole).usage().reasoningTokens(),
                        finished(rest).usage().reasoningTokens());
            }
        }
        Message other = Message.text(Role.ASSISTANT, "something else");
        assertEquals(
                InferenceFailure.Kind.INVALID_REQUEST,
                failure(get(client.resume(request(messages, MANY, TenantId.DEFAULT), other, Seat.ANY)
                        .runWith(Sink.seq(), kit.kit().system()))));
    }

    /** What of the whole answer is new. */
    private List<InferenceEvent> toldAgain(InferenceRequest request, Retelling retelling) throws Exception {
        List<InferenceEvent> fresh = new ArrayList<>();
        for (InferenceEvent event : answer(request)) {
            Retelling.Told told = retelling.next(event);
            if (told instanceof Retelling.Told.New one) {
                fresh.add(one.event());
            } else {
                assertEquals(new Retelling.Told.Known(), told);
            }
        }
        return fresh;
    }

    @Test
    void logProbabilitiesSpellTheTextAndTheTokenSaidIsTheLikeliest() throws Exception {
        Sampling sampling =
                new Sampling(null, null, null, null, null, null, null, null, List.of(), null, 20, Sampling.UNBIASED);
        ReplyBuilder reply = reply(answer(
                request(user("[sim][[{\"think\":\"hm\"},{\"text\":\"süß 😀\"}]][/sim]"), sampling, TenantId.DEFAULT)));

        ByteArrayOutputStream spelled = new ByteArrayOutputStream();
        for (TokenLogprob token : reply.logprobs()) {
            token.chosen().bytes().forEach(spelled::write);
            assertEquals(token.chosen(), token.likeliest().get(0));
            assertEquals(20, Set.copyOf(token.likeliest()).size());
            double total = 0;
            double before = 0;
            for (TokenLogprob.Alternative one : token.likeliest()) {
                assertTrue(one.logprob() <= before, token::toString);
                before = one.logprob();
                total += Math.exp(before);
            }
            assertTrue(total <= 1.000001 && total > 0.99, "probabilities add up: " + total);
        }
        assertEquals("süß 😀", spelled.toString(StandardCharsets.UTF_8));
    }

    private static ReplyBuilder reply(List<InferenceEvent> events) {
        ReplyBuilder reply = new ReplyBuilder();
        events.forEach(reply::add);
        return reply;
    }

    @Test
    void samplingIsObeyed() throws Exception {
        Sampling exact =
                new Sampling(50, 50, null, null, null, null, null, null, List.of(), null, null, Sampling.UNBIASED);
        InferenceEvent.Finished finished = finished(answer(request(user("hi"), exact, TenantId.DEFAULT)));
        assertEquals(50, finished.usage().outputTokens());

        Sampling stopping = new Sampling(
                50, null, null, null, null, null, null, null, List.of(" two"), null, null, Sampling.UNBIASED);
        List<InferenceEvent> events = answer(request(user("one two three"), stopping, TenantId.DEFAULT));
        assertEquals("echo: one", joined(events, InferenceEvent.TextDelta.class));
        assertEquals(FinishReason.STOP_SEQUENCE, finished(events).reason());
        assertEquals(" two", finished(events).stopSequence());
    }

    @Test
    void tenantsShareNoCache() throws Exception {
        List<Message> words = user("the same words, long enough to fill a few blocks of the cache");

        assertEquals(0, cached(answer(request(words, MANY, new TenantId("a")))));
        assertEquals(0, cached(answer(request(words, MANY, new TenantId("b")))));
        assertTrue(cached(answer(request(words, MANY, new TenantId("a")))) > 0);
    }

    @Test
    void errorsBeforeTheStreamKeepTheirKind() throws Exception {
        assertEquals(InferenceFailure.Kind.CONTEXT_LENGTH_EXCEEDED, failure(answer(user("x".repeat(600 * BLOCK)))));
        assertEquals(
                InferenceFailure.Kind.OVERLOADED,
                failure(answer(user("[sim][[{\"error\":{\"kind\":\"overloaded\"}}]][/sim]"))));
        assertEquals(
                InferenceFailure.Kind.RATE_LIMITED,
                failure(answer(user("[sim][[{\"error\":{\"kind\":\"rate_limit\",\"retry_after\":2}}]][/sim]"))));
    }

    @Test
    void anErrorInsideTheStreamEndsIt() throws Exception {
        List<InferenceEvent> events = answer(
                user("[sim][[{\"text\":\"so far\"},{\"error\":{\"kind\":\"internal\",\"message\":\"boom\"}}]][/sim]"));

        assertTrue("so far".startsWith(joined(events, InferenceEvent.TextDelta.class)));
        assertEquals(InferenceFailure.Kind.ENGINE_FAILED, failure(events));
    }

    @Test
    void aHeldPrefixSurvivesAFloodThatEvictsEverythingElse() throws Exception {
        List<Message> kept = user("kept " + "a".repeat(50 * BLOCK));
        List<EngineHash> blocks = blocksOf(kept);
        assertEquals(new Receipt.Accepted(), get(client.hold(hold(Duration.ofMinutes(5)), blocks)));

        flood();
        assertTrue(cached(answer(kept)) >= (blocks.size() - 1) * BLOCK, "it is still there");

        get(client.release(LEASE));
        flood();
        assertEquals(0, cached(answer(kept)), "without the hold it is not");
    }

    @Test
    void theEngineEndsAHoldByItselfAndAllWhenTold() throws Exception {
        List<Message> kept = user("kept " + "a".repeat(50 * BLOCK));
        List<EngineHash> blocks = blocksOf(kept);
        get(client.hold(hold(Duration.ofMillis(1)), blocks));
        flood();
        assertEquals(0, cached(answer(kept)), "its time was over");

        assertEquals(new Receipt.Accepted(), get(client.hold(hold(Duration.ofMinutes(5)), blocks)));
        get(client.releaseAll());
        flood();
        assertEquals(0, cached(answer(kept)));
        assertEquals(
                new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT),
                get(client.hold(hold(Duration.ofMinutes(5)), List.of(new EngineHash(1)))));
    }

    @Test
    void aTouchedPrefixOutlivesOneThatWasComputedWithIt() throws Exception {
        List<Message> touched = user("touched " + "a".repeat(50 * BLOCK));
        List<Message> left = user("left " + "b".repeat(50 * BLOCK));
        answer(request(touched, ONE, TenantId.DEFAULT));
        answer(request(left, ONE, TenantId.DEFAULT));
        List<Message> ended = new ArrayList<>(touched);
        ended.add(Message.text(Role.ASSISTANT, "."));
        for (int i = 0; i < 6; i++) {
            answer(request(user(i + " ".repeat(90 * BLOCK)), ONE, new TenantId("other")));
            EngineClient.Warmed again = get(client.warm(request(ended, ONE, TenantId.DEFAULT), Seat.ANY));
            assertEquals(new Receipt.Accepted(), again.receipt());
            assertTrue(again.computedTokens() < 10 * BLOCK, "a touch computes next to nothing: " + again);
        }

        assertTrue(cached(answer(touched)) >= 50 * BLOCK);
        assertTrue(cached(answer(left)) < 15 * BLOCK, "of the other only what both begin with is left");
    }

    /** Fills the cache twice over with prompts of another tenant, which share no block with ours. */
    private void flood() throws Exception {
        for (int i = 0; i < 10; i++) {
            answer(request(user(i + " ".repeat(100 * BLOCK)), ONE, new TenantId("other")));
        }
    }

    /** Runs a prompt and reads from the engine's events what it calls the prompt's blocks. */
    private List<EngineHash> blocksOf(List<Message> prompt) throws Exception {
        InferenceEvent.Finished finished = finished(answer(request(prompt, ONE, TenantId.DEFAULT)));
        return EngineBlocks.computed(server).subList(0, finished.usage().inputTokens() / BLOCK);
    }

    private static Hold hold(Duration remaining) {
        return new Hold(
                LEASE,
                new Epoch(1),
                new Prefix(1, new SequenceHash(1)),
                RetentionClass.HISTORY,
                KvTier.DEVICE,
                50,
                1,
                remaining);
    }

    @Test
    void cancellingFreesTheEngine() throws Exception {
        SinkQueueWithCancel<InferenceEvent> stream = slowStream();
        assertTrue(get(stream.pull()).isPresent());
        assertEquals(1, get(client.probe()).runningRequests());

        stream.cancel();

        awaitRunning(0);
    }

    @Test
    void anEngineThatDiesEndsItsStreamsWithAFailure() throws Exception {
        SinkQueueWithCancel<InferenceEvent> stream = slowStream();
        assertTrue(get(stream.pull()).isPresent());

        server.close();

        InferenceEvent last = get(stream.pull()).orElseThrow();
        while (!last.terminal()) {
            last = get(stream.pull()).orElseThrow();
        }
        assertEquals(InferenceFailure.Kind.ENGINE_FAILED, failure(List.of(last)));
        assertTrue(get(stream.pull()).isEmpty(), "nothing follows it");
    }

    private SinkQueueWithCancel<InferenceEvent> slowStream() {
        List<Message> slow = user("[sim][{\"text\":\"" + "slow ".repeat(200) + "\",\"pace_ms\":20}][/sim]");
        return client.generate(request(slow, MANY, TenantId.DEFAULT), Seat.ANY)
                .runWith(Sink.queue(), kit.kit().system());
    }

    private void awaitRunning(int requests) throws Exception {
        while (get(client.probe()).runningRequests() != requests) {
            Thread.onSpinWait();
        }
    }

    private List<InferenceEvent> answer(List<Message> messages) throws Exception {
        return answer(request(messages, MANY, TenantId.DEFAULT));
    }

    private List<InferenceEvent> answer(InferenceRequest request) throws Exception {
        return get(
                client.generate(request, Seat.ANY).runWith(Sink.seq(), kit.kit().system()));
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private static List<Message> user(String text) {
        return List.of(Message.text(Role.USER, text));
    }

    private static InferenceRequest request(List<Message> messages, Sampling sampling, TenantId tenant) {
        return new InferenceRequest(
                new TurnId("turn"),
                "sim-echo",
                new SessionContext(tenant, new SessionId("s"), null, false),
                List.of(new ToolDefinition("ls", "Lists", "{\"type\":\"object\"}", null)),
                ToolChoice.AUTO,
                true,
                messages,
                sampling,
                null,
                AgentHints.NONE,
                List.of());
    }

    private static <T> List<T> of(List<InferenceEvent> events, Class<T> type) {
        return events.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private static String joined(List<InferenceEvent> events, Class<? extends InferenceEvent> type) {
        StringBuilder all = new StringBuilder();
        for (InferenceEvent event : of(events, type)) {
            if (event instanceof InferenceEvent.TextDelta text) {
                all.append(text.text());
            } else if (event instanceof InferenceEvent.ThinkingDelta thinking) {
                all.append(thinking.text());
            } else if (event instanceof InferenceEvent.ToolCallDelta call) {
                all.append(call.arguments());
            }
        }
        return all.toString();
    }

    private static InferenceEvent.Finished finished(List<InferenceEvent> events) {
        return assertInstanceOf(InferenceEvent.Finished.class, events.get(events.size() - 1));
    }

    private static int cached(List<InferenceEvent> events) {
        return finished(events).usage().cachedTokens();
    }

    private static InferenceFailure.Kind failure(List<InferenceEvent> events) {
        return assertInstanceOf(InferenceEvent.Failed.class, events.get(events.size() - 1))
                .failure()
                .kind();
    }
}
