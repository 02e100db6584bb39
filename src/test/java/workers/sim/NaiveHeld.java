package workers.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import kv.KvTier;

/** R6 in an engine, spelled out over what it tells: which of its unused blocks may be gone after a pass, and which may not. */
final class NaiveHeld {
    private static final Comparator<Held> STRENGTH =
            Comparator.<Held>comparingDouble(held -> held.density).thenComparing(held -> held.id);

    private final RecordingListener heard;
    private final SimWorkload workload;
    private final Map<String, Held> holds = new HashMap<>();
    /** Blocks that no request used when the last pass was over. */
    private Set<Long> unused = new HashSet<>();

    private final Set<String> ended = new HashSet<>();
    private int evictions;
    int preemptions;
    /** How many blocks under a hold were evicted. */
    int yielded;

    private static final class Held {
        final String id;
        final double density;
        final long[] chain;
        int depth;

        Held(String id, double density, long[] chain, int depth) {
            this.id = id;
            this.density = density;
            this.chain = chain;
            this.depth = depth;
        }

        boolean covers(long hash) {
            return Arrays.stream(chain, 0, depth).anyMatch(each -> each == hash);
        }
    }

    NaiveHeld(RecordingListener heard, SimWorkload workload) {
        this.heard = heard;
        this.workload = workload;
    }

    void hold(SimulatedEngine engine, String id, long[] chain, double density) {
        int depth = 0;
        while (depth < chain.length && heard.matchable.contains(chain[depth])) {
            depth++;
        }
        holds.put(id, new Held(id, density, chain, depth));
        engine.hold(new SimHold(id, chain, KvTier.DEVICE, density, Double.POSITIVE_INFINITY), Double.NEGATIVE_INFINITY);
    }

    /** A pass is over. */
    void passed(SimulatedEngine engine) {
        List<Long> gone = heard.evicted.subList(evictions, heard.evicted.size());
        Set<Long> left = new HashSet<>(unused);
        left.removeAll(gone);
        left.removeAll(touched(engine));
        if (heard.preemptions > preemptions) {
            assertEquals(Set.of(), left, "a request was preempted although there were blocks that nobody used");
        }
        for (long evicted : gone) {
            Optional<Held> weaker = owner(evicted);
            for (long stayed : left) {
                assertTrue(compare(weaker, owner(stayed)) <= 0, "what is held denser, or at all, goes later");
            }
        }
        evictions = heard.evicted.size();
        preemptions = heard.preemptions;
        for (long evicted : gone) {
            yielded += owner(evicted).isPresent() ? 1 : 0;
            holds.values().stream().filter(held -> held.covers(evicted)).forEach(held -> {
                held.depth = 0;
                while (held.chain[held.depth] != evicted) {
                    held.depth++;
                }
            });
        }
        unused = new HashSet<>(heard.matchable);
        unused.removeIf(hash -> engine.pool().references(engine.pool().block(hash)) > 0);
    }

    /** Blocks that a request of the last pass may have used. */
    private Set<Long> touched(SimulatedEngine engine) {
        List<SimRequest> ran = new ArrayList<>();
        engine.running().forEach(sequence -> ran.add(sequence.request));
        workload.arrivals().stream()
                .map(SimWorkload.Arrival::request)
                .filter(request -> heard.endings.containsKey(request.id()) && ended.add(request.id()))
                .forEach(ran::add);
        return ran.stream()
                .flatMapToLong(request -> Arrays.stream(request.sequenceHashes()))
                .boxed()
                .collect(Collectors.toSet());
    }

    private Optional<Held> owner(long hash) {
        return holds.values().stream().filter(held -> held.covers(hash)).max(STRENGTH);
    }

    private static int compare(Optional<Held> one, Optional<Held> other) {
        if (one.isEmpty() || other.isEmpty()) {
            return Boolean.compare(one.isPresent(), other.isPresent());
        }
        return STRENGTH.compare(one.get(), other.get());
    }
}
