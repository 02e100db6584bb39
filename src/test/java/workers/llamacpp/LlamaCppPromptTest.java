package workers.llamacpp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import inference.Message;
import inference.ReasoningEffort;
import inference.Role;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import testkit.ActorTestKitExtension;
import testkit.RandomConversations;

/** What a llama-server's answers to a prompt mean, by their shapes. */
@Timeout(60)
class LlamaCppPromptTest {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.create();

    private final BlockingQueue<String> asked = new LinkedBlockingQueue<>();
    private HttpServer server;
    private int status = 200;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        server.createContext(
                "/apply-template", exchange -> answer(exchange, status, "{\"prompt\":\"<|im_start|>hi\"}"));
        server.createContext("/tokenize", exchange -> answer(exchange, 200, "{\"tokens\":[257,104,105]}"));
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void theTextThatItsTemplateMakesIsTokenised() throws Exception {
        assertArrayEquals(new int[] {257, 104, 105}, promptTokens().orElseThrow());

        String template = asked.take();
        assertTrue(template.contains("\"add_generation_prompt\":false"), template);
        assertTrue(template.contains("\"chat_template_kwargs\":{\"reasoning_effort\":\"low\"}"), template);
        assertEquals("{\"content\":\"<|im_start|>hi\",\"add_special\":true,\"parse_special\":true}", asked.take());
    }

    /** It says 500 where its template fails. */
    @ParameterizedTest
    @ValueSource(ints = {400, 404, 500})
    void aPromptThatIsRefusedIsNotTold(int refusal) throws Exception {
        status = refusal;

        assertTrue(promptTokens().isEmpty());
    }

    @Test
    void aServerThatLoadsItsModelTellsNothingYet() {
        status = 503;

        assertThrows(ExecutionException.class, this::promptTokens);
    }

    private Optional<int[]> promptTokens() throws Exception {
        return Clients.of(
                        kit.kit().system().classicSystem(),
                        "http://127.0.0.1:" + server.getAddress().getPort(),
                        null)
                .promptTokens(
                        RandomConversations.request(
                                "t", List.of(), List.of(Message.text(Role.USER, "hi")), ReasoningEffort.LOW),
                        false)
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
    }

    private void answer(HttpExchange exchange, int code, String body) throws IOException {
        asked.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(code, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
