package workers;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * Prefixes that an engine has computed and that its events have yet to tell of: answers, and the orders that follow from them, travel
 * on other ways than the events. Until those are here a prefix can be neither held nor found, so whoever depends on it waits. Events
 * that do not come within two heartbeats are not waited for.
 *
 * <p>Mutable, confined to its worker.
 */
final class UnheardPrefixes {
    private static final int HEARTBEATS = 2;

    private List<Waiting> waiting = List.of();

    private record Waiting(BooleanSupplier heard, int heartbeats, Runnable then) {
        Waiting older() {
            return new Waiting(heard, heartbeats + 1, then);
        }
    }

    /** Runs something once a prefix is heard of; at once if it is already. */
    void await(BooleanSupplier heard, Runnable then) {
        if (heard.getAsBoolean()) {
            then.run();
        } else {
            waiting = new ArrayList<>(waiting);
            waiting.add(new Waiting(heard, 0, then));
        }
    }

    /** The engine told of something. */
    void cacheChanged() {
        run(waiting, one -> one.heard().getAsBoolean());
    }

    /** The engine was looked at. */
    void heartbeat() {
        run(waiting.stream().map(Waiting::older).toList(), one -> one.heartbeats() >= HEARTBEATS);
    }

    private void run(List<Waiting> all, Predicate<Waiting> ready) {
        waiting = all.stream().filter(ready.negate()).toList();
        all.stream().filter(ready).forEach(one -> one.then().run());
    }
}
