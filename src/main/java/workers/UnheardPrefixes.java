package workers;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import kv.KvTier;
import kv.Prefix;

/**
 * Prefixes that an engine has computed and that its events have yet to tell of: an answer and the events that belong to it
 * travel on different ways. Until both are here a prefix can be neither held nor found, so whoever waits for it waits on.
 * Events that do not come within two heartbeats are not waited for.
 *
 * <p>Mutable, confined to its worker.
 */
final class UnheardPrefixes {
    private static final int HEARTBEATS = 2;

    private final EngineCache cache;
    private List<Waiting> waiting = List.of();

    private record Waiting(Prefix prefix, int heartbeats, Runnable then) {
        Waiting older() {
            return new Waiting(prefix, heartbeats + 1, then);
        }
    }

    UnheardPrefixes(EngineCache cache) {
        this.cache = cache;
    }

    /** Runs something once a computed prefix is known to be there; at once, too, when the engine never tells. */
    void await(Prefix computed, Runnable then) {
        if (!cache.isTold() || heard(computed)) {
            then.run();
        } else {
            waiting = new ArrayList<>(waiting);
            waiting.add(new Waiting(computed, 0, then));
        }
    }

    /** The engine told of something. */
    void cacheChanged() {
        run(waiting, one -> heard(one.prefix()));
    }

    /** The engine answered a heartbeat. */
    void heartbeat() {
        run(waiting.stream().map(Waiting::older).toList(), one -> one.heartbeats() >= HEARTBEATS);
    }

    private boolean heard(Prefix prefix) {
        return cache.mirror().contains(prefix.tail().value(), KvTier.DEVICE);
    }

    private void run(List<Waiting> all, Predicate<Waiting> ready) {
        waiting = all.stream().filter(ready.negate()).toList();
        all.stream().filter(ready).forEach(one -> one.then().run());
    }
}
