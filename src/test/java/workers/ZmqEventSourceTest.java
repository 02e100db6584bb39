package workers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import kv.WorkerId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ZmqEventSourceTest {
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final KvEventSource.Listener listener = new KvEventSource.Listener() {
        @Override
        public void live(int stream, long number, byte[] payload) {
            if (text(payload).equals("poison")) {
                throw new IllegalStateException("poisoned");
            }
            heard.add("live " + number + " " + text(payload));
        }

        @Override
        public void replayed(int stream, long attempt, long number, byte[] payload) {
            heard.add("replay#" + attempt + " " + number + " " + text(payload));
        }

        @Override
        public void replayEnded(int stream, long attempt) {
            heard.add("end#" + attempt);
        }

        @Override
        public void failed(Throwable cause) {
            heard.add("failed " + cause.getMessage());
        }
    };
    private PublishingEngine engine = new PublishingEngine();
    private KvEventSource source = ZmqEventSource.open(engine.endpoint(new WorkerId("http://zmq-test")), listener);

    @BeforeEach
    void connect() throws InterruptedException {
        engine.awaitSubscriber();
    }

    @AfterEach
    void stop() {
        source.close();
        source.close();
        engine.close();
    }

    @Test
    void readsTheLiveStream() throws InterruptedException {
        engine.publish("a");
        engine.publish("b");

        assertEquals("live 0 a", heard.take());
        assertEquals("live 1 b", heard.take());
    }

    @Test
    void readsARepetitionFromTheNumberAskedFor() throws InterruptedException {
        engine.lose("a");
        engine.lose("b");
        engine.lose("c");

        source.replay(0, 7, 1);

        assertEquals("replay#7 1 b", heard.take());
        assertEquals("replay#7 2 c", heard.take());
        assertEquals("end#7", heard.take());
    }

    @Test
    void theLiveStreamGoesOnDuringARepetition() throws InterruptedException {
        engine.mute(true);
        source.replay(0, 1, 0);
        engine.awaitRequest();
        engine.publish("a");

        assertEquals("live 0 a", heard.take());
    }

    @Test
    void aNewRepetitionBreaksOffTheOld() throws InterruptedException {
        engine.lose("a");
        engine.mute(true);
        source.replay(0, 1, 0);
        engine.awaitRequest();
        engine.mute(false);
        source.replay(0, 2, 0);

        assertEquals("replay#2 0 a", heard.take());
        assertEquals("end#2", heard.take());
    }

    @Test
    void hearsAnEngineThatStartedAnewAtTheSameAddress() throws InterruptedException {
        engine.publish("a");
        assertEquals("live 0 a", heard.take());
        engine = engine.restarted();
        engine.awaitSubscriber();
        engine.publish("A");

        assertEquals("live 0 A", heard.take());
    }

    @Test
    void saysThatItEndedByAnErrorAndTakesNoMoreQuestions() throws InterruptedException {
        engine.publish("poison");

        assertEquals("failed poisoned", heard.take());
        source.replay(0, 1, 0);
    }

    @Test
    void leavesNoThreadBehind() throws InterruptedException {
        Thread thread = Thread.getAllStackTraces().keySet().stream()
                .filter(one -> one.getName().equals("kv-events http://zmq-test") && one.isAlive())
                .findFirst()
                .orElse(null);
        assertNotNull(thread);
        assertTrue(thread.isDaemon());

        source.close();
        thread.join(TimeUnit.SECONDS.toMillis(20));

        assertTrue(!thread.isAlive());
    }

    @Test
    void payloadsArriveAsTheyWereSent() throws InterruptedException {
        byte[] payload = Payloads.stored(3, 2);
        engine.publish(payload);
        heard.take();
        assertArrayEquals(payload, engine.lastPublished());
    }

    private static String text(byte[] payload) {
        return new String(payload, StandardCharsets.UTF_8);
    }
}
