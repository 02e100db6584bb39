package router.placement;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import kv.CacheOwner;
import kv.Incarnation;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.queue.ActiveRequests;
import router.queue.BusyThreshold;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** The workers that a router knows, ordered by name. */
final class Fleet {
    private final Map<WorkerId, Member> members = new TreeMap<>();
    /** What workers were that are away: they may be back. As many as were ever there, at most. */
    private final Map<WorkerId, EngineFacts> away = new TreeMap<>();

    private final ActiveRequests active;
    private final BusyThreshold threshold;

    /** One worker; {@code slot} is its number in {@link ActiveRequests}. */
    static final class Member {
        private final WorkerId worker;
        private final int slot;
        private Incarnation incarnation;
        /** By rank, or by seat. */
        private List<CacheOwner> caches;

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
            this.caches = caches(worker, incarnation, facts);
            this.facts = facts;
            this.state = state;
            this.load = load;
        }

        private static List<CacheOwner> caches(WorkerId worker, Incarnation incarnation, EngineFacts facts) {
            return IntStream.range(0, Math.max(1, facts.capabilities().privateSlots()))
                    .mapToObj(rank -> new CacheOwner(worker, incarnation, rank))
                    .toList();
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

        List<CacheOwner> caches() {
            return caches;
        }

        WorkerLoad load() {
            return load;
        }

        boolean accepting() {
            return state.accepting();
        }

        boolean draining() {
            return state == WorkerState.DRAINING;
        }

        /** Whether its engine takes prefixes over from others, and they from it. */
        boolean pulls() {
            return facts.capabilities().tiers().pulls();
        }
    }

    Fleet(ActiveRequests active, BusyThreshold threshold) {
        this.active = active;
        this.threshold = threshold;
    }

    void join(WorkerId worker, Incarnation incarnation, EngineFacts facts, WorkerState state, WorkerLoad load) {
        away.remove(worker);
        Member known = members.get(worker);
        if (known == null) {
            members.put(worker, new Member(worker, active.openSlot(), incarnation, facts, state, load));
            return;
        }
        known.incarnation = incarnation;
        known.caches = Member.caches(worker, incarnation, facts);
        known.facts = facts;
        known.state = state;
        known.load = load;
    }

    /** A worker's news; whether some turn may have room there now that had none before. */
    boolean update(WorkerId worker, WorkerState state, WorkerLoad load) {
        Member member = members.get(worker);
        if (member == null) {
            return false;
        }
        boolean room = state != member.state
                || load.requests() < member.load.requests()
                || load.deviceBlocksUsed() < member.load.deviceBlocksUsed();
        member.state = state;
        member.load = load;
        return room;
    }

    /** What a worker that refuses a turn says of its load. */
    void correct(WorkerId worker, WorkerLoad load) {
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
                        load.deviceBlocksTotal(),
                        load.seatsTaken());
                return;
            }
        }
    }

    void lost(WorkerId worker) {
        Member member = members.remove(worker);
        if (member != null) {
            away.put(worker, member.facts);
            active.closeSlot(member.slot);
        }
    }

    /** What every worker can do, also those that are away. */
    List<EngineFacts> known() {
        return Stream.concat(members.values().stream().map(Member::facts), away.values().stream())
                .toList();
    }

    Collection<Member> members() {
        return members.values();
    }

    @Nullable
    Member find(WorkerId worker) {
        return members.get(worker);
    }

    Member member(WorkerId worker) {
        return Objects.requireNonNull(members.get(worker), () -> "unknown worker " + worker);
    }

    /** Models of which a worker that takes turns, be it some, would take a small one at once. */
    Set<String> freeModels() {
        Set<String> free = new HashSet<>();
        for (Member member : members.values()) {
            if ((member.accepting() || member.draining()) && !busy(member, 0)) {
                free.addAll(member.facts.models());
            }
        }
        return free;
    }

    /** Whether a turn that adds so many blocks would have to wait for a worker. */
    boolean busy(Member member, int newBlocks) {
        int requests = Math.max(active.requests(member.slot), member.load.requests());
        int residentBlocks = usedBlocks(member) + newBlocks;
        return threshold.busy(member.facts, requests, active.prefillTokens(member.slot), residentBlocks);
    }

    /** What there is on a worker for a turn that adds so many blocks. */
    PausePolicy.Room room(Member member, int newBlocks) {
        return new PausePolicy.Room(member.worker, member.facts, usedBlocks(member), newBlocks);
    }

    /** Blocks in use by turns in flight, by the larger of the router's and the worker's account. */
    private int usedBlocks(Member member) {
        return Math.max(active.blocks(member.slot), member.load.deviceBlocksUsed());
    }
}
