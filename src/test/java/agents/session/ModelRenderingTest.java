package agents.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.CacheMark;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import inference.PromptText;
import inference.Role;
import inference.ToolDefinition;
import inference.huggingface.ModelFiles;
import inference.huggingface.ModelTemplate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import kv.BlockHasher;
import kv.HashSalt;
import kv.KvEvent;
import kv.KvTier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import workers.events.EngineBlockMap;
import workers.events.EngineEvent;

/** Prompts of models with files of their own. */
class ModelRenderingTest {
    private static final List<ToolDefinition> TOOLS =
            List.of(new ToolDefinition("ls", "Lists files", "{\"type\":\"object\"}", null));

    private static PromptRenderer renderer(ModelTemplate template) {
        return new PromptRenderer(Conversation.BLOCK, model -> template, new PromptCache(10_000));
    }

    private static InferenceRequest turns(int count, CacheMark... marks) {
        List<Message> messages = new ArrayList<>(List.of(Message.text(Role.SYSTEM, "Be brief. ".repeat(200))));
        for (int i = 0; i < count; i++) {
            messages.add(question(i));
            messages.add(Message.text(Role.ASSISTANT, "answer " + i + " to the router ".repeat(50)));
        }
        messages.add(question(count));
        InferenceRequest plain = Conversation.request("t" + count, "s", TOOLS, messages);
        return new InferenceRequest(
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
                List.of(marks));
    }

    private static Message question(int number) {
        return Message.text(Role.USER, "question " + number + " of the worker ".repeat(50));
    }

    private static int[] tokens(ModelTemplate template, InferenceRequest request) {
        PromptText text = template.write(request, PromptFingerprint.chain(request.tools(), request.messages()));
        return IntStream.range(0, text.pieces())
                .flatMap(piece -> Arrays.stream(text.tokens(piece)))
                .toArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"thinking-tools", "headers", "chatml", "instructions"})
    void aPromptHasTheBlocksThatAnEngineMakesOfItsTokensWhateverIsKnownOfIt(String name) {
        ModelTemplate template = ModelFiles.template(name);
        PromptRenderer warm = renderer(template);
        for (int count = 0; count < 6; count++) {
            InferenceRequest request = turns(count);
            RenderedPrompt prompt = warm.render(request);
            int[] whole = tokens(template, request);
            assertEquals(new BlockHasher(Conversation.BLOCK, HashSalt.NONE).hash(whole), prompt.blocks());
            assertEquals(whole.length, prompt.inputTokens());
            assertEquals(renderer(template).render(request).outline(), prompt.outline());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"thinking-tools", "headers", "chatml"})
    void onlyWhatIsNewIsTokenised(String name) {
        PromptRenderer renderer = renderer(ModelFiles.template(name));
        renderer.render(turns(4));
        RenderedPrompt next = renderer.render(turns(5));
        assertTrue(next.inputTokens() > 2_000, "tokens " + next.inputTokens());
        assertTrue(next.computedTokens() < next.inputTokens() / 4, "computed " + next.computedTokens());
        assertTrue(renderer.render(turns(5)).computedTokens() < 20, "only what makes the model speak");
    }

    @ParameterizedTest
    @ValueSource(strings = {"thinking-tools", "headers", "chatml"})
    void aMarkKeepsTheFullBlocksUpToItsMessage(String name) {
        ModelTemplate template = ModelFiles.template(name);
        InferenceRequest marked = turns(2, new CacheMark(2, 0, Duration.ofHours(1)));
        RenderedPrompt prompt = renderer(template).render(marked);
        int[] whole = tokens(template, marked);
        InferenceRequest other = turns(0);
        InferenceRequest before = new InferenceRequest(
                other.turn(),
                other.model(),
                other.session(),
                other.tools(),
                other.toolChoice(),
                true,
                marked.messages().subList(0, 3),
                other.sampling(),
                other.effort(),
                other.hints(),
                List.of());
        int shared = Arrays.mismatch(whole, tokens(template, before));
        assertEquals(1, prompt.marks().size());
        int blocks = prompt.marks().get(0).blocks();
        assertTrue(blocks > 20 && blocks <= shared / Conversation.BLOCK, blocks + " of " + shared + " tokens");
        assertArrayEquals(
                Arrays.copyOf(whole, blocks * Conversation.BLOCK),
                Arrays.copyOf(tokens(template, before), blocks * Conversation.BLOCK));
    }

    @Test
    void whatAnEngineSaysItStoredIsWhatThePromptIsMadeOf() {
        ModelTemplate template = ModelFiles.template("thinking-tools");
        InferenceRequest request = turns(2);
        RenderedPrompt prompt = renderer(template).render(request);
        int full = prompt.blocks().size();
        int[] engineTokens = Arrays.copyOf(
                ModelFiles.READ.encode(ModelFiles.text("thinking-tools", request)), full * Conversation.BLOCK);
        List<Long> ours = new ArrayList<>();

        new EngineBlockMap(Conversation.BLOCK)
                .apply(
                        new EngineEvent.Stored(
                                LongStream.range(0, full).toArray(),
                                null,
                                engineTokens,
                                KvTier.DEVICE,
                                -1,
                                null,
                                null,
                                List.of()),
                        event -> {
                            if (event instanceof KvEvent.BlocksStored stored) {
                                LongStream.of(stored.sequenceHashes()).forEach(ours::add);
                            }
                        });

        assertArrayEquals(
                prompt.blocks().toArray(),
                ours.stream().mapToLong(Long::longValue).toArray());
    }
}
