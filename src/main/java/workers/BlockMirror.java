package workers;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import kv.EngineHash;
import kv.KvEvent;
import kv.KvTier;
import kv.Prefix;
import metrics.Metric;
import metrics.Metrics;
import workers.events.EngineBlockMap;
import workers.events.EngineEvent;
import workers.holds.CachedBlocks;

/** What an engine's caches hold, rank by rank, as its events tell. Mutable, not thread safe. */
final class BlockMirror implements CachedBlocks {
    private final int blockSizeTokens;
    private final Metrics metrics;
    private final Map<Integer, EngineBlockMap> ranks = new TreeMap<>();

    BlockMirror(int blockSizeTokens, Metrics metrics) {
        this.blockSizeTokens = blockSizeTokens;
        this.metrics = metrics;
    }

    /** What a batch of events changed, and whether it built on blocks that nobody told of. */
    record Changes(List<KvEvent> events, boolean unknownParent) {}

    Changes apply(int rank, List<EngineEvent> events) {
        EngineBlockMap map = ranks.computeIfAbsent(rank, r -> new EngineBlockMap(blockSizeTokens));
        List<KvEvent> changes = new ArrayList<>();
        Map<EngineBlockMap.Applied, Integer> outcomes = new HashMap<>();
        for (EngineEvent event : events) {
            outcomes.merge(map.apply(event, changes::add), 1, Integer::sum);
        }
        outcomes.forEach((outcome, count) -> metrics.count(Metric.KV_EVENTS, count, outcome.name()));
        return new Changes(changes, outcomes.containsKey(EngineBlockMap.Applied.UNKNOWN_PARENT));
    }

    /** Everything the ranks hold, as the events that lead there. */
    Map<Integer, List<KvEvent>> snapshot() {
        Map<Integer, List<KvEvent>> snapshot = new TreeMap<>();
        ranks.forEach((rank, map) -> map.snapshot(snapshot.computeIfAbsent(rank, r -> new ArrayList<>())::add));
        return snapshot;
    }

    /** Blocks that the accelerators hold. */
    int deviceBlocks() {
        return ranks.values().stream()
                .mapToInt(map -> map.blocks(KvTier.DEVICE))
                .sum();
    }

    @Override
    public boolean knows(long hash) {
        return ranks.values().stream().anyMatch(map -> map.knows(hash));
    }

    @Override
    public boolean contains(long hash, KvTier tier) {
        return ranks.values().stream().anyMatch(map -> map.contains(hash, tier));
    }

    @Override
    public OptionalLong parent(long hash) {
        for (EngineBlockMap map : ranks.values()) {
            if (map.knows(hash)) {
                return map.parent(hash);
            }
        }
        return OptionalLong.empty();
    }

    /** The engine's own names of a prefix's blocks, first to last, of the first rank that has its last. */
    List<EngineHash> engineChain(Prefix prefix) {
        return ranks.values().stream()
                .filter(map -> map.contains(prefix.tail().value(), KvTier.DEVICE))
                .findFirst()
                .map(map -> map.engineChain(prefix.tail()))
                .orElse(List.of());
    }

    void clear() {
        ranks.clear();
    }

    void clear(int rank) {
        ranks.remove(rank);
    }
}
