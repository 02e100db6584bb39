package router.placement;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import kv.CacheOwner;
import kv.Incarnation;
import kv.KvTier;
import kv.Overlap;
import kv.PrefixIndex;
import kv.WorkerId;
import router.queue.ActiveRequests;
import router.queue.BusyThreshold;
import router.strategy.Candidate;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** The workers that a router knows, ordered by name, and its view of each as a candidate for one turn. */
final class Fleet {
    private final Map<WorkerId, Member> members = new TreeMap<>();
    /** Every model ever served here: one whose workers are away is not unknown. */
    private final Set<String> models = new HashSet<>();

    private final PrefixIndex index;
    private final ActiveRequests active;
    private final BusyThreshold threshold;

    /** One worker; {@code slot} is its number in {@link ActiveRequests}. */
    static final class Member {
        private final WorkerId worker;
        private final int slot;
        private Incarnation incarnation;
        private CacheOwner cache;
        private EngineFacts facts;
        private WorkerState state;
        private WorkerLoad load;

        Member(
                WorkerId worker,
                int slot,
                Incarnation incarnation,
                EngineFacts facts,
                WorkerState state,
                WorkerLoad load) {
            this.worker = worker;
            this.slot = slot;
            this.incarnation = incarnation;
            this.cache = new CacheOwner(worker, incarnation, 0);
            this.facts = facts;
            this.state = state;
            this.load = load;
        }

        WorkerId worker() {
            return worker;
        }

        int slot() {
            return slot;
        }

        Incarnation incarnation() {
            return incarnation;
        }

        EngineFacts facts() {
            return facts;
        }

        boolean accepting() {
            return state.accepting();
        }
    }

    Fleet(PrefixIndex index, ActiveRequests active, BusyThreshold threshold) {
        this.index = index;
        this.active = active;
        this.threshold = threshold;
    }

    void join(WorkerId worker, Incarnation incarnation, EngineFacts facts, WorkerState state, WorkerLoad load) {
        models.addAll(facts.models());
        Member known = members.get(worker);
        if (known == null) {
            members.put(worker, new Member(worker, active.openSlot(), incarnation, facts, state, load));
            return;
        }
        known.incarnation = incarnation;
        known.cache = new CacheOwner(worker, incarnation, 0);
        known.facts = facts;
        known.state = state;
        known.load = load;
    }

    void update(WorkerId worker, WorkerState state, WorkerLoad load) {
        Member member = members.get(worker);
        if (member != null) {
            member.state = state;
            member.load = load;
        }
    }

    void update(WorkerId worker, WorkerLoad load) {
        Member member = members.get(worker);
        if (member != null) {
            member.load = load;
        }
    }

    /**
     * A turn of ours ended: the load last reported still counts it, and a session's next turn must not be scared off by its
     * own previous one. The next report puts right whatever this guesses wrong.
     */
    void ended(int slot, int blocks) {
        for (Member member : members.values()) {
            if (member.slot == slot) {
                WorkerLoad load = member.load;
                // The worker also reserves for the answer: the average turn's share, unless ours is known to be larger.
                int average = load.deviceBlocksUsed() / Math.max(1, load.requests());
                int freed = Math.min(load.deviceBlocksUsed(), Math.max(blocks, average));
                member.load = new WorkerLoad(
                        Math.max(0, load.runningRequests() - 1),
                        load.waitingRequests(),
                        load.deviceBlocksUsed() - freed,
                        load.deviceBlocksCached() + freed,
                        load.deviceBlocksHeld(),
                        load.deviceBlocksTotal());
                return;
            }
        }
    }

    void lost(WorkerId worker) {
        Member member = members.remove(worker);
        if (member != null) {
            active.closeSlot(member.slot);
        }
    }

    /** Whether some worker serves or served a model. */
    boolean served(String model) {
        return models.contains(model);
    }

    Collection<Member> members() {
        return members.values();
    }

    Member member(WorkerId worker) {
        return Objects.requireNonNull(members.get(worker), () -> "unknown worker " + worker);
    }

    /** Models of which a worker that takes turns would take a small one at once. */
    Set<String> freeModels() {
        Set<String> free = new HashSet<>();
        for (Member member : members.values()) {
            if (member.accepting() && !busy(member, 0)) {
                free.addAll(member.facts.models());
            }
        }
        return free;
    }

    /** The given workers as candidates for a turn. */
    List<Candidate> candidates(RouteRequest request, List<Member> eligible, long nowNanos) {
        Overlap overlap = index.match(request.blocks(), request.knownBlocks());
        int[] shared = active.sharedBlocks(request.blocks());
        int turnBlocks = request.promptBlocks();
        List<Candidate> candidates = new ArrayList<>(eligible.size());
        for (Member member : eligible) {
            int newBlocks = turnBlocks - shared[member.slot];
            Candidate.Activity activity = new Candidate.Activity(
                    active.requests(member.slot),
                    active.prefillingRequests(member.slot),
                    active.prefillTokens(member.slot),
                    active.prefillMillis(member.slot, nowNanos),
                    active.blocks(member.slot),
                    newBlocks,
                    active.allocatedBlocksPerSecond(member.slot, nowNanos));
            boolean busy = busy(member, newBlocks);
            candidates.add(new Candidate(
                    member.worker, member.facts, member.load, held(overlap, member.cache), activity, busy));
        }
        return candidates;
    }

    private boolean busy(Member member, int newBlocks) {
        int requests = Math.max(active.requests(member.slot), member.load.requests());
        int residentBlocks = Math.max(active.blocks(member.slot), member.load.deviceBlocksUsed()) + newBlocks;
        return threshold.busy(member.facts, requests, active.prefillTokens(member.slot), residentBlocks);
    }

    private static Candidate.Held held(Overlap overlap, CacheOwner cache) {
        if (overlap.deepest() == 0) {
            return Candidate.Held.NOTHING;
        }
        int all = overlap.blocks(cache, KvTier.REMOTE);
        int device = overlap.blocks(cache, KvTier.DEVICE);
        if (all == device) {
            return all == 0 ? Candidate.Held.NOTHING : new Candidate.Held(all, 0, 0, 0);
        }
        int host = overlap.blocks(cache, KvTier.HOST);
        int disk = overlap.blocks(cache, KvTier.DISK);
        return new Candidate.Held(device, host - device, disk - host, all - disk);
    }
}
