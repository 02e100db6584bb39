package replay.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ChatTurnTest {
    private static final String USAGE =
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";

    private final CountDownLatch over = new CountDownLatch(1);
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
    }

    @AfterEach
    void stop() {
        over.countDown();
        server.stop(0);
    }

    @Test
    void aToolCallIsAFirstTokenAndAnEmptyDeltaIsNone() throws Exception {
        streams(
                "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"
                        + "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0}]}}]}\n\n" + USAGE,
                false);
        ChatTurn.Answer answer = turn(Duration.ofMinutes(1));
        assertNull(answer.failure());
        assertEquals(77, answer.firstTokenNanos());
    }

    @Test
    void aStreamWithoutATokenHasNoFirstOne() throws Exception {
        streams(USAGE, false);
        assertEquals(0, turn(Duration.ofMinutes(1)).firstTokenNanos());
    }

    @Test
    void aStreamThatNeverEndsIsGivenUp() throws Exception {
        streams(": keep-alive\n\n", true);
        assertEquals(
                "the answer was not complete after PT1S",
                turn(Duration.ofSeconds(1)).failure());
    }

    private ChatTurn.Answer turn(Duration limit) throws InterruptedException {
        URI node = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        return new ChatTurn(node, "m", "s", List.of("x"), 2, limit).run(HttpClient.newHttpClient(), () -> 77);
    }

    private void streams(String text, boolean forEver) {
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream body = exchange.getResponseBody()) {
                body.write(text.getBytes(StandardCharsets.UTF_8));
                body.flush();
                if (forEver) {
                    over.await();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }
}
