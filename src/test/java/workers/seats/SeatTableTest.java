package workers.seats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import kv.Epoch;
import kv.Hold;
import kv.KvEvent;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.RetentionClass;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SeatTableTest {
    private static final List<Hold> NO_HOLDS = List.of();

    private final SeatTable seats = new SeatTable(3);

    @Test
    void aReturningConversationGetsItsOwnSeat() {
        turn("a1", null, chain(100, 10));
        turn("b1", null, chain(200, 10));

        Taken again = seats.take("b2", prefix(200, 10), NO_HOLDS, true).orElseThrow();

        assertEquals(1, again.seat());
        assertEquals(10, again.keptBlocks());
        assertEquals(List.of(), again.changes());
    }

    @Test
    void aSharedBeginningDoesNotTakeAnothersSeat() {
        turn("a1", null, chain(100, 50));

        Taken other = seats.take("b1", prefix(100, 5), NO_HOLDS, true).orElseThrow();

        assertEquals(1, other.seat(), "an empty seat, though the first holds the beginning");
        assertEquals(0, other.keptBlocks());
    }

    @Test
    void aSharedBeginningOfMostOfTheSeatDoesNotTakeItWhileAnotherIsEmpty() {
        turn("a1", null, chain(100, 50));

        assertEquals(
                1,
                seats.take("b1", prefix(100, 48), NO_HOLDS, true).orElseThrow().seat());
    }

    @Test
    void withoutAnEmptySeatTheOneThatIsMostlyUsedAgainIsTaken() {
        turn("a1", null, chain(100, 50));
        turn("b1", null, chain(200, 50));
        turn("c1", null, chain(300, 50));

        Taken edited = seats.take("b2", prefix(200, 48), NO_HOLDS, true).orElseThrow();

        assertEquals(1, edited.seat());
        assertEquals(48, edited.keptBlocks());
        assertEquals(
                0,
                seats.take("c2", prefix(300, 40), List.of(hold(300, 50, 1)), true)
                        .orElseThrow()
                        .seat(),
                "the held one stays, though it would be of use");
    }

    @Test
    void withoutAnEmptySeatTheOneGivenBackLongestAgoIsTaken() {
        turn("a1", null, chain(100, 10));
        turn("b1", null, chain(200, 10));
        turn("c1", null, chain(300, 10));
        turn("a2", prefix(100, 10), chain(110, 2));

        Taken fourth = seats.take("d1", null, NO_HOLDS, true).orElseThrow();

        assertEquals(1, fourth.seat());
        KvEvent.BlocksRemoved removed =
                (KvEvent.BlocksRemoved) fourth.changes().get(0).event();
        assertEquals(10, removed.sequenceHashes().length);
        assertFalse(seats.holds(prefix(200, 1)));
    }

    @Test
    void aHeldPrefixStaysWhileAnotherSeatIsFree() {
        turn("a1", null, chain(100, 10));
        turn("b1", null, chain(200, 10));
        turn("c1", null, chain(300, 10));

        Taken fourth = seats.take("d1", null, List.of(hold(100, 10, 1)), true).orElseThrow();
        assertEquals(1, fourth.seat(), "the first was given back longer ago, but is held");
    }

    @Test
    void theLeastDenseHoldYieldsToATurnButNotToACommand() {
        turn("a1", null, chain(100, 10));
        turn("b1", null, chain(200, 10));
        turn("c1", null, chain(300, 10));
        List<Hold> holds = List.of(hold(100, 10, 3), hold(200, 10, 1), hold(300, 10, 2));

        assertEquals(Optional.empty(), seats.take("warm", null, holds, false));
        assertEquals(1, seats.take("d1", null, holds, true).orElseThrow().seat());
    }

    @Test
    void aHeldBeginningThatStandsElsewhereTooIsNotLost() {
        turn("a1", null, chain(100, 4));
        turn("b1", null, chain(100, 4));
        turn("c1", null, chain(300, 4));

        Taken fourth = seats.take("d1", null, List.of(hold(100, 4, 9), hold(300, 4, 1)), true)
                .orElseThrow();

        assertEquals(0, fourth.seat());
        assertTrue(seats.holds(prefix(100, 4)));
    }

    @Test
    void aTurnThatNeverComputedLeavesOnlyWhatItWasExpectedToFind() {
        turn("a1", null, chain(100, 10));
        turn("b1", null, chain(200, 10));
        turn("c1", null, chain(300, 10));
        seats.take("a2", prefix(100, 7), NO_HOLDS, true);
        seats.free("a2");

        assertTrue(seats.holds(prefix(100, 7)));
        assertEquals(27, seats.blocks());
    }

    @Test
    void whatComesLateOrWithAHoleIsIgnored() {
        seats.take("a1", null, NO_HOLDS, true);

        assertEquals(List.of(), seats.filled("a1", 3, chain(100, 2)), "blocks 0 to 2 are missing");
        seats.free("a1");
        assertEquals(List.of(), seats.filled("a1", 0, chain(100, 2)), "the seat may be another's by now");
        assertEquals(0, seats.blocks());
    }

    @Test
    void aTakenSeatIsNobodyElses() {
        assertEquals(0, seats.take("a", null, NO_HOLDS, true).orElseThrow().seat());
        assertEquals(0, seats.take("a", null, NO_HOLDS, true).orElseThrow().seat(), "asking again");
        assertEquals(1, seats.take("b", null, NO_HOLDS, true).orElseThrow().seat());
        assertEquals(2, seats.take("c", null, NO_HOLDS, true).orElseThrow().seat());
        assertEquals(Optional.empty(), seats.take("d", null, NO_HOLDS, true));
        seats.filled("a", 0, chain(100, 3));
        assertEquals(Optional.empty(), seats.takeHolding("copy", prefix(100, 2)));
        seats.free("a");
        assertEquals(Optional.of(0), seats.freeHolding(prefix(100, 2)));
        assertEquals(Optional.of(0), seats.takeHolding("copy", prefix(100, 2)), "who only looks takes nothing");
        assertEquals(Optional.empty(), seats.freeHolding(prefix(100, 2)));
    }

    private void turn(String turn, @Nullable Prefix expected, long[] added) {
        Taken taken = seats.take(turn, expected, NO_HOLDS, true).orElseThrow();
        seats.filled(turn, taken.keptBlocks(), added);
        seats.free(turn);
    }

    /** Blocks of a conversation: the hash names the conversation and the position. */
    private static long[] chain(long from, int blocks) {
        return LongStream.range(from, from + blocks).toArray();
    }

    private static Prefix prefix(long from, int blocks) {
        return new Prefix(blocks, new SequenceHash(from + blocks - 1));
    }

    private static Hold hold(long from, int blocks, double density) {
        return new Hold(
                new LeaseId(from, blocks),
                new Epoch(1),
                prefix(from, blocks),
                RetentionClass.HISTORY,
                KvTier.DEVICE,
                50,
                density,
                Duration.ofSeconds(10));
    }
}
