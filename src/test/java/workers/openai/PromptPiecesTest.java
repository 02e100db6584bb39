package workers.openai;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import inference.InferenceRequest;
import inference.PromptFingerprint;
import inference.pieces.PieceTeller;
import inference.pieces.PiecedPrompt;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import testkit.ActorTestKitExtension;
import testkit.RandomConversations;
import testkit.RandomConversations.Shape;
import testkit.TokenisingEngine;

/** The tokens of pieces, one after the other, against those of whole prompts, both by the word of a server with a real template. */
@Timeout(120)
class PromptPiecesTest {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.create();

    /** Only a text that begins with white space which the template's own runs into is not told, of a template without control tokens. */
    @ParameterizedTest
    @CsvSource({
        "thinking-tools,3,true,240",
        "continued,3,true,240",
        "headers,1,false,240",
        "chatml,0,false,240",
        "instructions,0,false,234"
    })
    void piecesMakeTheWholePromptOrNone(String template, int calls, boolean reasoning, int expected) throws Exception {
        try (TokenisingEngine engine = new TokenisingEngine(template)) {
            OpenAiEngineClient client = client(engine);
            int told = 0;
            PieceTeller teller = new PieceTeller(client);
            for (int seed = 0; seed < 40; seed++) {
                for (InferenceRequest request : new RandomConversations(seed, new Shape(calls, reasoning)).session(6)) {
                    int[] whole = get(client.promptTokens(request, true)).orElseThrow();
                    Optional<int[]> pieces = told(teller, request);
                    if (pieces.isPresent()) {
                        told++;
                        assertArrayEquals(whole, pieces.get(), request::toString);
                    }
                }
            }
            assertEquals(expected, told, "prompts told");
        }
    }

    private static Optional<int[]> told(PieceTeller teller, InferenceRequest request) throws Exception {
        PiecedPrompt prompt = prompt(request);
        return get(teller.tell(prompt, 0))
                .map(pieces -> pieces.stream().flatMapToInt(Arrays::stream).toArray());
    }

    private static PiecedPrompt prompt(InferenceRequest request) {
        return Objects.requireNonNull(
                PiecedPrompt.of(request, PromptFingerprint.chain(request.tools(), request.messages())));
    }

    private static OpenAiEngineClient client(TokenisingEngine engine) {
        return TokenisingEngine.client(kit.kit().system(), engine.url());
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
    }
}
