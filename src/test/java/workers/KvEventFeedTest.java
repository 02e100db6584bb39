package workers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import kv.WorkerId;
import metrics.Metrics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import workers.events.EngineEvent;
import workers.events.EventSequence;

/** The feed against real sockets; only its own timers are driven by hand. */
@Timeout(60)
class KvEventFeedTest {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.withManualTime();

    private final ManualTime time = ManualTime.get(kit.kit().system());
    private final TestProbe<KvEventFeed.News> worker = kit.kit().createTestProbe();
    private PublishingEngine engine = new PublishingEngine();
    private final ActorRef<KvEventFeed.Command> feed = kit.kit()
            .spawn(KvEventFeed.create(
                    engine.endpoint(new WorkerId("http://engine")),
                    (endpoint, listener) -> ZmqEventSource.open(endpoint, new Poisonable(listener)),
                    WorkerFixture.settings().events(),
                    worker.getRef(),
                    new Metrics()));

    @AfterEach
    void stop() {
        kit.kit().stop(feed);
        engine.close();
    }

    @Test
    void tellsEventsInOrderWithWhatWasPublishedBeforeIt() throws InterruptedException {
        engine.awaitRequest();
        engine.awaitSubscriber();
        engine.lose(Payloads.root(1));
        engine.lose(Payloads.root(2));
        engine.publish(Payloads.root(3));

        assertEquals(List.of(1, 2, 3), hashes(3));
    }

    @Test
    void asksAgainWhenAReplayDoesNotCome() throws InterruptedException {
        engine.awaitRequest();
        engine.awaitSubscriber();
        engine.mute(true);
        engine.lose(Payloads.root(1));
        engine.publish(Payloads.root(2));
        engine.awaitRequest();
        engine.mute(false);

        time.timePasses(Duration.ofSeconds(3));

        assertEquals(List.of(1, 2), hashes(2));
    }

    @Test
    void findsTheLossOfTheLastBatchAfterASilence() throws InterruptedException {
        engine.awaitRequest();
        engine.awaitSubscriber();
        engine.publish(Payloads.root(1));
        assertEquals(List.of(1), hashes(1));
        engine.lose(Payloads.root(2));

        time.timePasses(Duration.ofSeconds(5));

        assertEquals(List.of(2), hashes(1));
    }

    @Test
    void tellsThatTheEngineStartedAnew() throws InterruptedException {
        engine.awaitRequest();
        engine.awaitSubscriber();
        engine.publish(Payloads.root(1));
        assertEquals(List.of(1), hashes(1));
        engine = engine.restarted();
        engine.awaitSubscriber();
        engine.publish(Payloads.root(2));

        assertEquals(
                EventSequence.Reason.RESTARTED,
                next(KvEventFeed.EventsStartedOver.class).reason());
        assertEquals(List.of(2), hashes(1));
    }

    @Test
    void marksWhatItTellsWithTheTermOfItsLastRestart() throws InterruptedException {
        engine.awaitRequest();
        engine.awaitSubscriber();
        engine.lose(Payloads.root(1));

        feed.tell(new KvEventFeed.Restart(4));

        assertEquals(4, next(KvEventFeed.EventsStartedOver.class).term());
        assertEquals(4, next(KvEventFeed.EventsArrived.class).term());
    }

    @Test
    void anUnreadableBatchDoesNotStopTheStream() throws InterruptedException {
        engine.awaitRequest();
        engine.awaitSubscriber();
        engine.publish("nonsense");
        engine.publish(Payloads.root(1));

        assertEquals(List.of(1), hashes(1));
    }

    @Test
    void worksOffMoreThanMayBeInFlight() throws InterruptedException {
        engine.awaitRequest();
        engine.awaitSubscriber();
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            engine.lose(Payloads.root(i));
            expected.add(i);
        }
        engine.publish(Payloads.root(500));
        expected.add(500);

        assertEquals(expected, hashes(501));
    }

    @Test
    void beginsAgainInItsTermWhenItsSourceEnds() throws InterruptedException {
        feed.tell(new KvEventFeed.Restart(4));
        assertBeginsAgainAfter(Poisonable.FOR_THE_SOURCE);
    }

    @Test
    void beginsAgainInItsTermWhenItFailsItself() throws InterruptedException {
        feed.tell(new KvEventFeed.Restart(4));
        assertBeginsAgainAfter(Poisonable.FOR_THE_FEED);
    }

    private void assertBeginsAgainAfter(String poison) throws InterruptedException {
        engine.awaitRequest();
        engine.awaitSubscriber();
        next(KvEventFeed.EventsStartedOver.class);
        engine.publish(Payloads.root(1));
        assertEquals(List.of(1), hashes(1));

        engine.publish(poison);
        assertEquals(4, next(KvEventFeed.FeedFailed.class).term());
        engine.lose(Payloads.root(2));
        time.timePasses(Duration.ofSeconds(2));

        List<Integer> told = new ArrayList<>();
        KvEventFeed.News news = worker.receiveMessage();
        for (; news instanceof KvEventFeed.EventsArrived arrived; news = worker.receiveMessage()) {
            assertEquals(4, arrived.term());
            arrived.events().forEach(event -> told.add((int) ((EngineEvent.Stored) event).hashes()[0]));
        }
        assertEquals(List.of(1, 2), told, "all that the engine keeps");
        assertInstanceOf(KvEventFeed.EventsCaughtUp.class, news);
    }

    private List<Integer> hashes(int count) {
        List<Integer> hashes = new ArrayList<>();
        while (hashes.size() < count) {
            for (EngineEvent event : next(KvEventFeed.EventsArrived.class).events()) {
                hashes.add((int) ((EngineEvent.Stored) event).hashes()[0]);
            }
        }
        return hashes;
    }

    @Test
    void tellsOnceWhenWhatTheEngineKeptHasBeenTold() throws InterruptedException {
        engine.awaitRequest();
        assertEquals(
                0, worker.expectMessageClass(KvEventFeed.EventsCaughtUp.class).rank());
        engine.awaitSubscriber();
        engine.publish(Payloads.root(1));

        worker.expectMessageClass(KvEventFeed.EventsArrived.class);
        time.timePasses(Duration.ofSeconds(5));
        worker.expectNoMessage(Duration.ofMillis(100));
    }

    /** The next word on events, whenever it caught up. */
    private <T extends KvEventFeed.News> T next(Class<T> type) {
        KvEventFeed.News news = worker.receiveMessage();
        return news instanceof KvEventFeed.EventsCaughtUp ? next(type) : assertInstanceOf(type, news);
    }

    /** Passes on what a source's thread reads; a live message of one content kills that thread, of another the feed. */
    private record Poisonable(KvEventSource.Listener feed) implements KvEventSource.Listener {
        static final String FOR_THE_SOURCE = "poison for the source";
        static final String FOR_THE_FEED = "poison for the feed";

        @Override
        public void live(int stream, long number, byte[] payload) {
            String text = new String(payload, StandardCharsets.ISO_8859_1);
            if (text.equals(FOR_THE_SOURCE)) {
                throw new IllegalStateException(text);
            }
            feed.live(text.equals(FOR_THE_FEED) ? 99 : stream, number, payload);
        }

        @Override
        public void replayed(int stream, long attempt, long number, byte[] payload) {
            feed.replayed(stream, attempt, number, payload);
        }

        @Override
        public void replayEnded(int stream, long attempt) {
            feed.replayEnded(stream, attempt);
        }

        @Override
        public void failed(Throwable cause) {
            feed.failed(cause);
        }
    }
}
