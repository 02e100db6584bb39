package workers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.PromptCache;
import agents.session.PromptRenderer;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.stream.javadsl.Sink;
import inference.AgentHints;
import inference.ByteTokenizer;
import inference.ChatMlTemplate;
import inference.ContentBlock;
import inference.ConversationRef;
import inference.InferenceEvent;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import inference.Role;
import inference.Sampling;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.ToolChoice;
import inference.ToolDefinition;
import inference.TurnId;
import inference.Usage;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import kv.Epoch;
import kv.Incarnation;
import kv.LeaseId;
import kv.LedgerId;
import kv.Prefix;
import kv.PromptBlocks;
import kv.Receipt;
import kv.SequenceHash;
import kv.StoredCopy;
import kv.WorkerId;
import metrics.Metrics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import testkit.ActorTestKitExtension;
import testkit.LlamaServer;
import testkit.MemoryConversations;
import workers.llamacpp.CopyStorage;
import workers.llamacpp.LlamaCppEngineClient;
import workers.llamacpp.LlamaCppSettings;
import workers.openai.EnginePriority;
import workers.openai.OpenAiSettings;
import workers.openai.ResumedAnswers;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerState;

/** Two workers on two real llama-servers: seats, copies and warming as their commands ask for them. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class SeatsIT {
    private static final int BLOCK = 16;
    private static final LedgerId LEDGER = new LedgerId(7);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.create();

    @TempDir
    static Path folder;

    private static final MemoryConversations conversations = new MemoryConversations();
    private static final PromptRenderer renderer =
            new PromptRenderer(BLOCK, model -> new ChatMlTemplate(new ByteTokenizer()), new PromptCache(1000));
    private static final AtomicInteger numbers = new AtomicInteger();
    private static Path copies;
    private static LlamaServer serverA;
    private static LlamaServer serverB;
    private static Engine a;
    private static Engine b;

    private final TestProbe<AdmitReply> admissions = kit.kit().createTestProbe();
    private final TestProbe<RetentionNews> keeper = kit.kit().createTestProbe();
    private long orders;

    /** A worker and the client of its engine. */
    private record Engine(ActorRef<Worker.Command> worker, EngineClient client, Incarnation incarnation) {}

    /** What a turn came to. */
    private record Result(AdmitReply.Placed place, Usage usage) {
        boolean reused(int percent) {
            return usage.cachedTokens() * 100L >= (long) usage.inputTokens() * percent;
        }
    }

    /** A session as its harness and the router's index see it. */
    private static final class Session {
        final List<Message> messages = new ArrayList<>();
        final LeaseId lease = new LeaseId(9, numbers.incrementAndGet());

        @Nullable
        Prefix cached;

        Session(String about) {
            messages.add(Message.text(
                    Role.SYSTEM, "You are patient. ".repeat(8) + ("We speak of " + about + ". ").repeat(90)));
            messages.add(Message.text(Role.USER, "Tell me more, please."));
        }

        InferenceRequest request() {
            return new InferenceRequest(
                    new TurnId("t" + numbers.incrementAndGet()),
                    "tiny",
                    new SessionContext(TenantId.DEFAULT, new SessionId("s"), null, false),
                    List.of(new ToolDefinition("bash", "Runs a command", "{\"type\":\"object\"}", null)),
                    ToolChoice.AUTO,
                    true,
                    messages,
                    new Sampling(24, null, 0.0, null, null, 1L, null, null, List.of(), null, null, Sampling.UNBIASED),
                    null,
                    AgentHints.NONE,
                    List.of());
        }

        /** Gives the conversation a tool call as its last message and keeps its text, as an ending turn would. */
        ConversationRef call() {
            messages.subList(messages.size() - 2, messages.size()).clear(); // the turn's answer was this call
            InferenceRequest request = request();
            Message reply = new Message(
                    Role.ASSISTANT,
                    List.of(new ContentBlock.ToolUse("c1", "bash", "{\"cmd\":\"ls " + "x".repeat(300) + "\"}")));
            ConversationRef kept = conversations
                    .keep(request, PromptFingerprint.chain(request.tools(), request.messages()), reply)
                    .toCompletableFuture()
                    .join();
            messages.add(reply);
            return kept;
        }

        void result() {
            messages.add(new Message(
                    Role.TOOL,
                    List.of(new ContentBlock.ToolResult("c1", List.of(new ContentBlock.Text("4 files")), false))));
        }
    }

    @BeforeAll
    static void startServers() throws Exception {
        Path program = LlamaServer.program();
        Path model = LlamaServer.model(folder);
        copies = Files.createDirectory(folder.resolve("copies"));
        serverA = LlamaServer.start(program, model, copies, "-np", "3", "-c", "24576");
        serverB = LlamaServer.start(program, model, copies, "-np", "3", "-c", "24576");
        a = engine(serverA);
        b = engine(serverB);
    }

    @AfterAll
    static void stopServers() {
        Stream.of(serverA, serverB).filter(server -> server != null).forEach(LlamaServer::close);
    }

    @Test
    void sessionsKeepTheirSeatsThoughTheyBeginAlike() throws Exception {
        Session one = new Session("one");
        Session two = new Session("two");
        Result first = turn(a, one, null);
        Result second = turn(a, two, null);
        for (int i = 0; i < 3; i++) {
            Result again = turn(a, one, null);
            Result other = turn(a, two, null);
            assertEquals(first.place().seat(), again.place().seat());
            assertEquals(second.place().seat(), other.place().seat());
            assertTrue(again.reused(90) && other.reused(90), again + " " + other);
        }
    }

    @Test
    void aSessionThatSharesMostOfItsPromptTakesNobodysSeat() throws Exception {
        Session one = new Session("what is shared");
        Session two = new Session("what is shared");
        two.messages.set(1, Message.text(Role.USER, "But tell me something else."));
        Result first = turn(a, one, null);
        two.cached = prefix(one, 60); // as the index finds it
        Result second = turn(a, two, null);

        Result again = turn(a, one, null);

        assertNotEquals(first.place().seat(), second.place().seat());
        assertEquals(first.place().seat(), again.place().seat());
        assertTrue(again.reused(95), again.toString());
    }

    @Test
    void aSessionMovesWithItsCopyAndFindsItsToolCallComputed() throws Exception {
        Session session = new Session("moving");
        turn(a, session, null);
        Worker.CopyPrefix command = copy(session, new Epoch(1), a.incarnation(), prefix(session), session.call());
        StoredCopy copy = copied(command);
        session.result();
        session.cached = null; // of the other worker the index knows nothing

        Result moved = turn(b, session, copy);

        assertTrue(moved.reused(95), moved.toString());
        a.worker().tell(copy(session, command.epoch(), a.incarnation(), command.prefix(), command.conversation()));
        RetentionNews.CopyAnswered again = keeper.expectMessageClass(RetentionNews.CopyAnswered.class, PATIENCE);
        assertEquals(copy, again.copy(), "a repeated order has no second effect");
        assertEquals(command.order(), again.order());
        a.worker().tell(new Worker.DiscardCopy(copy.location()));
        keeper.awaitAssert(PATIENCE, () -> {
            assertTrue(Files.notExists(copies.resolve(copy.location())));
            return true;
        });
    }

    @Test
    void aDamagedCopyCostsAPrefillAndNoServer() throws Exception {
        Session session = new Session("damage");
        turn(a, session, null);
        StoredCopy copy = copied(copy(session, new Epoch(1), a.incarnation(), prefix(session), session.call()));
        session.result();
        try (RandomAccessFile file =
                new RandomAccessFile(copies.resolve(copy.location()).toFile(), "rw")) {
            file.setLength(copy.bytes() - 1);
        }
        session.cached = null;

        Result cold = turn(b, session, copy);

        assertEquals(0, cold.usage().cachedTokens());
        assertTrue(serverB.alive());
        assertTrue(turn(b, session, null).reused(90), "and its seat serves the next turn");
    }

    @Test
    void aWarmedPrefixIsFoundByItsTurn() throws Exception {
        Session session = new Session("warming");
        turn(a, session, null);
        Prefix prefix = prefix(session);
        ConversationRef conversation = session.call();

        b.worker()
                .tell(new Worker.WarmPrefix(
                        session.lease,
                        new Epoch(1),
                        b.incarnation(),
                        prefix,
                        conversation,
                        false,
                        null,
                        ++orders,
                        keeper.getRef()));
        assertEquals(
                new Receipt.Accepted(),
                keeper.expectMessageClass(RetentionNews.WarmAnswered.class, PATIENCE)
                        .receipt());
        session.cached = new Prefix(
                conversation(session.request()).size(),
                conversation(session.request()).tail());
        session.result();
        Result warm = turn(b, session, null);

        assertTrue(warm.reused(95), warm.toString());
    }

    @Test
    void aCopyWaitsForTheTextOfItsConversationButNotForever() throws Exception {
        Session session = new Session("what is not stored yet");
        turn(a, session, null);
        Prefix prefix = prefix(session);
        ConversationRef kept = session.call();
        ConversationRef missing =
                new ConversationRef(kept.tenant(), kept.model(), kept.tip().followedBy(Message.text(Role.USER, ".")));
        Worker.CopyPrefix early = copy(session, new Epoch(1), a.incarnation(), prefix, missing);
        for (int i = 0; i < 5; i++) {
            a.worker().tell(early);
            assertEquals(new Receipt.Deferred(Duration.ofSeconds(1), Receipt.Reason.CONTENT_UNKNOWN), answer());
        }

        StoredCopy asItIs = copied(early);

        assertTrue(Files.exists(copies.resolve(asItIs.location())));
    }

    @Test
    void commandsThatCannotBeDoneSayWhy() {
        Session session = new Session("nowhere");
        session.messages.add(Message.text(Role.ASSISTANT, "."));
        session.messages.add(Message.text(Role.USER, "."));
        Prefix nowhere = new Prefix(3, new SequenceHash(77));
        ConversationRef unknown = session.call();

        a.worker().tell(copy(session, new Epoch(4), new Incarnation(0, 0), nowhere, unknown));
        assertEquals(new Receipt.Rejected(Receipt.Reason.STALE_INCARNATION), answer());
        a.worker().tell(copy(session, new Epoch(4), a.incarnation(), nowhere, unknown));
        assertEquals(new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT), answer());
        a.worker().tell(copy(session, new Epoch(3), a.incarnation(), nowhere, unknown));
        assertEquals(new Receipt.Rejected(Receipt.Reason.STALE_EPOCH), answer());
        a.worker()
                .tell(new Worker.WarmPrefix(
                        session.lease,
                        new Epoch(5),
                        a.incarnation(),
                        nowhere,
                        unknown,
                        false,
                        null,
                        ++orders,
                        keeper.getRef()));
        assertEquals(
                new Receipt.Rejected(Receipt.Reason.CONTENT_UNKNOWN),
                keeper.expectMessageClass(RetentionNews.WarmAnswered.class, PATIENCE)
                        .receipt());
    }

    /** Runs a turn as {@code agents.Turn} does, and makes it and a further question part of the conversation. */
    private Result turn(Engine engine, Session session, @Nullable StoredCopy source) throws Exception {
        InferenceRequest request = session.request();
        PromptBlocks blocks = renderer.render(request).blocks();
        engine.worker()
                .tell(new Worker.AdmitTurn(
                        request.turn(), blocks.tokens(), 24, session.cached, source, admissions.getRef()));
        AdmitReply.Placed place = admissions
                .expectMessageClass(AdmitReply.Admitted.class, PATIENCE)
                .place();
        List<InferenceEvent> events = engine.client()
                .generate(request, place.seat())
                .runWith(Sink.seq(), kit.kit().system())
                .toCompletableFuture()
                .get(1, TimeUnit.MINUTES);
        StringBuilder reply = new StringBuilder();
        for (InferenceEvent event : events) {
            if (event instanceof InferenceEvent.TextDelta text) {
                reply.append(text.text());
            }
        }
        long[] chain = blocks.toArray();
        long[] added = Arrays.copyOfRange(chain, place.keptBlocks(), chain.length);
        engine.worker().tell(new Worker.SeatFilled(request.turn(), place.keptBlocks(), added));
        engine.worker().tell(new Worker.EndTurn(request.turn()));
        session.cached = new Prefix(blocks.size(), blocks.tail());
        session.messages.add(Message.text(Role.ASSISTANT, reply.toString()));
        session.messages.add(Message.text(Role.USER, "And what else?"));
        InferenceEvent last = events.get(events.size() - 1);
        return new Result(
                place, assertInstanceOf(InferenceEvent.Finished.class, last).usage());
    }

    private static PromptBlocks conversation(InferenceRequest request) {
        return renderer.render(request).conversation();
    }

    private static Prefix prefix(Session session, int blocks) {
        PromptBlocks prompt = renderer.render(session.request()).blocks();
        return new Prefix(blocks, new SequenceHash(prompt.hashAt(blocks - 1)));
    }

    private static Prefix prefix(Session session) {
        return Objects.requireNonNull(session.cached, "the session has had no turn");
    }

    private StoredCopy copied(Worker.CopyPrefix command) {
        a.worker().tell(command);
        RetentionNews.CopyAnswered answer = keeper.expectMessageClass(RetentionNews.CopyAnswered.class, PATIENCE);
        assertEquals(new Receipt.Accepted(), answer.receipt());
        return Objects.requireNonNull(answer.copy());
    }

    private Worker.CopyPrefix copy(
            Session session, Epoch epoch, Incarnation incarnation, Prefix prefix, ConversationRef conversation) {
        return new Worker.CopyPrefix(
                LEDGER, session.lease, epoch, incarnation, prefix, conversation, ++orders, keeper.getRef());
    }

    private Receipt answer() {
        return keeper.expectMessageClass(RetentionNews.CopyAnswered.class, PATIENCE)
                .receipt();
    }

    private static Engine engine(LlamaServer server) {
        WorkerId id = new WorkerId(server.url());
        OpenAiSettings http = new OpenAiSettings(
                Duration.ofSeconds(5),
                Duration.ZERO,
                Duration.ofMinutes(1),
                Duration.ofSeconds(20),
                EnginePriority.OFF,
                ResumedAnswers.OFF,
                false,
                new EngineFacts(List.of(), BLOCK, 1, 2048, 1, 1, EngineCapabilities.NONE));
        EngineClient client = new LlamaCppEngineClient(
                kit.kit().system().classicSystem(),
                id,
                new LlamaCppSettings(
                        http, BLOCK, new CopyStorage(copies, null, 1, Duration.ofDays(1)), Duration.ofSeconds(30)));
        ActorRef<Worker.Command> worker = kit.kit()
                .spawn(Worker.create(
                        new EngineEndpoint(id, null, null, 1),
                        new WorkerSettings(
                                BLOCK,
                                Duration.ofSeconds(1),
                                3,
                                Duration.ofMinutes(1),
                                1,
                                Duration.ofMillis(50),
                                32,
                                5000,
                                100_000,
                                new FeedSettings(
                                        Duration.ofSeconds(3),
                                        Duration.ofSeconds(5),
                                        100,
                                        100,
                                        Duration.ofSeconds(1),
                                        Duration.ofSeconds(10)),
                                new HoldSettings(0.5, 0.5, 100),
                                List.of()),
                        new WorkerPorts(
                                ignored -> client,
                                (endpoint, listener) -> {
                                    throw new UnsupportedOperationException("a llama-server has no events");
                                },
                                conversations,
                                request -> CompletableFuture.completedStage(conversation(request)),
                                () -> new Incarnation(5, numbers.incrementAndGet()),
                                new Metrics(),
                                System::nanoTime)));
        TestProbe<WorkerStatus> statuses = kit.kit().createTestProbe();
        return statuses.awaitAssert(PATIENCE, () -> {
            worker.tell(new Worker.GetStatus(statuses.getRef()));
            WorkerStatus status = statuses.receiveMessage();
            assertEquals(WorkerState.READY, status.state());
            return new Engine(worker, client, Objects.requireNonNull(status.incarnation()));
        });
    }
}
