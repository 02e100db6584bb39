package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.stream.javadsl.Source;
import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.http.HttpResponseFor;
import com.anthropic.errors.RateLimitException;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCreateParams;
import com.openai.client.OpenAIClient;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.Usage;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServiceHeadersTest {
    private static final String CHAT = "{\"model\":\"sim-echo\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    private static final String MESSAGES =
            "{\"model\":\"sim-echo\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    @Test
    void openAisAnswersNameVersionAndTimeAndOthersDoNot() {
        try (FrontendFixture frontend = FrontendFixture.start()) {
            for (HttpResponse<String> answer :
                    List.of(frontend.chat(CHAT), frontend.chat("{"), frontend.get("/v1/models"))) {
                assertEquals("2020-10-01", header(answer, "openai-version"));
                assertTrue(Long.parseLong(header(answer, "openai-processing-ms")) >= 0);
                assertTrue(
                        answer.headers()
                                .firstValue("x-ratelimit-limit-requests")
                                .isEmpty(),
                        "there is no limit");
            }
            for (HttpResponse<String> answer :
                    List.of(frontend.post("/v1/messages", MESSAGES), frontend.get("/health/live"))) {
                assertTrue(answer.headers().firstValue("openai-version").isEmpty());
            }
        }
    }

    @Test
    void whatIsAboveTheRateIsRefusedAndEachAnswerTellsWhatIsLeft() {
        try (FrontendFixture frontend = FrontendFixture.start(limitedTo(2))) {
            HttpResponse<String> first = frontend.chat(CHAT);
            assertEquals(200, first.statusCode());
            assertEquals("2", header(first, "x-ratelimit-limit-requests"));
            assertEquals("1", header(first, "x-ratelimit-remaining-requests"));
            assertTrue(header(first, "x-ratelimit-reset-requests").matches("\\d+ms"));
            HttpResponse<String> second = frontend.post("/v1/messages", MESSAGES);
            assertEquals(200, second.statusCode());
            assertEquals("2", header(second, "anthropic-ratelimit-requests-limit"));
            assertEquals("0", header(second, "anthropic-ratelimit-requests-remaining"));
            assertTrue(Instant.parse(header(second, "anthropic-ratelimit-requests-reset"))
                    .isBefore(Instant.now().plus(Duration.ofMinutes(2))));
            HttpResponse<String> third = frontend.post("/v1/messages", MESSAGES);
            assertEquals(429, third.statusCode());
            assertTrue(third.body().contains("\"rate_limit_error\""), third.body());
            assertTrue(third.body().contains("holdfast.frontend.requests-per-minute"), third.body());
            assertTrue(Integer.parseInt(header(third, "retry-after")) <= 30);
            assertEquals("0", header(third, "anthropic-ratelimit-requests-remaining"));
            assertEquals(
                    429,
                    frontend.post("/v1/responses", "{\"model\":\"sim-echo\",\"input\":\"hi\"}")
                            .statusCode());
            assertEquals(200, frontend.get("/v1/models").statusCode(), "only requests to models count");
        }
    }

    @Test
    void theOfficialClientsReadHowManyTokensAreLeftAndThatThereAreNone() {
        FrontendSettings limited = limitedTo(new FrontendSettings.Rates(0, 100_000));
        try (FrontendFixture frontend = FrontendFixture.start(limited)) {
            OpenAIClient openAi = frontend.openAi();
            AnthropicClient anthropic = AnthropicOkHttpClient.builder()
                    .baseUrl(frontend.uri("").toString())
                    .apiKey("any")
                    .maxRetries(0)
                    .build();
            try (HttpResponseFor<Message> first =
                    anthropic.messages().withRawResponse().create(message())) {
                assertEquals(List.of("100000"), first.headers().values("anthropic-ratelimit-tokens-limit"));
                // 11 of the prompt, 4 of them cached, and 3 of the answer.
                assertEquals(List.of("99990"), first.headers().values("anthropic-ratelimit-tokens-remaining"));
                assertEquals(List.of(), first.headers().values("anthropic-ratelimit-requests-limit"));
                first.parse().validate();
            }

            frontend.script = request -> Source.single(
                    new InferenceEvent.Finished(FinishReason.STOP, null, new Usage(200_000, 0, 100_000, 0)));
            try (com.openai.core.http.HttpResponseFor<ChatCompletion> second =
                    openAi.chat().completions().withRawResponse().create(chat())) {
                assertEquals(List.of("100000"), second.headers().values("x-ratelimit-limit-tokens"));
                assertEquals(List.of("0"), second.headers().values("x-ratelimit-remaining-tokens"));
                assertTrue(second.headers()
                        .values("x-ratelimit-reset-tokens")
                        .get(0)
                        .matches("\\d+ms"));
            }

            com.openai.errors.RateLimitException chatRefused = assertThrows(
                    com.openai.errors.RateLimitException.class,
                    () -> openAi.chat().completions().create(chat()));
            assertEquals("rate_limit_exceeded", chatRefused.code().orElseThrow());
            assertEquals("rate_limit_error", chatRefused.type().orElseThrow());
            // 200,010 are owed, and one is estimated.
            assertEquals(List.of("121"), chatRefused.headers().values("retry-after"));
            RateLimitException refused = assertThrows(
                    RateLimitException.class, () -> anthropic.messages().create(message()));
            assertTrue(
                    refused.body().toString().contains("rate_limit_error"),
                    refused.body().toString());
            assertTrue(
                    refused.body().toString().contains("holdfast.frontend.tokens-per-minute"),
                    refused.body().toString());
            assertEquals(List.of("0"), refused.headers().values("anthropic-ratelimit-tokens-remaining"));
            assertEquals(
                    429,
                    frontend.post("/v1/responses", "{\"model\":\"sim-echo\",\"input\":\"hi\",\"stream\":true}")
                            .statusCode());
            assertEquals(
                    200, frontend.post("/v1/messages/count_tokens", MESSAGES).statusCode(), "to count uses none");
            anthropic.close();
            openAi.close();
        }
    }

    @Test
    void noPromptOfATurnIsMeasuredBesideIt() {
        String streamed = MESSAGES.replace("{\"model\"", "{\"stream\":true,\"model\"");
        try (FrontendFixture frontend = FrontendFixture.start(limitedTo(new FrontendSettings.Rates(0, 10)))) {
            HttpResponse<String> first = frontend.post("/v1/messages", streamed);
            assertTrue(first.body().contains("\"input_tokens\":11"), first.body());
            assertEquals(429, frontend.post("/v1/messages", streamed).statusCode());
            assertEquals(0, frontend.measured.size(), "its turn knows its length");
        }
    }

    private static MessageCreateParams message() {
        return MessageCreateParams.builder()
                .model("sim-echo")
                .maxTokens(9)
                .addUserMessage("hi")
                .build();
    }

    private static ChatCompletionCreateParams chat() {
        return ChatCompletionCreateParams.builder()
                .model("sim-echo")
                .addUserMessage("hi")
                .build();
    }

    private static String header(HttpResponse<String> answer, String name) {
        return answer.headers().firstValue(name).orElseThrow();
    }

    private static FrontendSettings limitedTo(int requestsPerMinute) {
        return limitedTo(new FrontendSettings.Rates(requestsPerMinute, 0));
    }

    private static FrontendSettings limitedTo(FrontendSettings.Rates rates) {
        FrontendSettings open = FrontendFixture.SETTINGS;
        return new FrontendSettings(
                open.host(),
                open.port(),
                open.apiKeys(),
                open.bodies(),
                open.firstByteAfter(),
                open.keepAliveInterval(),
                open.drainTimeout(),
                open.maxChoices(),
                open.keepResponses(),
                open.maxResponses(),
                rates,
                open.promptNoise());
    }
}
