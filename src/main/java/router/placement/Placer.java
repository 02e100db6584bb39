package router.placement;

import inference.PlacementReason;
import inference.TurnId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import kv.Incarnation;
import kv.PrefixIndex;
import kv.StoredCopy;
import kv.WorkerId;
import router.queue.ActiveRequests;
import router.queue.RequestQueue;
import router.strategy.Candidate;
import router.strategy.Choice;
import router.strategy.RoutingStrategy;
import router.strategy.Strategies;
import router.strategy.TurnView;
import workers.status.EngineFacts;
import workers.status.TimingModel;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * Placement of one router's turns: which worker, now or later, or none. Holds the workers, the load that its own turns
 * cause, and the turns that wait; reads the prefix index, which somebody else writes.
 *
 * <p>A turn that is placed is charged to its worker until {@link #release}. A turn that may not be sent yet waits in the
 * pending queue; whoever changes the load calls {@link #drain} afterwards and gets the turns that left the queue. Times
 * are nanoseconds of one monotonic clock.
 *
 * <p>A late view of a worker costs a worse choice or a refusal by that worker, never a wrong answer.
 *
 * <p>Thread-safety: confined to its router.
 */
public final class Placer {
    /**
     * How often waiting turns are looked at while nothing makes room for them: scores, caches and patience change too, but slowly,
     * and most calls come with a load report that made none.
     */
    private static final long LOOK_AGAIN_NANOS = 1_000_000_000L;

    private final ActiveRequests active;
    private final Fleet fleet;
    private final Candidates candidates;
    private final RoutingStrategy strategy;
    private final RequestQueue<RouteRequest> queue;
    private final TimingModel timing;
    private final FanoutGate gate;
    private final PausePolicy pauses;
    /** Whether something happened that may have made room for a waiting turn: whatever the pause policy is told counts. */
    private boolean roomMade;
    /** When the waiting turns were last looked at. */
    private long lookedNanos;

    public Placer(PrefixIndex index, PlacementSettings settings) {
        this.active = new ActiveRequests(settings.rateWindowSeconds());
        this.fleet = new Fleet(active, settings.busy());
        this.pauses = PausePolicies.create(settings.pauses(), settings.timing(), settings.links());
        this.candidates = new Candidates(index, active, fleet, pauses, settings);
        this.strategy = Strategies.create(
                settings.strategy(), settings.strategies(), settings.timing(), settings.links(), settings.seed());
        this.queue = new RequestQueue<>(settings.queue());
        this.timing = settings.timing();
        this.gate = new FanoutGate(settings.fanoutMaxWait(), settings.timing());
    }

    /** A worker is there, or is there again under another incarnation. */
    public void join(WorkerId worker, Incarnation incarnation, EngineFacts facts, WorkerState state, WorkerLoad load) {
        fleet.join(worker, incarnation, facts, state, load);
        roomMade = true;
    }

    /** A worker's state or load changed; unknown workers are ignored. */
    public void update(WorkerId worker, WorkerState state, WorkerLoad load) {
        roomMade |= fleet.update(worker, state, load);
    }

    /** A worker is gone; its turns are forgotten and their later events ignored. */
    public void lost(WorkerId worker) {
        fleet.lost(worker);
        // Turns that wait for it have to choose again.
        roomMade = true;
    }

    /**
     * Places a turn, queues it, or refuses it. A turn that is in flight already moves: its earlier placement is undone.
     *
     * @param arrivalNanos when the turn was first routed: one that moves keeps its place in the order of arrival
     */
    public Decision route(RouteRequest request, long arrivalNanos, long nowNanos) {
        release(request.turn(), nowNanos);
        roomMade |= pauses.tick(nowNanos);
        pauses.arrived(request, nowNanos);
        List<Candidate> eligible = eligible(request, nowNanos - arrivalNanos, nowNanos);
        if (eligible.isEmpty()) {
            return Eligibility.refusal(request, fleet);
        }
        Optional<Decision> placed = place(request, eligible, nowNanos, nowNanos - arrivalNanos, false);
        if (placed.isPresent()) {
            return placed.get();
        }
        int uncached = leastUncachedTokens(request, eligible, nowNanos);
        boolean queued = queue.offer(
                request.turn(),
                request,
                request.priority(),
                request.strictPriority(),
                uncached,
                arrivalNanos,
                pauses.orderNanos(request, arrivalNanos));
        return queued
                ? new Decision.Queued()
                : new Decision.Refused(
                        RouteOutcome.QUEUE_FULL,
                        "the pending queue holds " + queue.size() + " turns (router.queue.max-waiting)");
    }

    /** The worker refused the turn: the placement is undone and the view of the worker corrected. */
    public void refused(TurnId turn, WorkerId worker, WorkerLoad load, long nowNanos) {
        release(turn, nowNanos);
        fleet.correct(worker, load);
    }

    /** The turn's prefill is done. */
    public void firstToken(TurnId turn, long nowNanos) {
        roomMade |= active.firstToken(turn, nowNanos);
    }

    /** The turn moves, or gives up its place in the queue. */
    public void release(TurnId turn, long nowNanos) {
        release(turn, false, nowNanos);
    }

    /**
     * The turn is over.
     *
     * @param callsTools whether its session comes back when they are done
     */
    public void release(TurnId turn, boolean callsTools, long nowNanos) {
        queue.remove(turn);
        gate.forget(turn);
        int slot = active.slot(turn);
        if (slot >= 0) {
            int before = active.blocks(slot);
            strategy.ended(turn, !active.prefilling(turn), nowNanos);
            active.finish(turn, nowNanos);
            fleet.ended(slot, before - active.blocks(slot));
        }
        pauses.ended(turn, callsTools, nowNanos);
        roomMade = true;
    }

    /** Takes turns out of the queue: those that waited too long, then in queue order those that can be placed now. */
    public List<Resolved> drain(long nowNanos) {
        if (queue.isEmpty()) {
            looked(nowNanos);
            return List.of();
        }
        roomMade |= pauses.tick(nowNanos);
        List<Resolved> resolved = new ArrayList<>();
        for (RequestQueue.Waiting<RouteRequest> expired : queue.expire(nowNanos)) {
            resolved.add(new Resolved(
                    expired.turn(),
                    new Decision.Refused(
                            RouteOutcome.WAITED_TOO_LONG,
                            "no worker was free for it in time (router.queue.max-wait)")));
        }
        if (roomMade || nowNanos - lookedNanos >= LOOK_AGAIN_NANOS || gate.due(lookedNanos, nowNanos)) {
            looked(nowNanos);
            placeWaiting(resolved, nowNanos);
        }
        return resolved;
    }

    private void looked(long nowNanos) {
        roomMade = false;
        lookedNanos = nowNanos;
    }

    /** Scores every worker that could take the turn, without placing it. */
    public Explanation explain(RouteRequest request, long nowNanos) {
        List<Candidate> all = eligible(request, 0, nowNanos);
        if (all.isEmpty()) {
            Decision.Refused refusal = Eligibility.refusal(request, fleet);
            return new Explanation(strategy.name(), null, refusal, strategy.lowerWins(), false, List.of());
        }
        TurnView turn = view(request, nowNanos);
        Choice scored = strategy.choose(turn, all);
        List<Explanation.Score> scores = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            scores.add(new Explanation.Score(
                    all.get(i).worker(), all.get(i).held().blocks(), scored.totals()[i], named(scored.terms()[i])));
        }
        List<Candidate> open = open(all);
        Candidate chosen = open.get(strategy.choose(turn, open).index());
        return new Explanation(strategy.name(), chosen.worker(), null, strategy.lowerWins(), chosen.busy(), scores);
    }

    /**
     * When {@link #drain} is to be called even if nothing has changed until then: when a turn will have waited long enough for its
     * sibling, or the queue is to be looked at again; empty when no turn waits.
     */
    public OptionalLong nextDrainNanos(long nowNanos) {
        if (queue.isEmpty()) {
            return OptionalLong.empty();
        }
        long look = lookedNanos + LOOK_AGAIN_NANOS;
        OptionalLong sibling = gate.nextNanos(nowNanos);
        return sibling.isPresent() && sibling.getAsLong() - look < 0 ? sibling : OptionalLong.of(look);
    }

    /** Workers that take turns. */
    public int acceptingWorkers() {
        return (int) fleet.members().stream().filter(Fleet.Member::accepting).count();
    }

    /** Turns in the pending queue. */
    public int waiting() {
        return queue.size();
    }

    private void placeWaiting(List<Resolved> resolved, long nowNanos) {
        Set<String> free = fleet.freeModels();
        for (RequestQueue.Waiting<RouteRequest> waiting : queue.snapshot()) {
            if (free.isEmpty()) {
                return;
            }
            RouteRequest request = waiting.request();
            if (!free.contains(request.model())) {
                continue;
            }
            long waitedNanos = nowNanos - waiting.arrivalNanos();
            List<Candidate> eligible = eligible(request, waitedNanos, nowNanos);
            if (queue.stale(waiting, nowNanos)) {
                queue.rekey(waiting, leastUncachedTokens(request, eligible, nowNanos), nowNanos);
            }
            Optional<Decision> placed = place(request, eligible, nowNanos, waitedNanos, true);
            if (placed.isPresent()) {
                queue.remove(waiting.turn());
                resolved.add(new Resolved(waiting.turn(), placed.get()));
                free = fleet.freeModels();
            }
        }
    }

    private List<Candidate> eligible(RouteRequest request, long waitedNanos, long nowNanos) {
        return candidates.of(
                request,
                Eligibility.eligible(request, fleet.members()),
                Eligibility.sources(request, fleet.members()),
                waitedNanos,
                nowNanos);
    }

    /**
     * The candidates that the strategy may choose from: all that are not busy, or all if it waits for its choice or there
     * is no other.
     */
    private List<Candidate> open(List<Candidate> all) {
        if (strategy.waitsForItsChoice()) {
            return all;
        }
        List<Candidate> free = new ArrayList<>(all);
        free.removeIf(Candidate::busy);
        return free.isEmpty() ? all : free;
    }

    /**
     * Places a turn on the strategy's choice; empty when that is busy, when there is none, or when a sibling goes first.
     *
     * @param waits whether it is in the pending queue already
     */
    private Optional<Decision> place(
            RouteRequest request, List<Candidate> eligible, long nowNanos, long queuedNanos, boolean waits) {
        if (eligible.isEmpty()) {
            return Optional.empty();
        }
        TurnView turn = view(request, nowNanos);
        List<Candidate> open = open(eligible);
        Choice choice = strategy.choose(turn, open);
        Candidate chosen = open.get(choice.index());
        if (chosen.busy()) {
            return Optional.empty();
        }
        if ((waits || !queue.isFull())
                && strategy.waitsForSiblings()
                && gate.holdsBack(request.turn(), turn, chosen, eligible, nowNanos)) {
            return Optional.empty();
        }
        gate.forget(request.turn());
        strategy.taken(turn, choice, open);
        return Optional.of(new Decision.Placed(charge(request, turn, chosen, eligible, waits, nowNanos, queuedNanos)));
    }

    /** Charges a turn to the worker that it goes to. */
    private Placement charge(
            RouteRequest request,
            TurnView turn,
            Candidate chosen,
            List<Candidate> eligible,
            boolean waited,
            long nowNanos,
            long queuedNanos) {
        // The pause policy may give up what it kept for others.
        roomMade = true;
        Fleet.Member member = fleet.member(chosen.worker());
        pauses.placed(request, fleet.room(member, chosen.activity().newBlocks()), nowNanos);
        int cached = chosen.cachedTokens(turn);
        int uncached = request.inputTokens() - cached;
        int present = Math.min(cached, chosen.held().blocks() * turn.blockSizeTokens());
        active.start(
                request.turn(),
                member.slot(),
                request.blocks(),
                request.promptBlocks() - request.blocks().size(),
                request.promptBlocks() - chosen.held().device() + turn.outputBlocks(),
                uncached,
                chosen.kept().loadMillis(),
                timing.passMillis() + timing.prefillMillis(uncached, cached),
                nowNanos);
        WorkerId pullFrom = chosen.kept().pullFrom();
        StoredCopy source = chosen.kept().copied() == 0 || pullFrom != null
                ? null
                : request.kept()
                        .readable(member.facts().capabilities())
                        .map(KeptPrefix.Copied::copy)
                        .orElse(null);
        PlacementReason reason = Reasons.of(request, chosen, eligible, fleet, waited, source);
        return new Placement(chosen.worker(), member.incarnation(), present, source, pullFrom, reason, queuedNanos);
    }

    private static TurnView view(RouteRequest request, long nowNanos) {
        return new TurnView(
                request.turn(),
                nowNanos,
                request.affinity(),
                request.inputTokens(),
                request.expectedOutputTokens(),
                request.blocks().blockSizeTokens(),
                request.lastWorker());
    }

    private static int leastUncachedTokens(RouteRequest request, List<Candidate> eligible, long nowNanos) {
        TurnView turn = view(request, nowNanos);
        int most = 0;
        for (Candidate candidate : eligible) {
            most = Math.max(most, candidate.cachedTokens(turn));
        }
        return request.inputTokens() - most;
    }

    private Map<String, Double> named(double[] values) {
        Map<String, Double> named = new LinkedHashMap<>();
        for (int i = 0; i < values.length; i++) {
            named.put(strategy.terms().get(i), values[i]);
        }
        return Collections.unmodifiableMap(named);
    }
}
