package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.stream.testkit.TestSubscriber;
import akka.stream.testkit.javadsl.TestSink;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceEvent.TextDelta;
import inference.InferenceFailure;
import inference.Usage;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TurnAnswerTest {
    private static final TextDelta HI = new TextDelta("hi");
    private static final InferenceEvent.Finished DONE =
            new InferenceEvent.Finished(FinishReason.STOP, null, new Usage(1, 0, 1, 0));
    private static final InferenceEvent.Failed FAILED =
            new InferenceEvent.Failed(InferenceFailure.of(InferenceFailure.Kind.OVERLOADED, "shutting down"));

    private static ActorTestKit kit;

    private final TurnAnswer answer = new TurnAnswer();
    private final AtomicInteger taken = new AtomicInteger();
    private final AtomicBoolean left = new AtomicBoolean();
    private final CompletableFuture<Void> over = new CompletableFuture<>();

    @BeforeAll
    static void start() {
        kit = ActorTestKit.create();
    }

    @AfterAll
    static void stop() {
        kit.shutdownTestKit();
    }

    @BeforeEach
    void listen() {
        answer.whenLeft(() -> left.set(true));
        answer.whenOver(() -> over.complete(null));
    }

    private TestSubscriber.Probe<InferenceEvent> read() {
        TestSubscriber.Probe<InferenceEvent> reader =
                answer.events().runWith(TestSink.create(kit.system()), kit.system());
        reader.ensureSubscription();
        return reader;
    }

    @Test
    void anEventIsTakenWhenItIsRead() {
        answer.offer(HI, taken::incrementAndGet);
        assertEquals(Optional.of(HI), answer.first().toCompletableFuture().join());
        TestSubscriber.Probe<InferenceEvent> reader = read();
        reader.expectNoMessage(Duration.ZERO);
        assertEquals(0, taken.get());

        reader.request(2);
        reader.expectNext(HI);
        answer.offer(HI, taken::incrementAndGet);
        reader.expectNext(HI);
        reader.request(1);
        answer.end(DONE);
        reader.expectNext(DONE);
        reader.expectComplete();

        over.join();
        assertEquals(2, taken.get());
        assertFalse(left.get());
    }

    @Test
    void afterTheEndNothingIsHeard() {
        answer.end(DONE);
        answer.offer(HI, taken::incrementAndGet);
        answer.end(FAILED);
        answer.abort(FAILED);

        TestSubscriber.Probe<InferenceEvent> reader = read();
        reader.request(5);
        reader.expectNext(DONE);
        reader.expectComplete();
        assertEquals(DONE, answer.end().toCompletableFuture().join());
        over.join();
        assertFalse(left.get());
    }

    @Test
    void aReaderThatCancelsHasLeft() {
        TestSubscriber.Probe<InferenceEvent> reader = read();
        reader.cancel();
        over.join();
        assertTrue(left.get());
        answer.end(DONE);
        assertEquals(DONE, answer.end().toCompletableFuture().getNow(FAILED), "its tokens count");
    }

    @Test
    void aClientThatIsGoneEndsTheStreamThatWaits() {
        TestSubscriber.Probe<InferenceEvent> reader = read();
        reader.request(1);
        answer.leave();
        reader.expectComplete();
        assertEquals(Optional.empty(), answer.first().toCompletableFuture().join());
        over.join();
        assertTrue(left.get());
    }

    @Test
    void anAbortedAnswerEndsInItsFailureAndCancelsItsTurn() {
        answer.offer(HI, taken::incrementAndGet);
        answer.abort(FAILED);
        assertTrue(left.get());
        assertFalse(over.isDone(), "its client has the failure to read");

        TestSubscriber.Probe<InferenceEvent> reader = read();
        reader.request(5);
        reader.expectNext(HI);
        reader.expectNext(FAILED);
        reader.expectComplete();
        over.join();
    }
}
