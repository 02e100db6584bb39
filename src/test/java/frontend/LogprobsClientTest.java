package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.stream.javadsl.Source;
import com.openai.client.OpenAIClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionTokenLogprob;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseIncludable;
import com.openai.models.responses.ResponseOutputText;
import com.openai.models.responses.ResponseStreamEvent;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.TokenLogprob;
import inference.Usage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Log probabilities as the official client sees them, in both of OpenAI's dialects. */
class LogprobsClientTest {
    private static final TokenLogprob HEL = token("Hel", -0.25);
    private static final TokenLogprob LO = token("lo", -0.5);
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
    void chatTellsThemStreamedAndNot() throws InterruptedException {
        answerHello();
        ChatCompletionCreateParams params = ChatCompletionCreateParams.builder()
                .model("sim-echo")
                .addUserMessage("hi")
                .logprobs(true)
                .topLogprobs(2)
                .build();
        ChatCompletionAccumulator streamed = ChatCompletionAccumulator.create();
        List<String> tokens = new ArrayList<>();
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(params)) {
            stream.stream().forEach(chunk -> {
                chunk.validate();
                streamed.accumulate(chunk);
                chunk.choices().forEach(choice -> choice.logprobs()
                        .flatMap(ChatCompletionChunk.Choice.Logprobs::content)
                        .ifPresent(content -> content.forEach(
                                one -> tokens.add(choice.delta().content().orElseThrow() + "=" + one.token()))));
            });
        }
        assertEquals(List.of("Hel=Hel", "lo=lo"), tokens);
        for (ChatCompletion answer : List.of(client.chat().completions().create(params), streamed.chatCompletion())) {
            answer.validate();
            List<ChatCompletionTokenLogprob> content =
                    answer.choices().get(0).logprobs().orElseThrow().content().orElseThrow();
            assertEquals(-0.25, content.get(0).logprob());
            assertEquals(List.of(108L, 111L), content.get(1).bytes().orElseThrow());
            assertEquals("other", content.get(1).topLogprobs().get(1).token());
        }
        assertEquals(2, frontend.nextSeen().sampling().topLogprobs());
        frontend.seen.clear();
    }

    @Test
    void responsesTellThemStreamedAndNot() throws InterruptedException {
        answerHello();
        ResponseCreateParams params = ResponseCreateParams.builder()
                .model("sim-echo")
                .input("hi")
                .topLogprobs(2)
                .addInclude(ResponseIncludable.MESSAGE_OUTPUT_TEXT_LOGPROBS)
                .build();
        ResponseAccumulator streamed = ResponseAccumulator.create();
        List<String> deltas = new ArrayList<>();
        try (StreamResponse<ResponseStreamEvent> events = client.responses().createStreaming(params)) {
            events.stream().forEach(event -> {
                event.validate();
                streamed.accumulate(event);
                event.outputTextDelta().ifPresent(delta -> delta.logprobs()
                        .forEach(one -> deltas.add(delta.delta() + "=" + one.token())));
                event.outputTextDone()
                        .ifPresent(done -> assertEquals(2, done.logprobs().size()));
            });
        }
        assertEquals(List.of("Hel=Hel", "lo=lo"), deltas);
        for (Response answer : List.of(client.responses().create(params), streamed.response())) {
            answer.validate();
            assertEquals(2, answer.topLogprobs().orElseThrow());
            List<ResponseOutputText.Logprob> tokens = answer.output()
                    .get(0)
                    .asMessage()
                    .content()
                    .get(0)
                    .asOutputText()
                    .logprobs()
                    .orElseThrow();
            assertEquals(-0.25, tokens.get(0).logprob());
            assertEquals(List.of(108L, 111L), tokens.get(1).bytes());
            assertEquals("other", tokens.get(1).topLogprobs().get(1).token());
            assertEquals(
                    answer.output(), client.responses().retrieve(answer.id()).output());
        }
        assertEquals(2, frontend.nextSeen().sampling().topLogprobs());
        frontend.seen.clear();
    }

    @Test
    void whoeverDoesNotAskIsNotTold() {
        frontend.script = request -> FrontendFixture.answer("Hello");
        ChatCompletion answer = client.chat()
                .completions()
                .create(ChatCompletionCreateParams.builder()
                        .model("sim-echo")
                        .addUserMessage("hi")
                        .build());
        assertTrue(answer.choices().get(0).logprobs().isEmpty());
        frontend.seen.clear();
    }

    @Test
    void aFleetWithoutThemIsA400ThatNamesTheFieldOfTheDialect() {
        frontend.script = request -> Source.single(
                new InferenceEvent.Failed(InferenceFailure.invalid("logprobs", "no worker tells log probabilities")));
        for (boolean stream : List.of(false, true)) {
            assertEquals("logprobs", refused(() -> chat(stream)));
            assertEquals("include", refused(() -> responses(stream, null)));
            assertEquals("top_logprobs", refused(() -> responses(stream, 3L)));
        }
        frontend.seen.clear();
    }

    private static void chat(boolean stream) {
        ChatCompletionCreateParams params = ChatCompletionCreateParams.builder()
                .model("sim-echo")
                .addUserMessage("hi")
                .logprobs(true)
                .build();
        if (stream) {
            try (var refusedAtOnce = client.chat().completions().createStreaming(params)) {
                assertTrue(refusedAtOnce.stream().findFirst().isEmpty());
            }
        } else {
            client.chat().completions().create(params);
        }
    }

    private static void responses(boolean stream, @Nullable Long alternatives) {
        ResponseCreateParams.Builder params = ResponseCreateParams.builder()
                .model("sim-echo")
                .input("hi")
                .addInclude(ResponseIncludable.MESSAGE_OUTPUT_TEXT_LOGPROBS);
        if (alternatives != null) {
            params.topLogprobs(alternatives);
        }
        if (stream) {
            try (var refusedAtOnce = client.responses().createStreaming(params.build())) {
                assertTrue(refusedAtOnce.stream().findFirst().isEmpty());
            }
        } else {
            client.responses().create(params.build());
        }
    }

    private static String refused(Executable ask) {
        return assertThrows(BadRequestException.class, ask).param().orElseThrow();
    }

    private static void answerHello() {
        frontend.script = request -> Source.from(List.of(
                new InferenceEvent.TextDelta("Hel", List.of(HEL)),
                new InferenceEvent.TextDelta("lo", List.of(LO)),
                new InferenceEvent.Finished(FinishReason.STOP, null, new Usage(7, 0, 2, 0))));
    }

    private static TokenLogprob token(String token, double logprob) {
        List<Integer> bytes = token.chars().boxed().toList();
        TokenLogprob.Alternative chosen = new TokenLogprob.Alternative(token, logprob, bytes);
        return new TokenLogprob(chosen, List.of(chosen, new TokenLogprob.Alternative("other", -2, List.of(1, 2))));
    }
}
