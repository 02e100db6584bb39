package agents.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.ByteTokenizer;
import inference.CacheMark;
import inference.ChatMlTemplate;
import inference.ContentBlock;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptLength;
import inference.Role;
import inference.ToolDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MarkedPrefixesTest {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final ChatMlTemplate TEMPLATE = new ChatMlTemplate(new ByteTokenizer());
    private static final List<ToolDefinition> TOOLS = List.of(
            new ToolDefinition("read", "Reads a file whose name is given.", "{}", null),
            new ToolDefinition("write", "Writes a file whose name is given.", "{}", null));

    private static Message said(Role role, int blocks) {
        List<ContentBlock> content = new ArrayList<>();
        for (int i = 0; i < blocks; i++) {
            content.add(new ContentBlock.Text(role + " says something of some length, part " + i));
        }
        return new Message(role, content);
    }

    private static final List<Message> MESSAGES = List.of(
            said(Role.SYSTEM, 3), said(Role.USER, 2), said(Role.ASSISTANT, 1), said(Role.USER, 3), said(Role.USER, 1));

    private static RenderedPrompt rendered(CacheMark... marks) {
        InferenceRequest plain = Conversation.request("1", "session-1", TOOLS, MESSAGES);
        return Conversation.renderer(new PromptCache(1000))
                .render(new InferenceRequest(
                        plain.turn(),
                        plain.model(),
                        plain.session(),
                        plain.tools(),
                        plain.toolChoice(),
                        plain.parallelToolCalls(),
                        plain.messages(),
                        plain.sampling(),
                        plain.effort(),
                        plain.hints(),
                        List.of(marks)));
    }

    /** Tokens up to a block's end, counted from the start. */
    private static int tokensUntil(int message, int block) {
        int tokens = TEMPLATE.tools(TOOLS).length;
        for (int i = 0; i < message; i++) {
            tokens += TEMPLATE.message(MESSAGES.get(i)).length;
        }
        Message marked = MESSAGES.get(message);
        int whole = TEMPLATE.message(marked).length;
        if (block == marked.content().size() - 1) {
            return tokens + whole;
        }
        int rest = 0;
        for (ContentBlock after :
                marked.content().subList(block + 1, marked.content().size())) {
            rest += 1 + ((ContentBlock.Text) after).text().length();
        }
        int ending = 2; // the end marker and its line break
        return tokens + whole - ending - rest;
    }

    @Test
    void aMarkKeepsTheFullBlocksUpToItWhereverItStands() {
        for (int message = 0; message < MESSAGES.size(); message++) {
            for (int block = 0; block < MESSAGES.get(message).content().size(); block++) {
                RenderedPrompt prompt = rendered(new CacheMark(message, block, HOUR));
                int blocks = tokensUntil(message, block) / Conversation.BLOCK;
                assertEquals(
                        List.of(new KeptPoint(
                                blocks,
                                new kv.SequenceHash(prompt.blocks().hashAt(blocks - 1)),
                                HOUR.toMillis(),
                                null)),
                        prompt.marks(),
                        "message " + message + " block " + block);
                assertEquals(
                        new PromptLength(
                                prompt.inputTokens(),
                                List.of(new PromptLength.Marked(blocks * Conversation.BLOCK, HOUR))),
                        prompt.length());
            }
        }
    }

    @Test
    void aMarkOnAToolKeepsTheDefinitionsUpToIt() {
        int all = rendered(new CacheMark(-1, 1, HOUR)).marks().get(0).blocks();
        int first = rendered(new CacheMark(-1, 0, HOUR)).marks().get(0).blocks();
        assertEquals(TEMPLATE.tools(TOOLS).length / Conversation.BLOCK, all);
        assertTrue(first > 0 && first < all, first + " of " + all);
    }

    @Test
    void marksEnterNeitherPromptNorHashes() {
        RenderedPrompt plain = rendered();
        RenderedPrompt marked = rendered(new CacheMark(0, 2, HOUR), new CacheMark(3, 1, HOUR));
        assertEquals(plain.outline(), marked.outline());
        assertEquals(plain.inputTokens(), marked.inputTokens());
    }

    @Test
    void aMarkThatMovesOnReplacesTheOneBeforeAndAnotherTimeStandsBesideIt() {
        KeptPoint shallow = new KeptPoint(4, new kv.SequenceHash(4), 300_000, null);
        KeptPoint deep = new KeptPoint(9, new kv.SequenceHash(9), 300_000, null);
        KeptPoint system = new KeptPoint(2, new kv.SequenceHash(2), 3_600_000, null);
        assertEquals(List.of(deep), KeptPoint.after(List.of(shallow), 6, List.of(deep)));
        assertEquals(List.of(deep, system), KeptPoint.after(List.of(shallow), 6, List.of(system, deep)));
        assertEquals(List.of(shallow), KeptPoint.after(List.of(shallow, deep), 6, List.of()), "beyond what is shared");
        assertEquals(List.of(deep), KeptPoint.after(List.of(deep), 9, List.of(deep)));
        KeptPoint twice = new KeptPoint(4, new kv.SequenceHash(4), 300_000, 2);
        assertEquals(List.of(deep, twice), KeptPoint.after(List.of(twice), 6, List.of(deep)), "more copies");
        KeptPoint once = new KeptPoint(9, new kv.SequenceHash(9), 300_000, 1);
        assertEquals(List.of(once, shallow), KeptPoint.after(List.of(shallow), 6, List.of(once)), "usual may be more");
    }
}
