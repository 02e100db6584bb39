package agents.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.ByteTokenizer;
import inference.ChatMlTemplate;
import inference.ChatTemplate;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import inference.PromptText;
import inference.ReasoningEffort;
import inference.Role;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.ToolDefinition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import kv.BlockHasher;
import kv.HashSalt;
import kv.PromptBlocks;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class PromptRendererTest {
    private static final ChatMlTemplate TEMPLATE = new ChatMlTemplate(new ByteTokenizer());
    private static final List<ToolDefinition> TOOLS = List.of(new ToolDefinition("ls", "Lists files", "{}", null));

    /** The prompt rendered in one piece and hashed at once. */
    private static int[] wholePrompt(InferenceRequest request) {
        IntStream tokens = Arrays.stream(TEMPLATE.tools(request.tools()));
        for (Message message : request.messages()) {
            tokens = IntStream.concat(tokens, Arrays.stream(TEMPLATE.message(message)));
        }
        return IntStream.concat(tokens, Arrays.stream(TEMPLATE.replyOpening())).toArray();
    }

    @Property(tries = 200)
    void aCachedBeginningNeverChangesTheResult(
            @ForAll @Size(max = 8) List<@StringLength(max = 40) String> texts,
            @ForAll @IntRange(max = 8) int cut,
            @ForAll @IntRange(max = 3) int systemMessages,
            @ForAll boolean tools,
            @ForAll @IntRange(max = 400) int cacheBlocks) {
        PromptRenderer renderer = Conversation.renderer(new PromptCache(cacheBlocks));
        List<Message> messages = new ArrayList<>();
        for (String text : texts) {
            messages.add(Message.text(messages.size() < systemMessages ? Role.SYSTEM : Role.USER, text));
        }
        List<ToolDefinition> definitions = tools ? TOOLS : List.of();
        InferenceRequest before =
                Conversation.request("1", "s", definitions, messages.subList(0, Math.min(cut, messages.size())));
        InferenceRequest request = Conversation.request("2", "s", definitions, messages);
        renderer.render(before);

        RenderedPrompt warm = renderer.render(request);

        int[] tokens = wholePrompt(request);
        PromptBlocks expected = new BlockHasher(Conversation.BLOCK, HashSalt.NONE).hash(tokens);
        assertEquals(expected, warm.blocks());
        assertEquals(tokens.length, warm.inputTokens());
        assertEquals(Conversation.renderer(new PromptCache(0)).render(request).outline(), warm.outline());
    }

    @Test
    void onlyWhatIsPastTheLastPromptIsTokenised() {
        PromptRenderer renderer = Conversation.renderer(new PromptCache(10_000));
        String system = "s:" + "x".repeat(10_000);
        renderer.render(Conversation.request("1", system, "u:hello"));

        RenderedPrompt next = renderer.render(Conversation.request("2", system, "u:hello", "a:hi", "u:bye"));
        assertTrue(next.inputTokens() > 10_000);
        assertEquals(
                TEMPLATE.message(Message.text(Role.ASSISTANT, "hi")).length
                        + TEMPLATE.message(Message.text(Role.USER, "bye")).length
                        + TEMPLATE.replyOpening().length,
                next.computedTokens());

        RenderedPrompt sibling = renderer.render(Conversation.request("3", system, "u:something else"));
        assertTrue(sibling.computedTokens() < 100, "the system prompt is shared by conversations");
    }

    @Test
    void tenantsShareNoHash() {
        PromptRenderer renderer = Conversation.renderer(new PromptCache(10_000));
        InferenceRequest ours = Conversation.request("1", "s:a system prompt of some length", "u:hello");
        InferenceRequest theirs = new InferenceRequest(
                ours.turn(),
                ours.model(),
                new SessionContext(new TenantId("other"), new SessionId("s"), null, false),
                ours.tools(),
                ours.toolChoice(),
                ours.parallelToolCalls(),
                ours.messages(),
                ours.sampling(),
                ours.effort(),
                ours.hints(),
                ours.cacheMarks());

        RenderedPrompt first = renderer.render(ours);
        RenderedPrompt second = renderer.render(theirs);

        assertEquals(first.inputTokens(), second.computedTokens(), "nothing is found under another salt");
        assertNotEquals(first.blocks().hashAt(0), second.blocks().hashAt(0));
    }

    @Test
    void anEffortCountsWhereTheTemplateShowsIt() {
        InferenceRequest none = Conversation.request("1", "s:Be brief.", "u:hello");
        InferenceRequest low = Conversation.thinking(none, ReasoningEffort.LOW);
        ChatTemplate silent = new ChatTemplate() {
            @Override
            public PromptText write(InferenceRequest written, List<PromptFingerprint> chain) {
                return TEMPLATE.write(written, chain);
            }

            @Override
            public boolean shows(ReasoningEffort effort) {
                return false;
            }
        };
        List<PromptFingerprint> without = PromptFingerprint.chain(low.tools(), low.messages());

        PromptRenderer unknown = new PromptRenderer(16, model -> TEMPLATE, new PromptCache(10));
        assertEquals(without, unknown.chain(none));
        assertEquals(PromptFingerprint.chain(low.tools(), low.messages(), ReasoningEffort.LOW), unknown.chain(low));
        assertEquals(without, new PromptRenderer(16, model -> silent, new PromptCache(10)).chain(low));
    }

    @Test
    void theCacheStaysWithinItsBound() {
        PromptCache cache = new PromptCache(1_000);
        PromptRenderer renderer = Conversation.renderer(cache);
        for (int i = 0; i < 100; i++) {
            renderer.render(Conversation.request("1", "s:" + i, "u:" + "y".repeat(1_000)));
            assertTrue(cache.blocks() <= 1_000);
        }
        assertTrue(cache.blocks() > 500);
    }
}
