package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Conversation;
import akka.NotUsed;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.server.Directives;
import akka.http.javadsl.server.Route;
import akka.stream.javadsl.Source;
import akka.stream.testkit.TestSubscriber;
import akka.stream.testkit.javadsl.TestSink;
import akka.util.ByteString;
import com.typesafe.config.ConfigFactory;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.TurnClient;
import inference.Usage;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import metrics.Metrics;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What becomes of answers that nobody reads when the server stops. */
class RunningTurnsTest {
    private static final FrontendSettings SETTINGS = new FrontendSettings(
            "127.0.0.1",
            0,
            List.of(),
            new FrontendSettings.Bodies(100_000, 1 << 20, Duration.ofSeconds(10)),
            Duration.ofMinutes(1),
            Duration.ofMinutes(1),
            Duration.ZERO,
            4,
            Duration.ofDays(1),
            1000,
            FrontendFixture.UNLIMITED,
            FrontendFixture.SETTINGS.promptNoise());
    private static final InferenceEvent.TextDelta HI = new InferenceEvent.TextDelta("hi");
    private static final InferenceEvent.Finished DONE =
            new InferenceEvent.Finished(FinishReason.STOP, null, new Usage(1, 0, 1, 0));
    /** More than sockets and streams take before somebody reads. */
    private static final int MEBIBYTES = 64;

    private static ActorTestKit kit;

    private final List<TurnClient> clients = new ArrayList<>();

    @BeforeAll
    static void start() {
        kit = ActorTestKit.create(ConfigFactory.parseResources("http.conf").withFallback(ConfigFactory.load()));
    }

    @AfterAll
    static void stop() {
        kit.shutdownTestKit();
    }

    private RunningTurns turns(InferenceService service) {
        return new RunningTurns(
                kit.system(), SETTINGS, new TenantRates(SETTINGS.rates(), System::nanoTime), service, new Metrics());
    }

    private static Source<ChoiceEvent, NotUsed> begun(RunningTurns turns, HttpRequest request) {
        return turns.choices(List.of(Conversation.request("1", "u:hi")), ClientConnection.of(request));
    }

    private TestSubscriber.Probe<InferenceEvent> reader(RunningTurns turns) {
        TestSubscriber.Probe<InferenceEvent> reader = begun(turns, HttpRequest.create())
                .map(ChoiceEvent::event)
                .runWith(TestSink.create(kit.system()), kit.system());
        reader.ensureSubscription();
        return reader;
    }

    @Test
    void aDrainEndsAtItsBoundAndLeavesWhatIsNotReadToBeRead() {
        RunningTurns turns = turns((request, client) -> clients.add(client));
        TestSubscriber.Probe<InferenceEvent> running = reader(turns);
        TestSubscriber.Probe<InferenceEvent> ended = reader(turns);
        clients.get(0).offer(HI, () -> {});
        clients.get(1).end(DONE);

        assertEquals(1, FrontendFixture.join(turns.drain(Duration.ZERO)), "the other had ended");

        running.request(5);
        running.expectNext(HI);
        assertTrue(running.expectNext() instanceof InferenceEvent.Failed);
        running.expectComplete();
        ended.request(5);
        ended.expectNext(DONE);
        ended.expectComplete();
    }

    @Test
    void aClientThatStopsReadingDoesNotKeepTheServer() throws IOException {
        InferenceEvent.TextDelta text = new InferenceEvent.TextDelta("x".repeat(1 << 20));
        RunningTurns turns = turns((request, client) -> {
            for (int i = 0; i < MEBIBYTES; i++) {
                client.offer(text, () -> {});
            }
        });
        Route route = Directives.extractRequest(request -> Directives.complete(HttpResponse.create()
                .withEntity(HttpEntities.create(
                        ContentTypes.APPLICATION_OCTET_STREAM,
                        begun(turns, request).map(event -> ByteString.fromString(text(event)))))));
        HttpServer server = FrontendFixture.join(HttpServer.bind(kit.system(), SETTINGS, turns, new Metrics(), route));
        try (Socket client =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            client.setSoTimeout(30_000);
            client.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            InputStream in = client.getInputStream();
            in.read();

            assertEquals(1, FrontendFixture.join(server.drain()));
            assertTrue(left(in) < MEBIBYTES << 20);
        }
    }

    private static String text(ChoiceEvent event) {
        return event.event() instanceof InferenceEvent.TextDelta delta ? delta.text() : "end";
    }

    /** Bytes until the server's end. */
    private static int left(InputStream in) throws IOException {
        int bytes = 0;
        byte[] buffer = new byte[1 << 16];
        try {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                bytes += read;
            }
        } catch (SocketException reset) {
            return bytes;
        }
        return bytes;
    }
}
