package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

    private static String header(HttpResponse<String> answer, String name) {
        return answer.headers().firstValue(name).orElseThrow();
    }

    private static FrontendSettings limitedTo(int requestsPerMinute) {
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
                requestsPerMinute,
                open.promptNoise());
    }
}
