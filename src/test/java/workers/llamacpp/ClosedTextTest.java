package workers.llamacpp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Conversation;
import akka.stream.javadsl.Sink;
import com.sun.net.httpserver.HttpServer;
import inference.InferenceEvent;
import inference.InferenceRequest;
import inference.Message;
import inference.Role;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import workers.EngineClient;
import workers.Seat;

/** A server, older than those that the integration tests run, whose prompts end a last message of the model's like any other. */
@Timeout(60)
class ClosedTextTest {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.create();

    private final BlockingQueue<String> asked = new LinkedBlockingQueue<>();

    @Test
    void isNotMadeToGoOnAndNotAskedAgain() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            asked.add(exchange.getRequestURI().getPath()
                    + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            byte[] prompt =
                    "{\"prompt\":\"<|im_start|>assistant\\nbegun<|im_end|>\\n\"}".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, prompt.length);
            exchange.getResponseBody().write(prompt);
            exchange.close();
        });
        server.start();
        try {
            EngineClient client =
                    client("http://127.0.0.1:" + server.getAddress().getPort());
            InferenceRequest request = Conversation.request("turn-1", "u:hello");
            Message begun = Message.text(Role.ASSISTANT, "begun");
            assertTrue(client.resumes(request, begun));

            List<InferenceEvent> events = client.resume(request, begun, Seat.ANY)
                    .runWith(Sink.seq(), kit.kit().system())
                    .toCompletableFuture()
                    .get(20, TimeUnit.SECONDS);

            assertEquals(1, events.size());
            String why = assertInstanceOf(InferenceEvent.Failed.class, events.get(0))
                    .failure()
                    .message();
            assertTrue(why.contains("does not end a prompt in what was said"), why);
            assertFalse(client.resumes(request, begun));
            assertEquals(1, asked.size());
            for (String part : List.of(
                    "/apply-template{",
                    "{\"role\":\"assistant\",\"content\":\"begun\"}]",
                    "\"continue_final_message\":true",
                    "\"add_generation_prompt\":false",
                    "\"chat_template_kwargs\":{\"enable_thinking\":false}")) {
                assertTrue(asked.element().contains(part), asked.element());
            }
        } finally {
            server.stop(0);
        }
    }

    private static EngineClient client(String url) {
        return Clients.of(kit.kit().system().classicSystem(), url, null);
    }
}
