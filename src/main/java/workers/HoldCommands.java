package workers;

import akka.actor.typed.ActorRef;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import kv.Hold;
import kv.Incarnation;
import kv.KvEvent;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import kv.WorkerId;
import metrics.Metric;
import org.jspecify.annotations.Nullable;
import workers.holds.CachedBlocks;
import workers.holds.Grant;
import workers.holds.HoldChange;
import workers.holds.HoldEnd;
import workers.holds.HoldTable;
import workers.holds.InTierOrHotter;
import workers.status.EngineFacts;
import workers.status.HeldTier;
import workers.status.WorkerState;

/**
 * A worker's holds: what a keeper asks for is booked, then done by the engine, then answered; what ends is told to the
 * keeper and to the engine.
 *
 * <p>A command for a hold gets one {@link RetentionNews.HoldAnswered}, unless a later one for the same lease overtakes it. A hold
 * that was acknowledged and then shrinks or ends, other than by its keeper's will, gets a {@link RetentionNews.HoldEnded}.
 *
 * <p>Mutable, confined to its worker.
 */
final class HoldCommands {
    /** Answers about the device that may be another about the host. */
    private static final Set<Receipt> NOT_HERE =
            Set.of(new Receipt.Rejected(Receipt.Reason.BUDGET), new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT));

    private final WorkerId worker;
    private final HoldSettings settings;
    private final WorkerPorts ports;
    private final EngineClient engine;
    private final BlockMirror mirror;
    private final Answers answers;
    private final EngineOrders orders = new EngineOrders();
    private final HoldTable table;
    private final Map<LeaseId, Granted> granted = new HashMap<>();
    private boolean cleared;

    /** Brings an engine's answer back into the worker, as {@link #engineAnswered}. */
    interface Answers {
        void await(CompletionStage<Receipt> receipt, LeaseId lease, long grant);
    }

    HoldCommands(
            WorkerId worker,
            HoldSettings settings,
            WorkerPorts ports,
            EngineClient engine,
            BlockMirror mirror,
            Answers answers) {
        this.worker = worker;
        this.settings = settings;
        this.ports = ports;
        this.engine = engine;
        this.mirror = mirror;
        this.answers = answers;
        this.table = new HoldTable(settings.epochsRemembered());
    }

    /** @param arrivedNanos when the command came: what it has waited since is no part of the hold */
    void hold(Worker.HoldPrefix command, long arrivedNanos, EngineLife life) {
        Hold asked = command.hold();
        EngineFacts facts = life.facts();
        if (table.repeated(asked.lease(), asked.epoch(), command.order())) {
            return; // it is answered, or will be
        }
        long now = ports.nanoTime().getAsLong();
        Duration remaining = asked.remaining().minusNanos(now - arrivedNanos);
        if (remaining.isNegative() || remaining.isZero()) {
            answer(command, new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT));
            return;
        }
        Hold hold = asked.lasting(remaining);
        Optional<Receipt> refusal = refusal(hold, life.state(), facts);
        if (refusal.isPresent()) {
            answer(command, refusal.get());
            return;
        }
        Grant grant = table.hold(hold, command.order(), command.incarnation(), now, in(hold.tier()));
        tell(grant.changes());
        if (NOT_HERE.contains(grant.receipt()) && hold.mayLieInstead(KvTier.HOST) && keepsIn(facts, KvTier.HOST)) {
            Grant colder = table.holdInstead(hold.in(KvTier.HOST), now, in(KvTier.HOST));
            tell(colder.changes());
            grant = colder.number() == 0 ? grant : colder(colder, hold);
        }
        if (grant.number() != 0) {
            Hold booked = table.find(hold.lease(), now).orElseThrow();
            book(Granted.of(booked, grant, command.incarnation(), command.order(), command.keeper(), null));
            return;
        }
        if (table.grant(hold.lease()) == 0 && granted.remove(hold.lease()) != null) {
            release(hold.lease()); // what was held before is not to be held either
        }
        answer(command, grant.receipt());
    }

    private void book(Granted booked) {
        Hold hold = booked.hold();
        granted.put(hold.lease(), booked);
        var chain = mirror.engineChain(hold.prefix());
        answers.await(orders.give(() -> engine.hold(hold, chain)), hold.lease(), booked.number());
    }

    /** Keeps in the host tier what is held on the device, as {@link HoldTable#demote} says, if the engine does all of it. */
    void demote(Worker.DemoteHold command, EngineLife life, int sparedBlocks) {
        long now = ports.nanoTime().getAsLong();
        Granted acknowledged = granted.get(command.lease());
        Hold held = table.find(command.lease(), now).orElse(null);
        if (acknowledged == null
                || held == null
                || acknowledged.unconfirmed() != null
                || !acknowledged.incarnation().equals(command.incarnation())
                || refusal(held.in(KvTier.HOST), life.state(), life.facts()).isPresent()) {
            return;
        }
        table.demote(command.lease(), command.epoch(), command.order(), sparedBlocks, now, in(KvTier.HOST))
                .ifPresent(grant -> {
                    tell(grant.changes());
                    Hold moved = table.find(command.lease(), now).orElseThrow();
                    Granted before = acknowledged.again(held, acknowledged.number());
                    book(Granted.of(moved, grant, command.incarnation(), command.order(), command.keeper(), before));
                });
    }

    /** The engine did not carry out a demotion, or not wholly: what was acknowledged before goes on. */
    private void stay(Granted before, long grant) {
        long now = ports.nanoTime().getAsLong();
        LeaseId lease = before.hold().lease();
        List<HoldChange> changes = table.stay(before.hold(), grant, now, in(KvTier.DEVICE));
        granted.put(lease, before);
        // Its engine may have let go of the device when it was told of the host.
        table.find(lease, now).ifPresent(again -> book(before.again(again, table.grant(lease))));
        tell(changes);
    }

    /** What can be held in a tier: what lies there, or in a hotter one and can be moved. */
    private CachedBlocks in(KvTier tier) {
        return tier == KvTier.DEVICE ? mirror : new InTierOrHotter(mirror);
    }

    private static Grant colder(Grant grant, Hold asked) {
        Prefix kept = grant.receipt() instanceof Receipt.Bounded less ? less.prefix() : asked.prefix();
        Receipt receipt = new Receipt.Bounded(kept, KvTier.HOST, asked.remaining(), Receipt.Reason.BUDGET);
        return new Grant(receipt, grant.number(), List.of());
    }

    private static boolean keepsIn(@Nullable EngineFacts facts, KvTier tier) {
        return facts != null && facts.capabilities().tiers().keepsIn(tier);
    }

    void release(Worker.ReleaseHold command) {
        if (table.release(command.lease(), command.epoch(), command.order())) {
            granted.remove(command.lease());
            release(command.lease());
        }
    }

    /**
     * Brings what a colder tier keeps for a lease to the device; nothing happens when that is not wholly within the spared blocks. Nobody
     * waits for it: the turn that it is meant for finds it there, or has it loaded.
     */
    void prefetch(Worker.PrefetchHold command, int sparedBlocks) {
        Granted booked = granted.get(command.lease());
        if (booked == null || !booked.incarnation().equals(command.incarnation())) {
            return;
        }
        table.find(command.lease(), ports.nanoTime().getAsLong())
                .filter(hold -> hold.epoch().equals(command.epoch())
                        && hold.tier() != KvTier.DEVICE
                        && hold.prefix().blocks() <= sparedBlocks)
                .map(hold -> mirror.engineChain(hold.prefix()))
                .ifPresent(chain -> orders.give(() -> engine.prefetch(chain)));
    }

    /** The engine's word on a grant; null when it gave none. */
    void engineAnswered(LeaseId lease, long grant, @Nullable Receipt receipt) {
        Granted booked = granted.get(lease);
        if (booked == null || booked.number() != grant) {
            return;
        }
        boolean done = receipt instanceof Receipt.Accepted || receipt instanceof Receipt.Bounded;
        Granted before = booked.before();
        Receipt unconfirmed = booked.unconfirmed();
        if (unconfirmed == null) {
            if (!done) {
                table.refused(lease, grant); // what it was to go on with after a demotion in vain
                tell(List.of(new HoldChange(lease, booked.hold().epoch(), HoldEnd.EVICTED, null)));
            }
            return;
        }
        if (before != null) {
            if (receipt instanceof Receipt.Accepted) {
                granted.put(lease, booked.confirmed());
                say(booked, unconfirmed);
            } else {
                stay(before, grant);
            }
            return;
        }
        if (done) {
            granted.put(lease, booked.confirmed());
            answer(booked, receipt instanceof Receipt.Bounded ? receipt : unconfirmed);
            return;
        }
        table.refused(lease, grant);
        granted.remove(lease);
        release(lease); // it may have been done all the same
        Receipt refusal = receipt == null ? new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED) : receipt;
        answer(booked, refusal);
    }

    /** The engine answered a probe: its memory sets the budget. */
    void probed(EngineFacts facts) {
        if (facts.capabilities().holds() && !cleared) {
            // Holds of this worker's own earlier life, which nobody has asserted again. An engine that does not hear it
            // ends them at their deadlines.
            orders.give(engine::releaseAll);
        }
        cleared = true;
        tell(table.resize(KvTier.DEVICE, budget(facts.deviceBlocks())));
        for (KvTier tier : List.of(KvTier.HOST, KvTier.DISK)) {
            tell(table.resize(tier, budget(facts.capabilities().tiers().blocks(tier))));
        }
    }

    private int budget(int blocks) {
        return (int) (settings.budgetShare() * blocks);
    }

    void begin(Incarnation incarnation) {
        tell(table.begin(incarnation));
    }

    /** Ends what is due. */
    void tick() {
        tell(table.tick(ports.nanoTime().getAsLong()));
    }

    /** Makes room for running turns. */
    void yieldTo(int mostDeviceBlocks) {
        tell(table.yieldTo(KvTier.DEVICE, mostDeviceBlocks));
    }

    /** The mirror has changed. */
    void cacheChanged(List<KvEvent> events) {
        for (KvEvent event : events) {
            if (event instanceof KvEvent.BlocksRemoved removed) {
                long[] gone = Arrays.stream(removed.sequenceHashes())
                        .filter(hash -> !mirror.contains(hash, removed.tier()))
                        .toArray();
                tell(table.evicted(removed.tier(), gone));
            } else if (event instanceof KvEvent.AllBlocksCleared) {
                tell(table.recheck(mirror));
            }
        }
    }

    int deviceBlocks() {
        return table.blocks(KvTier.DEVICE);
    }

    /** How much is held of each tier in which something may be. */
    List<HeldTier> held() {
        return Stream.of(KvTier.DEVICE, KvTier.HOST, KvTier.DISK)
                .map(tier -> new HeldTier(tier, table.blocks(tier), table.budget(tier)))
                .filter(tier -> tier.budgetBlocks() > 0)
                .toList();
    }

    /** How many leading blocks of a prompt's cached part are held. */
    int heldPart(@Nullable Prefix cached) {
        return cached == null ? 0 : table.heldPart(KvTier.DEVICE, cached, mirror);
    }

    List<Hold> holds() {
        return table.holds(ports.nanoTime().getAsLong());
    }

    /** Time until a hold ends by itself; empty without holds. */
    Optional<Duration> untilNext() {
        OptionalLong next = table.nextDeadlineNanos();
        return next.isEmpty()
                ? Optional.empty()
                : Optional.of(Duration.ofNanos(
                        Math.max(0, next.getAsLong() - ports.nanoTime().getAsLong())));
    }

    private Optional<Receipt> refusal(Hold hold, WorkerState state, @Nullable EngineFacts facts) {
        boolean draining = state == WorkerState.DRAINING;
        if (draining && table.grant(hold.lease()) == 0) {
            // What is refused for draining counts as being here, to be taken over from here.
            boolean here = in(KvTier.DISK).contains(hold.prefix().tail().value(), KvTier.DISK);
            return Optional.of(new Receipt.Rejected(here ? Receipt.Reason.DRAINING : Receipt.Reason.NOT_RESIDENT));
        }
        if (facts == null || !(draining || state.accepting())) {
            return Optional.of(new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED));
        }
        boolean able = facts.capabilities().holds() && (hold.tier() == KvTier.DEVICE || keepsIn(facts, hold.tier()));
        return able ? Optional.empty() : Optional.of(new Receipt.Unsupported());
    }

    private void tell(List<HoldChange> changes) {
        for (HoldChange change : changes) {
            Granted hit = granted.get(change.lease());
            if (hit == null) {
                continue;
            }
            Prefix left = change.left();
            ports.metrics().count(Metric.HOLDS_CUT, change.reason().name());
            if (left == null) {
                granted.remove(change.lease());
                release(change.lease());
            }
            // Of a demotion under way, what was acknowledged before is over.
            Granted acknowledged = hit.unconfirmed() == null ? hit : left == null ? hit.before() : null;
            if (acknowledged != null) {
                Granted changed = acknowledged.changed();
                granted.replace(change.lease(), changed);
                acknowledged
                        .keeper()
                        .tell(new RetentionNews.HoldEnded(
                                worker,
                                change.lease(),
                                change.epoch(),
                                changed.incarnation(),
                                changed.order(),
                                changed.changes(),
                                change.reason(),
                                left));
            } else if (left == null) {
                answer(hit, new Receipt.Rejected(reason(change.reason())));
            } else {
                Receipt less = new Receipt.Bounded(
                        left, hit.hold().tier(), hit.hold().remaining(), Receipt.Reason.NOT_RESIDENT);
                granted.put(change.lease(), hit.bounded(less));
            }
        }
    }

    /** Why a hold is refused that was over before it could be acknowledged. */
    private static Receipt.Reason reason(HoldEnd end) {
        return switch (end) {
            case EXPIRED -> Receipt.Reason.ENGINE_FAILED;
            case REVOKED_FOR_DENSER, REVOKED_UNDER_PRESSURE -> Receipt.Reason.BUDGET;
            case EVICTED -> Receipt.Reason.NOT_RESIDENT;
            case INCARNATION_OVER -> Receipt.Reason.STALE_INCARNATION;
        };
    }

    private void answer(Worker.HoldPrefix command, Receipt receipt) {
        count(receipt);
        say(command.keeper(), command.hold(), command.incarnation(), command.order(), receipt);
    }

    private void answer(Granted granted, Receipt receipt) {
        count(receipt);
        say(granted, receipt);
    }

    private void count(Receipt receipt) {
        ports.metrics().count(Metric.HOLDS, receipt.getClass().getSimpleName().toUpperCase(Locale.ROOT));
    }

    private void say(Granted granted, Receipt receipt) {
        say(granted.keeper(), granted.hold(), granted.incarnation(), granted.order(), receipt);
    }

    private void say(ActorRef<RetentionNews> keeper, Hold hold, Incarnation incarnation, long order, Receipt receipt) {
        keeper.tell(new RetentionNews.HoldAnswered(worker, hold.lease(), hold.epoch(), incarnation, order, receipt));
    }

    private void release(LeaseId lease) {
        orders.give(() -> engine.release(lease));
    }
}
