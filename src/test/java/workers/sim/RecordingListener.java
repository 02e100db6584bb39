package workers.sim;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import kv.KvEvent;
import kv.KvTier;

/** Writes down everything it hears, one line per token, and replays block events into a plain set. */
final class RecordingListener implements SimListener {
    final List<String> log = new ArrayList<>();
    /** On the device. */
    final Set<Long> matchable = new HashSet<>();
    /** In every tier, the device's set included. */
    private final Map<KvTier, Set<Long>> tiers = new EnumMap<>(KvTier.class);

    final Map<String, Integer> tokens = new HashMap<>();
    final Map<String, Integer> cachedTokens = new HashMap<>();
    final Map<String, Integer> endings = new HashMap<>();
    int preemptions;
    /** What left the device, in order. */
    final List<Long> evicted = new ArrayList<>();
    /** Where a parent may be. */
    private final List<Set<Long>> known = new ArrayList<>();

    RecordingListener() {
        for (KvTier tier : KvTier.values()) {
            tiers.put(tier, tier == KvTier.DEVICE ? matchable : new HashSet<>());
        }
        known.addAll(tiers.values());
    }

    Set<Long> in(KvTier tier) {
        return Objects.requireNonNull(tiers.get(tier));
    }

    /** Engines that share a store know of each other's blocks there. */
    void shares(RecordingListener other) {
        known.add(other.in(KvTier.REMOTE));
    }

    @Override
    public void onFirstToken(String id, int cached, double timeMillis) {
        log.add("first " + id + " " + cached + " @" + timeMillis);
        tokens.merge(id, 1, Integer::sum);
        cachedTokens.put(id, cached);
    }

    @Override
    public void onRemoteLoaded(String id, int blocks, double timeMillis) {
        log.add("remote " + id + " " + blocks + " @" + timeMillis);
    }

    @Override
    public void onTokens(String id, int count, double firstMillis, double intervalMillis) {
        double time = firstMillis;
        for (int i = 0; i < count; i++) {
            log.add("token " + id + " @" + time);
            time += intervalMillis;
        }
        tokens.merge(id, count, Integer::sum);
    }

    @Override
    public void onFinished(String id, double timeMillis) {
        log.add("finished " + id + " @" + timeMillis);
        endings.merge(id, 1, Integer::sum);
    }

    @Override
    public void onRejected(String id, Rejection reason, double timeMillis) {
        log.add("rejected " + id + " @" + timeMillis);
        endings.merge(id, 1, Integer::sum);
    }

    @Override
    public void onPreempted(String id, double timeMillis) {
        log.add("preempted " + id + " @" + timeMillis);
        preemptions++;
    }

    @Override
    public void onBlocksStored(String id, int firstBlock, KvEvent.BlocksStored event, double timeMillis) {
        log.add("stored " + id + " " + firstBlock + " " + event.sequenceHashes().length + " @" + timeMillis);
        if (event.root() != (firstBlock == 0)) {
            throw new AssertionError("root is not position 0");
        }
        stored(event);
    }

    @Override
    public void onBlocksMoved(KvEvent.BlocksStored event, double timeMillis) {
        log.add("moved to " + event.tier() + " " + event.sequenceHashes().length + " @" + timeMillis);
        stored(event);
    }

    @Override
    public void onBlocksRemoved(KvEvent.BlocksRemoved event, double timeMillis) {
        log.add("removed from " + event.tier() + " " + event.sequenceHashes().length + " @" + timeMillis);
        for (long hash : event.sequenceHashes()) {
            if (event.tier() == KvTier.DEVICE) {
                evicted.add(hash);
            }
            if (!in(event.tier()).remove(hash)) {
                throw new AssertionError("removed but not there: " + hash);
            }
        }
    }

    private void stored(KvEvent.BlocksStored event) {
        if (!event.root() && known.stream().noneMatch(tier -> tier.contains(event.parent()))) {
            throw new AssertionError("stored under a parent that is not there");
        }
        for (long hash : event.sequenceHashes()) {
            if (!in(event.tier()).add(hash)) {
                throw new AssertionError("stored twice in " + event.tier() + ": " + hash);
            }
        }
    }
}
