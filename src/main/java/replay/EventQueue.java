package replay;

import java.util.PriorityQueue;

/**
 * Things that happen in virtual time, in order; of those at one instant, the one that was planned first.
 *
 * <p>Thread-safety: confined to its run.
 */
final class EventQueue {
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long planned;

    /** What happens, told the time in milliseconds. */
    interface Action {
        void at(double nowMillis);
    }

    private record Event(double timeMillis, long number, Action action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Double.compare(timeMillis, other.timeMillis);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    void at(double timeMillis, Action action) {
        events.add(new Event(timeMillis, planned++, action));
    }

    /** When the next thing happens; infinite when nothing will. */
    double nextMillis() {
        Event next = events.peek();
        return next == null ? Double.POSITIVE_INFINITY : next.timeMillis;
    }

    /** Lets everything happen until nothing is left. */
    void run() {
        for (Event next = events.poll(); next != null; next = events.poll()) {
            next.action.at(next.timeMillis);
        }
    }
}
