package workers.simserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.ByteTokenizer;
import inference.ChatMlTemplate;
import inference.Message;
import inference.Role;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;
import workers.events.EngineEvent;
import workers.events.KvEventDecoder;

@Timeout(60)
class KvEventPublisherTest {
    private static final int BLOCK = 16;
    /** Ends connections that hang for a wake-up that JeroMQ lost; the socket then dials again. */
    private static final int HANDSHAKE_MILLIS = 250;

    private static final String TEXT = " is a text that is a little longer than one block of the cache";

    private final ChatMlTemplate template = new ChatMlTemplate(new ByteTokenizer());
    private final ZContext context = new ZContext();
    private SimServer server;
    private SimClient client;

    private record Batch(long number, List<EngineEvent> events) {}

    @BeforeEach
    void start() throws Exception {
        server = SimServer.start(SimServerTest.settings(0));
        client = new SimClient(server.url());
    }

    @AfterEach
    void stop() {
        context.close();
        server.close();
    }

    @Test
    void liveEventsCarryTheTokensOfTheTemplate() throws Exception {
        ZMQ.Socket subscriber = context.createSocket(SocketType.SUB);
        subscriber.subscribe(new byte[0]);
        subscriber.setReceiveTimeOut(50);
        subscriber.setHandshakeIvl(HANDSHAKE_MILLIS);
        subscriber.connect(server.eventsUrl());
        // A subscription takes effect some time after it was made, maybe in the middle of a turn's events.
        boolean told = false;
        for (int i = 0; !told && i < 200; i++) {
            String text = i + TEXT;
            int[] prompt = template.message(Message.text(Role.USER, text));
            client.complete(SimClient.body(text));
            for (byte[] topic = subscriber.recv(); topic != null; topic = subscriber.recv()) {
                assertEquals(0, topic.length);
                assertEquals(Long.BYTES, subscriber.recv().length);
                told |= tells(prompt, subscriber.recv());
            }
        }
        assertTrue(told);
    }

    /** Whether the first event of a batch is that a prompt's full blocks were stored. */
    private static boolean tells(int[] prompt, byte[] payload) throws Exception {
        EngineEvent.Stored stored = assertInstanceOf(
                EngineEvent.Stored.class,
                KvEventDecoder.decode(payload).events().get(0));
        assertEquals(stored.hashes().length * BLOCK, stored.tokens().length);
        return Arrays.mismatch(prompt, stored.tokens()) == prompt.length;
    }

    @Test
    void aReplayGivesEveryBatchFromTheOneAskedFor() throws Exception {
        for (int i = 0; i < 5; i++) {
            client.complete(SimClient.body(i + TEXT));
        }
        List<Batch> all = replay(0);
        assertTrue(all.size() >= 5);
        for (int i = 0; i < all.size(); i++) {
            assertEquals(i, all.get(i).number);
        }
        assertEquals(all.size() - 3, replay(3).size());
        assertEquals(3, replay(3).get(0).number);
        assertEquals(List.of(), replay(1000));
    }

    @Test
    void eventsAddUpToWhatThePoolCanHold() throws Exception {
        for (int i = 0; i < 12; i++) {
            client.complete(SimClient.body(i + "x".repeat(1500)).put("max_tokens", 20));
        }
        Set<Long> held = new HashSet<>();
        boolean evicted = false;
        for (Batch batch : replay(0)) {
            for (EngineEvent event : batch.events) {
                if (event instanceof EngineEvent.Stored stored) {
                    assertTrue(stored.parent() == null
                            || held.contains(stored.parent().value()));
                    Arrays.stream(stored.hashes()).forEach(hash -> assertTrue(held.add(hash)));
                } else if (event instanceof EngineEvent.Removed removed) {
                    evicted = true;
                    Arrays.stream(removed.hashes()).forEach(hash -> assertTrue(held.remove(hash)));
                }
            }
        }
        assertTrue(evicted && held.size() <= 512);
    }

    private List<Batch> replay(long from) throws Exception {
        List<Batch> batches = new ArrayList<>();
        try (ZMQ.Socket dealer = context.createSocket(SocketType.DEALER)) {
            dealer.setReceiveTimeOut(10_000);
            dealer.setHandshakeIvl(HANDSHAKE_MILLIS);
            dealer.connect(server.replayUrl());
            dealer.sendMore(new byte[0]);
            dealer.send(ByteBuffer.allocate(Long.BYTES).putLong(from).array());
            while (true) {
                assertEquals(0, assertNotNullFrame(dealer.recv()).length);
                long number = ByteBuffer.wrap(dealer.recv()).getLong();
                byte[] payload = dealer.recv();
                if (number == -1) {
                    assertEquals(0, payload.length);
                    return batches;
                }
                batches.add(new Batch(number, KvEventDecoder.decode(payload).events()));
            }
        }
    }

    private static byte[] assertNotNullFrame(byte[] frame) {
        assertNotNull(frame, "no replay within 10 s");
        return frame;
    }
}
