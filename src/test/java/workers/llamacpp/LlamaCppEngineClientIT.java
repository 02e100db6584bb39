package workers.llamacpp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.NotUsed;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import inference.AgentHints;
import inference.ContentBlock;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import inference.Role;
import inference.Sampling;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.TokenLogprob;
import inference.ToolChoice;
import inference.ToolDefinition;
import inference.TurnId;
import inference.Usage;
import inference.pieces.PieceTeller;
import inference.pieces.PiecedPrompt;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import kv.LeaseId;
import kv.LedgerId;
import kv.Receipt;
import kv.StoredCopy;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import testkit.ActorTestKitExtension;
import testkit.LlamaServer;
import workers.EngineClient;
import workers.Seat;
import workers.status.CopyRoom;
import workers.status.EngineCapabilities;

/** The adapter against two real servers with a tiny model. Counts tokens, never milliseconds. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class LlamaCppEngineClientIT {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.create();

    @TempDir
    static Path folder;

    private static final LeaseId LEASE = new LeaseId(1, 2);
    private static final LedgerId LEDGER = new LedgerId(7);
    private static final Seat FIRST = new Seat(0);
    private static final Seat SECOND = new Seat(1);

    private static Path program;
    private static Path model;
    private static Path copies;
    private static LlamaServer serverA;
    private static LlamaServer serverB;
    private static EngineClient a;
    private static EngineClient b;

    @BeforeAll
    static void startServers() throws Exception {
        program = LlamaServer.program();
        model = LlamaServer.model(folder);
        copies = Files.createDirectory(folder.resolve("copies"));
        serverA = LlamaServer.start(program, model, copies, "-np", "2", "-c", "16384");
        serverB = LlamaServer.start(program, model, copies, "-np", "2", "-c", "16384");
        a = client(serverA);
        b = client(serverB);
        get(a.probe());
        get(b.probe());
    }

    @AfterAll
    static void stopServers() {
        Stream.of(serverA, serverB).filter(server -> server != null).forEach(LlamaServer::close);
    }

    @Test
    void findsOutWhatTheServerCanDoAndLeavesNoTrace() throws Exception {
        EngineClient.Probe probe = get(a.probe());

        assertTrue(probe.facts().capabilities().holds());
        assertTrue(probe.facts().capabilities().copies());
        assertEquals(2, probe.facts().capabilities().privateSlots());
        assertEquals(8192, probe.facts().contextTokens());
        assertEquals(2 * 512, probe.facts().deviceBlocks());
        assertEquals(2, probe.facts().maxSequences());
        assertEquals(List.of("tiny"), probe.facts().models());
        assertNotEquals(0, probe.lifeNumber());
        assertNotEquals(get(b.probe()).lifeNumber(), probe.lifeNumber(), "two processes");
        try (Stream<Path> files = Files.list(copies)) {
            assertEquals(List.of(), files.toList(), "files left by the trial");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-c 16384", "-c 16384 -np 2 -kvu"})
    void sharedSlotsAreNoSeats(String options) throws Exception {
        try (LlamaServer shared = LlamaServer.start(program, model, copies, options.split(" "))) {
            assertEquals(
                    EngineCapabilities.NONE, get(client(shared).probe()).facts().capabilities());
        }
    }

    @Test
    void withoutAFolderThereAreSeatsButNoCopies() throws Exception {
        EngineClient.Probe probe = get(client(serverB, null).probe());

        assertEquals(new EngineCapabilities(true, null, 2), probe.facts().capabilities());
    }

    @Test
    void aConversationGrowsInItsSeatAndTheOtherSeatKeepsItsOwn() throws Exception {
        List<Message> one = conversation("one");
        List<Message> two = conversation("two");
        int cachedOne = 0;
        int cachedTwo = 0;
        for (int turn = 0; turn < 4; turn++) {
            Usage first = turn(a, FIRST, one);
            Usage second = turn(a, SECOND, two);
            if (turn > 0) {
                assertTrue(first.cachedTokens() > cachedOne && second.cachedTokens() > cachedTwo, first + " " + second);
                assertTrue(first.cachedTokens() >= first.inputTokens() - 100, first.toString());
                assertTrue(second.cachedTokens() >= second.inputTokens() - 100, second.toString());
            }
            cachedOne = first.cachedTokens();
            cachedTwo = second.cachedTokens();
        }
    }

    @Test
    void aCopyOfOneServersSeatServesTheOther() throws Exception {
        List<Message> messages = conversation("moving");
        turn(a, FIRST, messages);

        StoredCopy copy = save(a);
        assertEquals(new Receipt.Accepted(), get(b.load(copy, SECOND)));
        Usage there = turn(b, SECOND, messages);

        assertTrue(there.cachedTokens() >= there.inputTokens() * 95 / 100, there.toString());
        get(b.discard(copy.location()));
        assertEquals(new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT), get(b.load(copy, SECOND)));
    }

    @Test
    void aWarmedToolCallIsCachedAsTheNextPromptRendersIt() throws Exception {
        List<Message> messages = conversation("calling");
        turn(a, FIRST, messages);
        messages.add(new Message(
                Role.ASSISTANT,
                List.of(new ContentBlock.ToolUse("c1", "bash", "{\"cmd\" :  \"ls " + "x".repeat(700) + "\"}"))));
        assertEquals(
                new Receipt.Accepted(), get(a.warm(request(messages), FIRST)).receipt());

        StoredCopy copy = save(a);
        assertEquals(new Receipt.Accepted(), get(b.load(copy, FIRST)));
        get(a.discard(copy.location()));
        messages.add(new Message(
                Role.TOOL,
                List.of(new ContentBlock.ToolResult("c1", List.of(new ContentBlock.Text("4 files")), false))));
        Usage here = turn(a, FIRST, new ArrayList<>(messages));
        Usage there = turn(b, FIRST, messages);

        assertTrue(here.cachedTokens() >= here.inputTokens() * 95 / 100, here.toString());
        assertTrue(there.cachedTokens() >= there.inputTokens() * 95 / 100, there.toString());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 20_000})
    void aCopyCutShortIsRefusedAndTheServerLives(int missingBytes) throws Exception {
        List<Message> messages = conversation("cut short by " + missingBytes);
        turn(a, FIRST, messages);
        StoredCopy copy = save(a);
        try (RandomAccessFile file =
                new RandomAccessFile(copies.resolve(copy.location()).toFile(), "rw")) {
            file.setLength(copy.bytes() - missingBytes);
        }

        assertInstanceOf(Receipt.Rejected.class, get(b.load(copy, FIRST)));
        assertTrue(serverB.alive());
        assertEquals(0, turn(b, FIRST, messages).cachedTokens(), "the seat is empty after a refusal");
        get(b.discard(copy.location()));
    }

    @Test
    void r2CopiesOfServersThatShareAFolderStayWithinItsBudget() throws Exception {
        turn(a, FIRST, conversation("budgets"));
        turn(b, FIRST, conversation("budgets"));
        StoredCopy measure = save(a);
        get(a.discard(measure.location()));
        long budget = measure.bytes() * 5 / 2;
        EngineClient one = client(serverA, new CopyStorage(copies, budget, 1, Duration.ofDays(1)));
        EngineClient other = client(serverB, new CopyStorage(copies, budget, 1, Duration.ofDays(1)));
        get(one.probe());
        get(other.probe());
        turn(one, FIRST, conversation("budgets"));
        turn(other, FIRST, conversation("budgets"));

        assertTrue(get(other.hasRoom(LEASE, FIRST)));
        List<StoredCopy> kept = List.of(save(one), save(other));
        assertFalse(get(other.hasRoom(LEASE, FIRST)), "as the attempt would find out");
        EngineClient.Saved third = get(other.save(LEDGER, LEASE, FIRST));

        assertEquals(new Receipt.Rejected(Receipt.Reason.BUDGET), third.receipt());
        long taken = kept.get(0).bytes() + kept.get(1).bytes();
        assertEquals(new CopyRoom(taken, budget), get(one.probe()).copies());
        assertEquals(2, files(), "nothing is left of what was refused, nor of what was reserved");
        get(other.discard(kept.get(0).location()));
        StoredCopy again = save(one);
        for (StoredCopy copy : List.of(kept.get(1), again)) {
            get(one.discard(copy.location()));
        }
    }

    private static long files() throws IOException {
        try (Stream<Path> files = Files.list(copies)) {
            return files.filter(file -> !file.toString().endsWith(".mark")).count();
        }
    }

    @Test
    void aCopyOfOtherWeightsIsRefused() throws Exception {
        Path other = changed(model);
        List<Message> messages = conversation("weights");
        turn(a, FIRST, messages);
        StoredCopy copy = save(a);
        try (LlamaServer stranger = LlamaServer.start(program, other, copies, "-np", "2", "-c", "16384")) {
            EngineClient client = client(stranger);
            assertTrue(get(client.probe()).facts().capabilities().copies());

            assertEquals(new Receipt.Unsupported(), get(client.load(copy, FIRST)));
        }
        get(a.discard(copy.location()));
    }

    @Test
    void anEmptySeatOrAnUnknownOneIsNotSaved() throws Exception {
        try (LlamaServer fresh = LlamaServer.start(program, model, copies, "-np", "2", "-c", "4096")) {
            EngineClient client = client(fresh);
            get(client.probe());

            assertEquals(
                    new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED),
                    get(client.save(LEDGER, LEASE, FIRST)).receipt());
            assertEquals(
                    new Receipt.Unsupported(),
                    get(client.save(LEDGER, LEASE, new Seat(7))).receipt());
            assertEquals(new Receipt.Unsupported(), get(client.load(new StoredCopy("x", 1, 1, ""), new Seat(7))));
        }
    }

    @Test
    void tellsLogProbabilitiesOfEachTokenAlthoughToolsAreOffered() throws Exception {
        List<TokenLogprob> told = told(2, Sampling.UNBIASED);

        assertEquals(24, told.size());
        for (TokenLogprob token : told) {
            assertEquals(2, token.likeliest().size());
            assertEquals(token.likeliest().get(0), token.chosen(), "it draws the likeliest at temperature 0");
            assertTrue(token.chosen().logprob() <= 0, token.toString());
            assertTrue(token.likeliest().get(1).logprob() <= token.chosen().logprob(), token.toString());
        }
        assertEquals(List.of(), told(0, Sampling.UNBIASED).get(0).likeliest());
    }

    @Test
    void aBiasOfTheLogitsChoosesTheToken() throws Exception {
        List<TokenLogprob> told = told(0, new TreeMap<>(Map.of(70, 100.0)));

        assertEquals(24, told.size());
        assertEquals(
                1, told.stream().map(token -> token.chosen().token()).distinct().count());
    }

    @Test
    void tellsTheLengthOfAPromptAsItsTurnWillCountIt() throws Exception {
        List<Message> messages = conversation("lengths");

        int told = get(a.promptTokens(request(messages), true)).orElseThrow().length;

        assertEquals(turn(a, SECOND, messages).inputTokens(), told);
    }

    @Test
    void thePartsOfAPromptHaveTheTokensThatItsTurnCounts() throws Exception {
        PieceTeller teller = new PieceTeller(a);
        List<Message> messages = conversation("parts");
        for (int turn = 0; turn < 3; turn++) {
            InferenceRequest request = request(messages);
            PiecedPrompt prompt = Objects.requireNonNull(
                    PiecedPrompt.of(request, PromptFingerprint.chain(request.tools(), request.messages())));
            int[] pieces = get(teller.tell(prompt, 0)).orElseThrow().stream()
                    .flatMapToInt(Arrays::stream)
                    .toArray();

            assertArrayEquals(get(a.promptTokens(request, true)).orElseThrow(), pieces);
            assertEquals(turn(a, SECOND, messages).inputTokens(), pieces.length);
            messages.addAll(List.of(
                    new Message(
                            Role.ASSISTANT,
                            List.of(
                                    new ContentBlock.ToolUse("call_a" + turn, "bash", "{\"command\":\"ls -la\"}"),
                                    new ContentBlock.ToolUse("call_b" + turn, "bash", "{\"command\":\"pwd\"}"))),
                    new Message(
                            Role.TOOL,
                            List.of(result("call_a" + turn, "file " + turn), result("call_b" + turn, "\n/tmp\n")))));
        }
    }

    private static ContentBlock result(String call, String text) {
        return new ContentBlock.ToolResult(call, List.of(new ContentBlock.Text(text)), false);
    }

    @Test
    void tellsWhichStringEndedTheAnswer() throws Exception {
        String whole = text(answer(sampling(List.of())));
        String stop = whole.substring(8, 12);

        List<InferenceEvent> events = answer(sampling(List.of("is never said", stop)));

        assertEquals(whole.substring(0, whole.indexOf(stop)), text(events));
        InferenceEvent.Finished finished =
                assertInstanceOf(InferenceEvent.Finished.class, events.get(events.size() - 1));
        assertEquals(FinishReason.STOP_SEQUENCE, finished.reason());
        assertEquals(stop, finished.stopSequence());
    }

    @Test
    void aTextThatAnotherServerBeganGoesOnWhereItBrokeOff() throws Exception {
        InferenceRequest request = request(conversation("going on"), unspaced(32));
        List<InferenceEvent> whole = events(a.generate(request, SECOND));
        assertEquals(32, text(whole).length());
        for (int said : List.of(1, 17, 31)) {
            Message begun = Message.text(Role.ASSISTANT, text(whole).substring(0, said));
            assertTrue(b.resumes(request, begun));

            List<InferenceEvent> rest = events(b.resume(request, begun, SECOND));

            assertEquals(text(whole).substring(said), text(rest));
            assertEquals(usage(whole).inputTokens(), usage(rest).inputTokens());
            assertEquals(usage(whole).outputTokens(), usage(rest).outputTokens());
        }
    }

    /** Draws the likeliest, but no space, which would not be gone on with. */
    private static Sampling unspaced(int maxTokens) {
        SortedMap<Integer, Double> noSpace = new TreeMap<>(Map.of(32, -100.0));
        return new Sampling(maxTokens, null, 0.0, null, null, null, null, null, List.of(), null, null, noSpace);
    }

    private static List<InferenceEvent> events(Source<InferenceEvent, NotUsed> answer) throws Exception {
        return get(answer.runWith(Sink.seq(), kit.kit().system()));
    }

    private static Usage usage(List<InferenceEvent> events) {
        return assertInstanceOf(InferenceEvent.Finished.class, events.get(events.size() - 1))
                .usage();
    }

    private static Sampling sampling(List<String> stop) {
        return new Sampling(24, null, 0.0, null, null, 1L, null, null, stop, null, null, Sampling.UNBIASED);
    }

    private static List<InferenceEvent> answer(Sampling sampling) throws Exception {
        return get(a.generate(request(conversation("chances"), sampling), SECOND)
                .runWith(Sink.seq(), kit.kit().system()));
    }

    private static String text(List<InferenceEvent> events) {
        StringBuilder text = new StringBuilder();
        for (InferenceEvent event : events) {
            if (event instanceof InferenceEvent.TextDelta delta) {
                text.append(delta.text());
            }
        }
        return text.toString();
    }

    private static List<TokenLogprob> told(int alternatives, SortedMap<Integer, Double> bias) throws Exception {
        List<InferenceEvent> events =
                answer(new Sampling(24, null, 0.0, null, null, 1L, null, null, List.of(), null, alternatives, bias));
        assertInstanceOf(InferenceEvent.Finished.class, events.get(events.size() - 1), events.toString());
        List<TokenLogprob> told = new ArrayList<>();
        for (InferenceEvent event : events) {
            if (event instanceof InferenceEvent.TextDelta text) {
                told.addAll(text.logprobs());
            }
        }
        return told;
    }

    private static List<Message> conversation(String about) {
        List<Message> messages = new ArrayList<>();
        messages.add(Message.text(Role.SYSTEM, ("You are patient and talk of " + about + ". ").repeat(60)));
        messages.add(Message.text(Role.USER, "Tell me more, please."));
        return messages;
    }

    /** A copy of the first seat, which takes no more than was reserved for it. */
    private static StoredCopy save(EngineClient engine) throws Exception {
        EngineClient.Saved saved = get(engine.save(LEDGER, LEASE, FIRST));
        assertEquals(new Receipt.Accepted(), saved.receipt());
        return Objects.requireNonNull(saved.copy());
    }

    /** Runs a turn and makes it and the next question part of the conversation. */
    private static Usage turn(EngineClient engine, Seat seat, List<Message> messages) throws Exception {
        List<InferenceEvent> events = get(engine.generate(request(messages), seat)
                .runWith(Sink.seq(), kit.kit().system()));
        Usage usage = assertInstanceOf(InferenceEvent.Finished.class, events.get(events.size() - 1))
                .usage();
        messages.add(Message.text(Role.ASSISTANT, text(events)));
        messages.add(Message.text(Role.USER, "And what else?"));
        return usage;
    }

    private static InferenceRequest request(List<Message> messages) {
        return request(messages, sampling(List.of()));
    }

    private static InferenceRequest request(List<Message> messages, Sampling sampling) {
        return new InferenceRequest(
                new TurnId("t" + messages.hashCode()),
                "tiny",
                new SessionContext(TenantId.DEFAULT, new SessionId("s"), null, false),
                List.of(new ToolDefinition("bash", "Runs a command", "{\"type\":\"object\"}", null)),
                ToolChoice.AUTO,
                true,
                messages,
                sampling,
                null,
                AgentHints.NONE,
                List.of());
    }

    /** The same model with one weight of another value: the same shape, other answers. */
    private static Path changed(Path model) throws IOException {
        byte[] bytes = Files.readAllBytes(model);
        bytes[bytes.length - 64] ^= 0x10;
        return Files.write(folder.resolve("other.gguf"), bytes);
    }

    private static EngineClient client(LlamaServer server) {
        return client(server, new CopyStorage(copies, null, 1, Duration.ofDays(1)));
    }

    private static EngineClient client(LlamaServer server, @Nullable CopyStorage copyStorage) {
        return Clients.of(kit.kit().system().classicSystem(), server.url(), copyStorage);
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(1, TimeUnit.MINUTES);
    }
}
