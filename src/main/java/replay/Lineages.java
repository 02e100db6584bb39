package replay;

import java.util.HashMap;
import java.util.Map;
import replay.trace.Trace;
import replay.trace.TracedTurn;

/** Numbers for the lineages of a trace, over all sessions: each is a session of its own to a router. */
final class Lineages {
    private Lineages() {}

    private record Lineage(int session, int lineage) {}

    /** The number of each turn's lineage, in order of appearance from 0. */
    static int[] number(Trace trace) {
        Map<Lineage, Integer> numbers = new HashMap<>();
        int[] byTurn = new int[trace.turns().size()];
        for (int i = 0; i < byTurn.length; i++) {
            TracedTurn turn = trace.turns().get(i);
            Lineage lineage = new Lineage(turn.session(), turn.lineage());
            byTurn[i] = numbers.computeIfAbsent(lineage, unused -> numbers.size());
        }
        return byTurn;
    }
}
