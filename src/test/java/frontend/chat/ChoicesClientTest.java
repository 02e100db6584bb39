package frontend.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.Done;
import akka.NotUsed;
import akka.stream.javadsl.Source;
import com.openai.client.OpenAIClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.InternalServerException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.CompletionUsage;
import frontend.FrontendFixture;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceRequest;
import inference.TokenLogprob;
import inference.TurnId;
import inference.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Several answers to one request ({@code n}), as the official client sees them. */
class ChoicesClientTest {
    private static final int CHOICES = 3;
    private static final Ends ENDS = new Ends();

    private static FrontendFixture frontend;
    private static OpenAIClient client;

    @BeforeAll
    static void start() {
        frontend = FrontendFixture.start();
        client = frontend.openAi();
    }

    @AfterAll
    static void stop() {
        client.close();
        frontend.close();
    }

    @Test
    void eachChoiceIsWholeStreamedAndNot() {
        frontend.script = ChoicesClientTest::answer;
        ChatCompletionCreateParams params = ask().logprobs(true)
                .stop("END")
                .streamOptions(
                        ChatCompletionStreamOptions.builder().includeUsage(true).build())
                .build();
        ChatCompletionAccumulator streamed = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(params)) {
            stream.stream().forEach(chunk -> {
                chunk.validate();
                streamed.accumulate(chunk);
            });
        }
        for (ChatCompletion answer : List.of(client.chat().completions().create(params), streamed.chatCompletion())) {
            answer.validate();
            List<ChatCompletion.Choice> choices = answer.choices();
            assertEquals(
                    List.of(0L, 1L, 2L),
                    choices.stream().map(ChatCompletion.Choice::index).toList());
            assertEquals("text 0", choices.get(0).message().content().orElseThrow());
            assertEquals(
                    "text 0",
                    choices.get(0)
                            .logprobs()
                            .orElseThrow()
                            .content()
                            .orElseThrow()
                            .get(0)
                            .token());
            assertEquals(ChatCompletion.Choice.FinishReason.STOP, choices.get(0).finishReason());
            var calls = choices.get(1).message().toolCalls().orElseThrow();
            assertEquals(
                    List.of("call_a", "call_b"),
                    calls.stream().map(call -> call.asFunction().id()).toList());
            assertEquals("{\"n\":1}", calls.get(1).asFunction().function().arguments());
            assertEquals(
                    ChatCompletion.Choice.FinishReason.TOOL_CALLS,
                    choices.get(1).finishReason());
            assertEquals("text 2", choices.get(2).message().content().orElseThrow());
            assertEquals(
                    ChatCompletion.Choice.FinishReason.LENGTH, choices.get(2).finishReason());
            CompletionUsage usage = answer.usage().orElseThrow();
            assertEquals(100, usage.promptTokens());
            assertEquals(15, usage.completionTokens());
            assertEquals(115, usage.totalTokens());
            assertEquals(
                    10, usage.promptTokensDetails().orElseThrow().cachedTokens().orElseThrow());
        }
        frontend.seen.clear();
    }

    @Test
    void aChoiceThatFailsFailsTheRequest() {
        frontend.script = request -> FrontendFixture.choice(request) == 1
                ? Source.single(new InferenceEvent.Failed(
                        InferenceFailure.of(InferenceFailure.Kind.ENGINE_FAILED, "the engine died")))
                : Source.<InferenceEvent>maybe().mapMaterializedValue(never -> NotUsed.getInstance());
        for (boolean stream : List.of(false, true)) {
            assertThrows(InternalServerException.class, () -> {
                if (stream) {
                    client.chat().completions().createStreaming(ask().build()).close();
                } else {
                    client.chat().completions().create(ask().build());
                }
            });
        }
        frontend.seen.clear();
    }

    @Test
    void aRepeatedKeyRepeatsTheNamesOfAllItsTurns() throws InterruptedException {
        frontend.script = ChoicesClientTest::answer;
        List<List<TurnId>> named = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            client.chat()
                    .completions()
                    .create(ask().putAdditionalHeader("Idempotency-Key", "k").build());
            named.add(List.of(
                    frontend.nextSeen().turn(),
                    frontend.nextSeen().turn(),
                    frontend.nextSeen().turn()));
        }
        assertEquals(3, named.get(0).stream().distinct().count());
        assertTrue(named.get(1).containsAll(named.get(0)), named.toString());
    }

    @Test
    void moreThanTheLimitIsARefusedField() {
        BadRequestException refused = assertThrows(
                BadRequestException.class,
                () -> client.chat().completions().create(ask().n(5).build()));
        assertEquals("n", refused.param().orElseThrow());
    }

    private static ChatCompletionCreateParams.Builder ask() {
        return ChatCompletionCreateParams.builder()
                .model("sim-echo")
                .addUserMessage("hi")
                .n(CHOICES)
                .putAdditionalBodyProperty("seed", JsonValue.from(0));
    }

    /** By the seed, which counts up: text, two calls, text that is cut off. The first finds 10 tokens cached, the others 90. */
    private static Source<InferenceEvent, NotUsed> answer(InferenceRequest request) {
        int choice = FrontendFixture.choice(request);
        List<InferenceEvent> events = new ArrayList<>();
        if (choice == 1) {
            events.add(new InferenceEvent.ToolCallStarted(0, "call_a", "ls"));
            events.add(new InferenceEvent.ToolCallStarted(1, "call_b", "cat"));
            events.add(new InferenceEvent.ToolCallDelta(1, "{\"n\":"));
            events.add(new InferenceEvent.ToolCallDelta(1, "1}"));
        } else {
            String text = "text " + choice;
            events.add(new InferenceEvent.TextDelta(
                    text, List.of(new TokenLogprob(new TokenLogprob.Alternative(text, -0.5, List.of(1)), List.of()))));
        }
        FinishReason reason = choice == 2 ? FinishReason.LENGTH : FinishReason.STOP;
        InferenceEvent end = new InferenceEvent.Finished(reason, null, new Usage(100, choice == 0 ? 10 : 90, 5, 0));
        return Source.from(events).concatLazy(Source.lazyCompletionStage(() -> ENDS.next(end)));
    }

    /** The ends of a request's answers, which come when all have begun: the client takes them for the end of the request. */
    private static final class Ends {
        private CompletableFuture<Done> allBegun = new CompletableFuture<>();
        private int begun;

        synchronized CompletionStage<InferenceEvent> next(InferenceEvent end) {
            CompletionStage<InferenceEvent> comes = allBegun.thenApply(done -> end);
            if (++begun % CHOICES == 0) {
                allBegun.complete(Done.getInstance());
                allBegun = new CompletableFuture<>();
            }
            return comes;
        }
    }
}
