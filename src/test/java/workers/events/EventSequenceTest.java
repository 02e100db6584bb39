package workers.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class EventSequenceTest {
    private final List<String> log = new ArrayList<>();
    private final EventSequence<String> sequence = new EventSequence<>(new Recorder(log), true, 100);

    @Test
    void beginsWithWhatTheEngineStillKeeps() {
        sequence.start();
        sequence.live(2, "c");
        sequence.replayed(0, "a");
        sequence.replayed(1, "b");
        sequence.replayed(2, "c");
        sequence.replayEnded();
        sequence.live(3, "d");

        assertEquals(List.of("replay 0", "a", "b", "c", "d"), log);
    }

    @Test
    void fillsAHoleByReplayAndHoldsWhatCameAfterIt() {
        begin();
        sequence.live(0, "a");
        sequence.live(3, "d");
        sequence.live(4, "e");
        sequence.replayed(1, "b");
        sequence.replayed(2, "c");
        sequence.replayed(3, "d");
        sequence.replayEnded();

        assertEquals(List.of("a", "replay 1", "b", "c", "d", "e"), log);
    }

    @Test
    void aLiveNumberThatDoesNotRiseIsARestart() {
        begin();
        sequence.live(0, "a");
        sequence.live(1, "b");
        sequence.live(0, "A");
        sequence.live(1, "B");

        assertEquals(List.of("a", "b", "RESTARTED", "A", "B"), log);
    }

    @Test
    void aRestartSeenLateReplaysTheNewLifeFromItsBeginning() {
        begin();
        for (int i = 0; i < 5; i++) {
            sequence.live(i, "old" + i);
        }
        log.clear();
        sequence.live(2, "c");
        sequence.replayed(0, "a");
        sequence.replayed(1, "b");
        sequence.replayEnded();

        assertEquals(List.of("RESTARTED", "replay 0", "a", "b", "c"), log);
    }

    @Test
    void liveBatchesAlreadyReplayedAreNoRestart() {
        sequence.start();
        sequence.replayed(0, "a");
        sequence.replayed(1, "b");
        sequence.replayed(2, "c");
        sequence.replayEnded();
        sequence.live(1, "b");
        sequence.live(2, "c");
        sequence.live(3, "d");

        assertEquals(List.of("replay 0", "a", "b", "c", "d"), log);
    }

    @Test
    void anOutrunReplayStartsOverFromTheOldestThatIsKept() {
        begin();
        sequence.live(0, "a");
        sequence.live(9, "j");
        sequence.replayed(7, "h");
        sequence.replayed(8, "i");
        sequence.replayEnded();

        assertEquals(List.of("a", "replay 1", "OUTRUN", "h", "i", "j"), log);
    }

    @Test
    void aLateFirstReplayHasNothingToStartOver() {
        sequence.start();
        sequence.replayed(40, "x");
        sequence.replayEnded();

        assertEquals(List.of("replay 0", "x"), log);
    }

    @Test
    void aReplayThatNeverComesIsRetriedThenGivenUp() {
        begin();
        sequence.live(0, "a");
        sequence.live(5, "f");
        sequence.replayFailed();
        sequence.replayFailed();
        sequence.replayFailed();
        sequence.live(6, "g");

        assertEquals(List.of("a", "replay 1", "replay 1", "replay 1", "OUTRUN", "f", "g"), log);
    }

    @Test
    void withoutReplayAHoleStartsOverAtOnce() {
        EventSequence<String> mute = new EventSequence<>(new Recorder(log), false, 100);
        mute.start();
        mute.live(3, "d");
        mute.live(4, "e");
        mute.live(6, "g");
        mute.check();

        assertEquals(List.of("d", "e", "OUTRUN", "g"), log);
    }

    @Test
    void aCheckFindsBatchesLostAtTheEnd() {
        begin();
        sequence.live(0, "a");
        sequence.check();
        sequence.check();
        sequence.replayed(1, "b");
        sequence.replayEnded();
        sequence.check();
        sequence.replayEnded();
        sequence.live(2, "c");

        assertEquals(List.of("a", "replay 1", "b", "replay 2", "c"), log);
    }

    @Test
    void aHoleYoungerThanTheReplayInProgressIsAskedForAgain() {
        sequence.start();
        sequence.live(1, "b");
        sequence.replayEnded();
        sequence.replayed(0, "a");
        sequence.replayed(1, "b");
        sequence.replayEnded();

        assertEquals(List.of("replay 0", "replay 0", "a", "b"), log);
    }

    @Test
    void aHoleThatTheEngineCannotFillIsGivenUp() {
        begin();
        sequence.live(0, "a");
        sequence.live(2, "c");
        sequence.replayEnded();

        assertEquals(List.of("a", "replay 1", "OUTRUN", "c"), log);
    }

    @Test
    void aRequestedRestartForgetsEverything() {
        begin();
        sequence.live(0, "a");
        sequence.restart();
        sequence.replayed(0, "A");
        sequence.replayEnded();
        sequence.live(1, "B");

        assertEquals(List.of("a", "REQUESTED", "replay 0", "A", "B"), log);
    }

    @Test
    void givesUpAReplayThatIsOutpacedByTheStream() {
        begin();
        sequence.live(0, "x");
        for (int i = 2; i <= 103; i++) {
            sequence.live(i, "y");
        }

        assertEquals("OUTRUN", log.get(2));
        assertEquals(103 - 2 + 1, log.stream().filter("y"::equals).count());
    }

    /** An engine that publishes, restarts, loses messages and forgets old ones, against what is delivered. */
    @Property(tries = 300)
    void deliversEachLifeInOrderAndEndsWithItsTail(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 30) int ring,
            @ForAll @IntRange(max = 60) int lossPercent) {
        Random random = new Random(seed);
        LossyEngine engine = new LossyEngine(ring);
        engine.attach();
        for (int step = 0; step < 120; step++) {
            if (random.nextInt(40) == 0) {
                engine.restart();
                // A restart that shows in no number is the owner's to notice: it knows the engine's start time.
                engine.sequence.restart();
            }
            engine.publish(random.nextInt(100) >= lossPercent);
            if (random.nextInt(3) == 0) {
                engine.answer();
            }
        }
        engine.publish(true);
        while (engine.answer()) {}

        engine.verify();
    }

    private void begin() {
        sequence.start();
        sequence.replayEnded();
        log.clear();
    }

    private record Recorder(List<String> log) implements EventSequence.Consequences<String> {
        @Override
        public void deliver(String batch) {
            log.add(batch);
        }

        @Override
        public void startOver(EventSequence.Reason reason) {
            log.add(reason.name());
        }

        @Override
        public void replay(long from) {
            log.add("replay " + from);
        }
    }

    /** Batches are {@code life * 1000 + number}; {@code known} is what a mirror behind the sequence would believe. */
    private static final class LossyEngine implements EventSequence.Consequences<Integer> {
        final EventSequence<Integer> sequence = new EventSequence<>(this, true, 1000);
        private final int ring;
        private final List<Integer> known = new ArrayList<>();
        private int life;
        private int next;
        private long asked = -1;

        LossyEngine(int ring) {
            this.ring = ring;
        }

        void attach() {
            sequence.start();
        }

        void restart() {
            life++;
            next = 0;
        }

        void publish(boolean arrives) {
            int number = next++;
            if (arrives) {
                sequence.live(number, life * 1000 + number);
            }
        }

        boolean answer() {
            if (asked < 0) {
                return false;
            }
            long from = Math.max(asked, next - ring);
            asked = -1;
            for (long number = from; number < next; number++) {
                sequence.replayed(number, life * 1000 + (int) number);
            }
            sequence.replayEnded();
            return true;
        }

        @Override
        public void deliver(Integer batch) {
            if (!known.isEmpty()) {
                assertEquals(known.get(known.size() - 1) + 1, batch, "order within one life");
            }
            known.add(batch);
        }

        @Override
        public void startOver(EventSequence.Reason reason) {
            known.clear();
        }

        @Override
        public void replay(long from) {
            asked = from;
        }

        void verify() {
            int newest = life * 1000 + next - 1;
            assertEquals(newest, known.get(known.size() - 1));
            assertTrue(known.get(0) >= life * 1000, "nothing of an older life is believed");
        }
    }
}
