package replay.trace;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Sessions of a trace by name, and the last turn of each lineage so far. */
final class Sessions {
    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<String> names = new ArrayList<>();
    private final Map<Lineage, Integer> lastTurns = new HashMap<>();
    private final Map<String, Integer> lineageNumbers = new HashMap<>();

    private record Lineage(int session, int lineage) {}

    List<String> names() {
        return names;
    }

    int number(String name) {
        Integer known = numbers.get(name);
        if (known != null) {
            return known;
        }
        numbers.put(name, names.size());
        names.add(name);
        return names.size() - 1;
    }

    /** Number of a lineage that the trace names by text. */
    int lineage(int session, String name) {
        return lineageNumbers.computeIfAbsent(session + " " + name, unused -> lineageNumbers.size());
    }

    /** Position of the lineage's last turn, -1 when there is none. */
    int lastTurn(int session, int lineage) {
        return lastTurns.getOrDefault(new Lineage(session, lineage), -1);
    }

    void turn(int session, int lineage, int position) {
        lastTurns.put(new Lineage(session, lineage), position);
    }
}
