package agents;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Conversation;
import agents.session.PromptCache;
import agents.session.PromptRenderer;
import agents.session.RenderedPrompt;
import inference.ByteTokenizer;
import inference.CacheMark;
import inference.ChatMlTemplate;
import inference.ContentBlock;
import inference.InferenceRequest;
import inference.Message;
import inference.NextMessage;
import inference.Role;
import inference.ToolDefinition;
import inference.Usage;
import inference.pieces.PieceTeller;
import inference.pieces.PieceTokens;
import inference.pieces.PiecedPrompt;
import inference.pieces.PromptTeller;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import kv.BlockHasher;
import kv.HashSalt;
import kv.KvEvent;
import kv.KvTier;
import kv.PromptBlocks;
import metrics.Metrics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import testkit.RandomConversations;
import testkit.TokenisingEngine;
import workers.events.EngineBlockMap;
import workers.events.EngineEvent;

/** Prompts whose tokens a real server tells, of a template that drops old reasoning and joins tool results. */
@Timeout(60)
class PromptsTest {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.create();

    private static final List<ToolDefinition> TOOLS =
            List.of(new ToolDefinition("ls", "Lists files", "{\"type\":\"object\"}", null));
    private static final int BLOCK = Conversation.BLOCK;

    private final Metrics metrics = new Metrics();
    private TokenisingEngine engine;
    private PromptTeller whole;
    private Prompts prompts;

    @BeforeEach
    void start() throws IOException {
        engine = new TokenisingEngine("thinking-tools");
        whole = TokenisingEngine.client(kit.kit().system(), engine.url());
        prompts = prompts(new PromptCache(10_000), new PieceTeller(whole));
    }

    @AfterEach
    void stop() {
        engine.close();
    }

    private Prompts prompts(PromptCache cache, PieceTeller teller) {
        PieceTokens tokens = new PieceTokens() {
            @Override
            public boolean mayTell(String model) {
                return model.equals("served");
            }

            @Override
            public CompletionStage<Optional<List<int[]>>> tell(PiecedPrompt prompt, int from) {
                return teller.tell(prompt, from);
            }
        };
        ChatMlTemplate bytes = new ChatMlTemplate(new ByteTokenizer());
        return new Prompts(
                new PromptRenderer(BLOCK, model -> bytes, cache),
                Runnable::run,
                tokens,
                Duration.ofSeconds(20),
                metrics);
    }

    @Test
    void aPromptHasTheBlocksThatItsEngineSaysItStored() throws Exception {
        List<Message> messages = session(3);
        RenderedPrompt prompt = get(prompts.render(request(messages)));
        int full = prompt.blocks().size();
        List<Long> stored = new ArrayList<>();
        new EngineBlockMap(BLOCK)
                .apply(
                        new EngineEvent.Stored(
                                LongStream.range(0, full).toArray(),
                                null,
                                Arrays.copyOf(tokens(request(messages)), full * BLOCK),
                                KvTier.DEVICE,
                                -1,
                                null,
                                null,
                                List.of()),
                        event -> {
                            if (event instanceof KvEvent.BlocksStored blocks) {
                                LongStream.of(blocks.sequenceHashes()).forEach(stored::add);
                            }
                        });

        assertTrue(full > 50, "blocks " + full);
        assertArrayEquals(
                prompt.blocks().toArray(),
                stored.stream().mapToLong(Long::longValue).toArray());
        assertTrue(prompt.told());
    }

    @Test
    void onlyWhatIsNewIsSent() throws Exception {
        get(prompts.render(request(session(20))));
        int first = engine.bytesAsked();
        assertTrue(first > 20_000, "bytes " + first);

        List<Message> next = new ArrayList<>(session(20));
        next.addAll(exchange("and more ".repeat(40)));
        RenderedPrompt prompt = get(prompts.render(request(next)));

        int bytes = engine.bytesAsked();
        assertTrue(bytes > 360 && bytes < 360 + 1_000, "bytes " + bytes);
        assertEquals(hashed(request(next)), prompt.blocks());
        assertTrue(prompt.inputTokens() > 5_000 && prompt.computedTokens() < 400, prompt.computedTokens() + " tokens");
    }

    @Test
    void whatSessionsShareIsSentOnce() throws Exception {
        String system = "Be brief. ".repeat(1_000);
        get(prompts.render(request(List.of(Message.text(Role.SYSTEM, system), Message.text(Role.USER, "hello")))));
        assertTrue(engine.bytesAsked() > 10_000);

        InferenceRequest other =
                request(List.of(Message.text(Role.SYSTEM, system), Message.text(Role.USER, "another question")));
        RenderedPrompt prompt = get(prompts.render(other));

        int bytes = engine.bytesAsked();
        assertTrue(bytes > 0 && bytes < 500, "bytes " + bytes);
        assertEquals(hashed(other), prompt.blocks());
    }

    @Test
    void reasoningIsToldAnewOnceAUserHasClosedIt() throws Exception {
        List<Message> messages = session(3);
        Message thinking = new Message(
                Role.ASSISTANT,
                List.of(
                        new ContentBlock.Thinking("so many thoughts", null),
                        new ContentBlock.ToolUse("c", "ls", "{}")));
        Message result = new Message(
                Role.TOOL, List.of(new ContentBlock.ToolResult("c", List.of(new ContentBlock.Text("files")), false)));
        messages.addAll(List.of(thinking, result));
        assertEquals(
                hashed(request(messages)),
                get(prompts.render(request(messages))).blocks());

        messages.addAll(List.of(Message.text(Role.ASSISTANT, "done"), Message.text(Role.USER, "thanks")));

        assertEquals(
                hashed(request(messages)),
                get(prompts.render(request(messages))).blocks());
    }

    @Test
    void whatIsKnownChangesNothing() throws Exception {
        Prompts cold = prompts(new PromptCache(0), new PieceTeller(whole));
        for (int turns = 0; turns < 4; turns++) {
            InferenceRequest request = request(session(turns));
            RenderedPrompt warm = get(prompts.render(request));
            assertEquals(get(cold.render(request)).outline(), warm.outline());
        }
    }

    @Test
    void anAnswerIsRenderedUpToWhatFollowsIt() throws Exception {
        List<Message> messages = session(2);
        for (Message answer : List.of(
                Message.text(Role.ASSISTANT, "an answer to that ".repeat(20)),
                new Message(
                        Role.ASSISTANT,
                        List.of(new ContentBlock.ToolUse("c", "ls", "{\"path\":\"" + "a/".repeat(100) + "\"}"))))) {
            List<Message> answered = new ArrayList<>(messages);
            answered.add(answer);
            PromptBlocks conversation = get(prompts.render(request(answered))).conversation();

            answered.add(NextMessage.after(answered, "\n\nwhat follows"));
            PromptBlocks next = hashed(request(answered));
            assertEquals(next.prefix(conversation.size()), conversation);
            assertTrue(next.size() - conversation.size() <= 2, conversation.size() + " of " + next.size());
            messages = answered;
        }
    }

    @Test
    void aMarkKeepsWhatStandsBeforeThePieceItIsIn() throws Exception {
        List<Message> messages = session(2);
        InferenceRequest plain = request(messages);
        InferenceRequest marked = new InferenceRequest(
                plain.turn(),
                plain.model(),
                plain.session(),
                plain.tools(),
                plain.toolChoice(),
                true,
                messages,
                plain.sampling(),
                plain.effort(),
                plain.hints(),
                List.of(
                        new CacheMark(0, 0, Duration.ofHours(1)),
                        new CacheMark(3, 1, Duration.ofHours(1)),
                        new CacheMark(5, 0, Duration.ofHours(1))));

        RenderedPrompt prompt = get(prompts.render(marked));

        InferenceRequest before = request(messages.subList(0, 4));
        int shared = Arrays.mismatch(tokens(before), tokens(plain)) / BLOCK;
        assertEquals(3, prompt.marks().size());
        assertTrue(prompt.marks().get(0).blocks() > 3, prompt.marks()::toString);
        assertEquals(shared, prompt.marks().get(1).blocks(), 1);
        assertEquals(prompt.marks().get(1).blocks(), prompt.marks().get(2).blocks(), "one of two results");
    }

    @Test
    void aPromptThatNobodyTellsCountsAsBytes() throws Exception {
        List<Message> answering = List.of(Message.text(Role.ASSISTANT, "hello"), Message.text(Role.USER, "hello"));

        RenderedPrompt prompt = get(prompts.render(request(answering)));

        assertFalse(prompt.told());
        assertEquals(0, engine.bytesAsked());
        assertTrue(metrics.scrape().contains("holdfast_prompts_untold_total{model=\"served\"} 1"), metrics::scrape);
        assertEquals(
                get(prompts(new PromptCache(0), new PieceTeller(whole)).render(request(answering)))
                        .outline(),
                prompt.outline());
    }

    @Test
    void imagesAreNotTold() throws Exception {
        List<Message> messages = session(1);
        messages.add(new Message(
                Role.TOOL,
                List.of(new ContentBlock.ToolResult(
                        "a", List.of(new ContentBlock.Image("image/png", "data:image/png;base64,AA")), false))));

        assertFalse(get(prompts.render(request(messages))).told());
    }

    @Test
    void aTokenThatTheAnsweringEngineHasMoreIsCounted() throws Exception {
        RenderedPrompt prompt = get(prompts.render(request(session(1))));
        prompts.answered("served", prompt, new Usage(prompt.inputTokens(), 0, 1, 0));
        prompts.answered("served", prompt, new Usage(0, 0, 1, 0));
        assertFalse(metrics.scrape().contains("holdfast_prompts_mistold_total{"), metrics::scrape);

        prompts.answered("served", prompt, new Usage(prompt.inputTokens() + 1, 0, 1, 0));

        assertTrue(metrics.scrape().contains("holdfast_prompts_mistold_total{model=\"served\"} 1"), metrics::scrape);
    }

    private static List<Message> session(int exchanges) {
        List<Message> messages = new ArrayList<>();
        messages.add(Message.text(Role.SYSTEM, "Be brief. ".repeat(20)));
        messages.add(Message.text(Role.USER, "look for it"));
        for (int i = 0; i < exchanges; i++) {
            messages.addAll(exchange("result " + i + " of the worker ".repeat(40)));
        }
        return messages;
    }

    private static List<Message> exchange(String result) {
        return List.of(
                new Message(
                        Role.ASSISTANT,
                        List.of(
                                new ContentBlock.Text("looking"),
                                new ContentBlock.ToolUse("a", "ls", "{\"path\": \"/\"}"),
                                new ContentBlock.ToolUse("b", "ls", "{}"))),
                new Message(
                        Role.TOOL,
                        List.of(
                                new ContentBlock.ToolResult("a", List.of(new ContentBlock.Text(result)), false),
                                new ContentBlock.ToolResult("b", List.of(new ContentBlock.Text("none")), false))));
    }

    private static InferenceRequest request(List<Message> messages) {
        return RandomConversations.request("turn", TOOLS, messages, null);
    }

    private int[] tokens(InferenceRequest request) throws Exception {
        return get(whole.promptTokens(request, true)).orElseThrow();
    }

    private PromptBlocks hashed(InferenceRequest request) throws Exception {
        return new BlockHasher(BLOCK, HashSalt.NONE).hash(tokens(request));
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
    }
}
