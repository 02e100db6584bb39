package workers.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import akka.stream.javadsl.Sink;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import inference.AgentHints;
import inference.InferenceEvent;
import inference.InferenceRequest;
import inference.Message;
import inference.Role;
import inference.Sampling;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.ToolChoice;
import inference.TurnId;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import kv.WorkerId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import workers.Seat;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;

/** An engine that sees on which connection, told apart by the client's port, each request comes. */
@Timeout(60)
class EngineConnectionsTest {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.create();

    private static final String TEXT = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
    private static final String END =
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final BlockingQueue<Integer> ports = new LinkedBlockingQueue<>();
    private final CountDownLatch clientLeft = new CountDownLatch(1);
    private HttpServer server;
    private volatile Script script = out -> write(out, TEXT + END);
    private volatile boolean closes;

    /** What the engine says. */
    private interface Script {
        void answer(OutputStream out) throws IOException, InterruptedException;
    }

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::serve);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        threads.shutdownNow();
    }

    @Test
    void anAnswerReadToItsEndLeavesItsConnectionToTheNextRequest() throws Exception {
        OpenAiEngineClient client = client(Duration.ofMinutes(1));
        whole(client);

        assertServesAgain(ports.take(), client);
    }

    @Test
    void aListenerThatLeavesWithTheLastEventLeavesTheConnectionToTheNextRequest() throws Exception {
        CountDownLatch listenerLeft = new CountDownLatch(1);
        script = out -> {
            write(out, TEXT + END);
            listenerLeft.await();
        };
        OpenAiEngineClient client = client(Duration.ofMinutes(1));
        InferenceEvent last = client.generate(request(), Seat.ANY)
                .filter(InferenceEvent::terminal)
                .runWith(Sink.head(), kit.kit().system())
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
        assertInstanceOf(InferenceEvent.Finished.class, last);
        listenerLeft.countDown();

        assertServesAgain(ports.take(), client);
    }

    @Test
    void aConnectionCutInsideAnAnswerIsNotUsedAgain() throws Exception {
        script = out -> {
            while (true) {
                write(out, TEXT);
            }
        };
        OpenAiEngineClient client = client(Duration.ofMinutes(1));
        client.generate(request(), Seat.ANY)
                .runWith(Sink.head(), kit.kit().system())
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
        clientLeft.await();
        script = out -> write(out, TEXT + END);
        whole(client);

        assertNotEquals(ports.take(), ports.take());
    }

    @Test
    void aConnectionThatTheEngineClosesIsNotUsedAgain() throws Exception {
        closes = true;
        OpenAiEngineClient client = client(Duration.ofMinutes(1));
        whole(client);
        whole(client);

        assertNotEquals(ports.take(), ports.take());
    }

    @Test
    void withoutKeepingEveryRequestHasAConnectionOfItsOwn() throws Exception {
        OpenAiEngineClient client = client(Duration.ZERO);
        whole(client);
        whole(client);

        assertNotEquals(ports.take(), ports.take());
    }

    /** The end of a body may come after the last event: until then, requests get other connections. */
    private void assertServesAgain(int port, OpenAiEngineClient client) throws Exception {
        do {
            whole(client);
        } while (ports.take() != port);
    }

    private void serve(HttpExchange exchange) throws IOException {
        ports.add(exchange.getRemoteAddress().getPort());
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            if (closes) {
                exchange.getResponseHeaders().set("Connection", "close");
            }
            exchange.sendResponseHeaders(200, 0);
            script.answer(exchange.getResponseBody());
        } catch (IOException e) {
            clientLeft.countDown();
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private static void whole(OpenAiEngineClient client) throws Exception {
        List<InferenceEvent> events = client.generate(request(), Seat.ANY)
                .runWith(Sink.seq(), kit.kit().system())
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
        assertEquals(2, events.size());
        assertInstanceOf(InferenceEvent.Finished.class, events.get(1));
    }

    private OpenAiEngineClient client(Duration keepConnections) {
        OpenAiSettings settings = new OpenAiSettings(
                Duration.ofSeconds(5),
                keepConnections,
                Duration.ofMinutes(1),
                Duration.ofSeconds(2),
                EnginePriority.OFF,
                ResumedAnswers.OFF,
                false,
                new EngineFacts(List.of(), 16, 100, 8192, 256, 99, EngineCapabilities.NONE));
        String url = "http://127.0.0.1:" + server.getAddress().getPort();
        return new OpenAiEngineClient(kit.kit().system().classicSystem(), new WorkerId(url), settings);
    }

    private static InferenceRequest request() {
        return new InferenceRequest(
                new TurnId("turn-1"),
                "base",
                new SessionContext(TenantId.DEFAULT, new SessionId("s"), null, false),
                List.of(),
                ToolChoice.AUTO,
                true,
                List.of(Message.text(Role.USER, "hi")),
                Sampling.DEFAULT,
                null,
                AgentHints.NONE,
                List.of());
    }
}
