package router.placement;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import kv.CacheOwner;
import kv.KvTier;
import kv.Overlap;
import kv.PrefixIndex;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.queue.ActiveRequests;
import router.queue.SharedBlocks;
import router.strategy.Candidate;
import workers.status.TimingModel;
import workers.status.TransferModel;

/**
 * Workers as candidates for one turn: what each has of its prompt, could load of it, and has to do besides.
 *
 * <p>In an engine of private slots, what one of them holds of a prompt serves the turn only if the turn gets that very slot. It
 * does when the slot is its session's own; another's beginning is given away only when no slot is empty.
 */
final class Candidates {
    private final PrefixIndex index;
    private final ActiveRequests active;
    private final Fleet fleet;
    private final PausePolicy pauses;
    private final TimingModel timing;
    private final TransferModel transfers;

    Candidates(PrefixIndex index, ActiveRequests active, Fleet fleet, PausePolicy pauses, PlacementSettings settings) {
        this.index = index;
        this.active = active;
        this.fleet = fleet;
        this.pauses = pauses;
        this.timing = settings.timing();
        this.transfers = settings.links();
    }

    /** The worker that has most of a prompt, of those that others can take it from. */
    private record Source(WorkerId worker, int blocks) {}

    /**
     * The given workers as candidates for a turn that has waited so long.
     *
     * @param sources others that a prompt can be taken over from
     */
    List<Candidate> of(
            RouteRequest request,
            List<Fleet.Member> eligible,
            List<Fleet.Member> sources,
            long waitedNanos,
            long nowNanos) {
        Duration waited = Duration.ofNanos(waitedNanos);
        Overlap overlap = index.match(request.blocks(), request.knownBlocks());
        SharedBlocks shared = active.sharedBlocks(request.blocks());
        int turnBlocks = request.promptBlocks();
        List<Candidate> candidates = new ArrayList<>(eligible.size());
        Source source = null;
        List<Candidate.Held> helds = new ArrayList<>(eligible.size());
        for (Fleet.Member member : eligible) {
            Candidate.Held held = held(overlap, member.caches());
            helds.add(held);
            source = deeper(source, member, held);
        }
        for (Fleet.Member member : sources) {
            source = deeper(source, member, held(overlap, member.caches()));
        }
        for (int i = 0; i < eligible.size(); i++) {
            Fleet.Member member = eligible.get(i);
            int slot = member.slot();
            int newBlocks = turnBlocks - shared.inFlight(slot);
            boolean seats = member.facts().capabilities().privateSlots() > 0;
            Candidate.Activity activity = new Candidate.Activity(
                    active.requests(slot),
                    active.prefillingRequests(slot),
                    active.prefillTokens(slot),
                    active.prefillMillis(slot, nowNanos),
                    active.blocks(slot),
                    newBlocks,
                    seats ? 0 : shared.computing(slot),
                    pauses.claimedBlocks(request, member.worker()),
                    active.allocatedBlocksPerSecond(slot, nowNanos),
                    active.prefillShare(slot, nowNanos));
            Candidate.Held known = seats ? helds.get(i) : withComputed(helds.get(i), shared.computed(slot));
            // What is kept for the turn's session is in memory already.
            int added = pauses.expects(request, member.worker()) ? Math.max(0, newBlocks - known.device()) : newBlocks;
            boolean busy = fleet.busy(member, added)
                    || !pauses.admits(request, fleet.room(member, newBlocks), waited, nowNanos);
            candidates.add(candidate(request, member, known, source, activity, busy));
        }
        return candidates;
    }

    private static @Nullable Source deeper(@Nullable Source source, Fleet.Member member, Candidate.Held held) {
        boolean deeper = held.blocks() > (source == null ? 0 : source.blocks());
        return deeper && member.pulls() ? new Source(member.worker(), held.blocks()) : source;
    }

    private Candidate candidate(
            RouteRequest request,
            Fleet.Member member,
            Candidate.Held best,
            @Nullable Source source,
            Candidate.Activity activity,
            boolean busy) {
        int own = ownBlocks(request, member, best);
        Candidate.Held held = own == 0 && seatsFree(member, activity) ? Candidate.Held.NOTHING : best;
        return new Candidate(
                member.worker(),
                member.facts(),
                member.load(),
                held,
                kept(request, member, own, held, source),
                activity,
                busy);
    }

    /** What is kept for the turn, and what of its prompt is sooner brought than computed. */
    private Candidate.Kept kept(
            RouteRequest request, Fleet.Member member, int own, Candidate.Held held, @Nullable Source source) {
        int has = held.blocks();
        long size = request.blocks().blockSizeTokens();
        double load = transfers.loadMillis(held.host() * size, held.disk() * size, held.remote() * size);
        Optional<KeptPrefix.Copied> copied = request.kept()
                .readable(member.facts().capabilities())
                .filter(copy -> copy.blocks() > has && loadMillis(copy) < prefillMillis(request, has, copy.blocks()));
        if (copied.isPresent()) {
            return new Candidate.Kept(own, copied.get().blocks() - has, load + loadMillis(copied.get()));
        }
        if (source != null && source.blocks() > has && member.pulls()) {
            // A pull brings what lies in colder tiers here, too: it is the faster way.
            double pull = transfers.pullMillis((source.blocks() - held.device()) * size);
            if (pull < load + prefillMillis(request, has, source.blocks())) {
                return new Candidate.Kept(own, source.blocks() - has, pull, source.worker());
            }
        }
        return new Candidate.Kept(own, 0, load);
    }

    /** Blocks promised to the turn's session, or in its slot: the turn before left it there. */
    private static int ownBlocks(RouteRequest request, Fleet.Member member, Candidate.Held held) {
        boolean ownSeat = member.facts().capabilities().privateSlots() > 0
                && member.worker().equals(request.lastWorker())
                && held.device() >= Math.max(1, request.knownBlocks());
        int promised = request.kept().heldBlocks(member.worker(), member.incarnation());
        return ownSeat ? Math.max(promised, held.device()) : promised;
    }

    private static boolean seatsFree(Fleet.Member member, Candidate.Activity activity) {
        int seats = member.facts().capabilities().privateSlots();
        return Math.max(member.load().seatsTaken(), activity.requests()) < seats;
    }

    private double loadMillis(KeptPrefix.Copied copied) {
        return transfers.copyMillis(copied.copy().bytes());
    }

    private double prefillMillis(RouteRequest request, int fromBlock, int toBlock) {
        int size = request.blocks().blockSizeTokens();
        return timing.prefillMillis((long) (toBlock - fromBlock) * size, (long) fromBlock * size);
    }

    /** Blocks of turns in flight that are computed are on the device, even if no event has said so yet. */
    private static Candidate.Held withComputed(Candidate.Held held, int computed) {
        if (computed <= held.device()) {
            return held;
        }
        int host = Math.max(0, held.device() + held.host() - computed);
        int disk = Math.max(0, Math.min(held.disk(), held.device() + held.host() + held.disk() - computed));
        int remote = Math.max(0, Math.min(held.remote(), held.blocks() - computed));
        return new Candidate.Held(computed, host, disk, remote);
    }

    /** What the best of a worker's caches has. */
    private static Candidate.Held held(Overlap overlap, List<CacheOwner> caches) {
        Candidate.Held best = Candidate.Held.NOTHING;
        if (overlap.deepest() > 0) {
            for (CacheOwner cache : caches) {
                Candidate.Held held = held(overlap, cache);
                best = held.device() > best.device() || held.blocks() > best.blocks() ? held : best;
            }
        }
        return best;
    }

    private static Candidate.Held held(Overlap overlap, CacheOwner cache) {
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
