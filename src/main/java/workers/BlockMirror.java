package workers;

import java.util.ArrayList;
import java.util.Arrays;
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
import workers.seats.SeatTable;

/**
 * What an engine's caches hold: rank by rank, as its events tell, or seat by seat, as far as it follows from what was sent there.
 * An engine has one or the other. Mutable, not thread safe.
 */
final class BlockMirror implements CachedBlocks {
    private final int blockSizeTokens;
    private final Metrics metrics;
    private final Map<Integer, EngineBlockMap> ranks = new TreeMap<>();
    private SeatTable seats = new SeatTable(0);

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
        snapshot.putAll(seats.snapshot());
        return snapshot;
    }

    SeatTable seats() {
        return seats;
    }

    /** The engine has so many seats; all are empty then, and nobody sits. */
    void furnish(int number) {
        seats = new SeatTable(number);
    }

    @Override
    public boolean knows(long hash) {
        return seats.holds(hash) || ranks.values().stream().anyMatch(map -> map.knows(hash));
    }

    @Override
    public boolean contains(long hash, KvTier tier) {
        return (tier == KvTier.DEVICE && seats.holds(hash))
                || ranks.values().stream().anyMatch(map -> map.contains(hash, tier));
    }

    @Override
    public OptionalLong parent(long hash) {
        for (EngineBlockMap map : ranks.values()) {
            if (map.knows(hash)) {
                return map.parent(hash);
            }
        }
        return seats.before(hash);
    }

    /** The engine's own names of a prefix's blocks, first to last, of the first rank that has its last. */
    List<EngineHash> engineChain(Prefix prefix) {
        return ranks.values().stream()
                .filter(map -> inSomeTier(map, prefix.tail().value()))
                .findFirst()
                .map(map -> map.engineChain(prefix.tail()))
                .orElse(List.of());
    }

    private static boolean inSomeTier(EngineBlockMap map, long hash) {
        return Arrays.stream(KvTier.values()).anyMatch(tier -> map.contains(hash, tier));
    }

    /** Blocks that a tier of the engine holds. */
    int blocks(KvTier tier) {
        return ranks.values().stream().mapToInt(map -> map.blocks(tier)).sum()
                + (tier == KvTier.DEVICE ? seats.blocks() : 0);
    }

    void clear() {
        ranks.clear();
        furnish(seats.seats());
    }

    void clear(int rank) {
        ranks.remove(rank);
    }
}
