package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.stream.javadsl.Source;
import inference.TurnClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Bodies that have room one by one but not together, over real connections. */
class BodiesTogetherTest {
    private static final int LARGE = 90_000;

    @Test
    void whatFindsNoRoomWaitsForItAndEveryBodyGivesItBack() throws Exception {
        try (FrontendFixture frontend = FrontendFixture.start(room(150_000))) {
            CompletableFuture<HttpResponse<String>> waits;
            try (Socket slow = new Socket(InetAddress.getLoopbackAddress(), frontend.port())) {
                sendHalf(slow);
                whenFull(frontend);
                HttpResponse<String> refused = unknownLength(frontend, "/v1/chat/completions");
                assertEquals("1", refused.headers().firstValue("retry-after").orElseThrow());
                assertTrue(refused.body().contains("holdfast.frontend.bodies-share"), refused.body());
                HttpResponse<String> anthropic = unknownLength(frontend, "/v1/messages");
                assertEquals(529, anthropic.statusCode());
                assertTrue(anthropic.body().contains("\"overloaded_error\""), anthropic.body());
                waits = frontend.client.sendAsync(
                        request(frontend, "/v1/chat/completions")
                                .POST(BodyPublishers.ofString(large()))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                assertEquals(200, frontend.chat(HttpServerTest.MINIMAL).statusCode(), "a small one waits for nobody");
            }
            assertEquals(200, FrontendFixture.join(waits).statusCode(), "the slow client has gone");
            List<CompletableFuture<HttpResponse<String>>> crowd = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                String body = i % 4 == 0 ? large().replace('{', '[') : large();
                crowd.add(frontend.client.sendAsync(
                        request(frontend, "/v1/chat/completions")
                                .POST(BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString()));
            }
            for (int i = 0; i < crowd.size(); i++) {
                assertEquals(
                        i % 4 == 0 ? 400 : 200,
                        FrontendFixture.join(crowd.get(i)).statusCode());
            }
        }
    }

    @Test
    void aBodyHasItsRoomUntilItsPromptIsMadeAlsoWhenItsClientLeaves() throws Exception {
        BlockingQueue<TurnClient> unmade = new LinkedBlockingQueue<>();
        try (FrontendFixture frontend = FrontendFixture.start(room(150_000))) {
            frontend.prompts = unmade::add;
            frontend.script = request -> Source.never();
            TurnClient turn;
            try (Socket client = new Socket(InetAddress.getLoopbackAddress(), frontend.port())) {
                send(client, large());
                turn = Objects.requireNonNull(unmade.poll(30, TimeUnit.SECONDS));
                assertEquals(
                        503, unknownLength(frontend, "/v1/chat/completions").statusCode());
            }
            CompletableFuture<Void> left = new CompletableFuture<>();
            turn.whenLeft(() -> left.complete(null));
            FrontendFixture.join(left);
            assertEquals(503, unknownLength(frontend, "/v1/chat/completions").statusCode());
            frontend.prompts = frontend::prompted;
            frontend.script = request -> FrontendFixture.answer("hello");
            frontend.prompted(turn);
            assertEquals(200, unknownLength(frontend, "/v1/chat/completions").statusCode());
        }
    }

    @Test
    void aBodyOfWhichNothingCanBeMadeGivesItsRoomBack() {
        try (FrontendFixture frontend = FrontendFixture.start(room(150_000))) {
            frontend.prompts = turn -> {
                throw new AssertionError("no memory for it");
            };
            assertEquals(500, frontend.chat(large()).statusCode());
            frontend.prompts = frontend::prompted;
            assertEquals(200, unknownLength(frontend, "/v1/chat/completions").statusCode());
        }
    }

    @Test
    void whatIsTooLargeTakesNoRoom() throws Exception {
        try (FrontendFixture frontend = FrontendFixture.start(room(150_000));
                Socket slow = new Socket(InetAddress.getLoopbackAddress(), frontend.port())) {
            sendHalf(slow);
            whenFull(frontend);
            HttpResponse<String> refused = frontend.chat(large().replace("x".repeat(1000), "x".repeat(2000)));
            assertEquals(413, refused.statusCode(), refused.body());
        }
    }

    @Test
    void aBodyThatDoesNotArriveInTimeGivesItsRoomToTheNext() throws Exception {
        FrontendSettings impatient = with(new FrontendSettings.Bodies(100_000, 100_000, Duration.ofMillis(500)));
        try (FrontendFixture frontend = FrontendFixture.start(impatient);
                Socket slow = new Socket(InetAddress.getLoopbackAddress(), frontend.port())) {
            sendHalf(slow);
            whenFull(frontend);
            // Waits as long as the slow one has, so either may give up first.
            frontend.chat(large());
            HttpResponse<String> next = frontend.chat(large());
            assertEquals(200, next.statusCode(), next.body());
        }
    }

    /** Waits until the slow client's body has its room: until then, one of unknown length finds some. */
    private static void whenFull(FrontendFixture frontend) {
        HttpResponse<String> answer = unknownLength(frontend, "/v1/chat/completions");
        while (answer.statusCode() == 200) {
            answer = unknownLength(frontend, "/v1/chat/completions");
        }
        assertEquals(503, answer.statusCode(), answer.body());
    }

    private static HttpResponse<String> unknownLength(FrontendFixture frontend, String path) {
        return frontend.send(request(frontend, path)
                .POST(BodyPublishers.fromPublisher(BodyPublishers.ofString(large())))
                .build());
    }

    private static HttpRequest.Builder request(FrontendFixture frontend, String path) {
        return HttpRequest.newBuilder(frontend.uri(path)).header("content-type", "application/json");
    }

    private static void sendHalf(Socket socket) throws IOException {
        send(socket, large().substring(0, LARGE / 2));
    }

    /** Sends what is there of a large body. */
    private static void send(Socket socket, String body) throws IOException {
        String head =
                "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
                        + LARGE + "\r\n\r\n";
        socket.getOutputStream().write((head + body).getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
    }

    private static String large() {
        return HttpServerTest.MINIMAL.replace("hi", "x".repeat(LARGE - HttpServerTest.MINIMAL.length() + 2));
    }

    private static FrontendSettings room(long bytes) {
        return with(new FrontendSettings.Bodies(100_000, bytes, Duration.ofSeconds(20)));
    }

    private static FrontendSettings with(FrontendSettings.Bodies bodies) {
        FrontendSettings open = FrontendFixture.SETTINGS;
        return new FrontendSettings(
                open.host(),
                open.port(),
                open.apiKeys(),
                bodies,
                open.firstByteAfter(),
                open.keepAliveInterval(),
                open.drainTimeout(),
                open.maxChoices(),
                open.keepResponses(),
                open.maxResponses(),
                open.rates(),
                open.promptNoise());
    }
}
