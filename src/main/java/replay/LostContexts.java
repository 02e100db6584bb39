package replay;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tokens of contexts that every engine had dropped and that were computed again, by how long the line of prompts had been away
 * and how long its turn then waited in the router: a turn that waited for the patience of {@code router.pause} was let in though
 * there was no room beside what others would be back for.
 *
 * <p>Thread-safety: immutable by convention once made.
 *
 * @param tokens by absence, then by wait, both in ascending order; lines that begin come last
 */
public record LostContexts(Map<String, Map<String, Long>> tokens) {
    private static final double MILLIS_PER_SECOND = 1000;
    /** The first of them that is above the time counts. */
    private static final int[] AWAY_SECONDS = {30, 120};
    /** Up to the default patience. */
    private static final int[] WAITED_SECONDS = {60, 540};

    private static final String LONGER = "longer";
    private static final String FIRST_TURNS = "firstTurns";

    /** @param compared turns that count */
    static LostContexts of(TurnRecords turns, boolean[] compared) {
        Map<String, Map<String, Long>> tokens = new LinkedHashMap<>();
        for (int seconds : AWAY_SECONDS) {
            tokens.put(under(seconds), waits());
        }
        tokens.put(LONGER, waits());
        tokens.put(FIRST_TURNS, waits());
        for (int turn = 0; turn < compared.length; turn++) {
            if (compared[turn]) {
                double away = turns.awayMillis[turn];
                String absence = Double.isNaN(away) ? FIRST_TURNS : bucket(away, AWAY_SECONDS);
                tokens.computeIfAbsent(absence, unused -> waits())
                        .merge(
                                bucket(turns.queuedMillis[turn], WAITED_SECONDS),
                                (long) turns.evictionTokens[turn],
                                Long::sum);
            }
        }
        return new LostContexts(tokens);
    }

    private static Map<String, Long> waits() {
        Map<String, Long> waits = new LinkedHashMap<>();
        for (int seconds : WAITED_SECONDS) {
            waits.put(under(seconds), 0L);
        }
        waits.put(LONGER, 0L);
        return waits;
    }

    private static String bucket(double millis, int[] limits) {
        for (int seconds : limits) {
            if (millis < seconds * MILLIS_PER_SECOND) {
                return under(seconds);
            }
        }
        return LONGER;
    }

    private static String under(int seconds) {
        return "under" + seconds + "s";
    }
}
