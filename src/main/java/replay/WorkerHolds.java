package replay;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import kv.CacheOwner;
import kv.Epoch;
import kv.Hold;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.PromptBlocks;
import kv.Receipt;
import org.jspecify.annotations.Nullable;
import workers.holds.CachedBlocks;
import workers.holds.Grant;
import workers.holds.HoldChange;
import workers.holds.HoldTable;
import workers.holds.InTierOrHotter;
import workers.sim.SimHold;
import workers.status.EngineFacts;

/**
 * The holds of one simulated worker: production's book of them, and an engine that does as it is told at once.
 *
 * <p>Thread-safety: confined to its run.
 */
final class WorkerHolds implements CachedBlocks {
    private static final List<KvTier> TIERS = List.of(KvTier.DEVICE, KvTier.HOST, KvTier.DISK);

    private final CacheOwner owner;
    private final SimulatedWorker engine;
    private final Chains chains;
    private final EngineFacts facts;
    private final double budgetShare;
    private final HoldTable table;
    private final RetentionFigures figures;
    private final Listener listener;
    /** What each turn here needs beside what was held for it. */
    private final Map<Integer, Integer> freshByTurn = new HashMap<>();

    private int freshBlocks;
    private double countedMillis;

    /** The order that each hold was last made by, and how often it became less since. */
    private final Map<LeaseId, Word> words = new HashMap<>();

    /** What tells two words on one hold apart, see {@link router.retention.OpenOrders}. */
    record Word(long order, int change) {}

    /** Who hears of holds that end before their keeper ends them. */
    interface Listener {
        void onHoldOver(CacheOwner worker, HoldChange change, Word word, double nowMillis);
    }

    WorkerHolds(
            CacheOwner owner,
            SimulatedWorker engine,
            Chains chains,
            EngineFacts facts,
            RetentionRules rules,
            RetentionFigures figures,
            Listener listener) {
        this.owner = owner;
        this.engine = engine;
        this.chains = chains;
        this.facts = facts;
        this.budgetShare = rules.budgetShare();
        this.figures = figures;
        this.listener = listener;
        table = new HoldTable(rules.epochsRemembered());
        TIERS.forEach(tier -> table.resize(tier, budget(tier)));
        table.begin(owner.incarnation());
    }

    /** Keeps what a command asks for. */
    Receipt hold(Hold hold, long order, PromptBlocks chain, double nowMillis) {
        count(nowMillis);
        long now = VirtualTime.nanos(nowMillis);
        Grant grant = table.hold(hold, order, owner.incarnation(), now, this);
        tell(grant.changes(), nowMillis);
        Receipt receipt = grant.receipt();
        if (grant.number() == 0 && hold.mayLieInstead(KvTier.HOST) && inHostInstead(receipt)) {
            grant = table.holdInstead(hold.in(KvTier.HOST), now, new InTierOrHotter(this));
            tell(grant.changes(), nowMillis);
        }
        if (grant.number() != 0) {
            receipt = tell(table.find(hold.lease(), now).orElseThrow(), order, grant, chain, nowMillis);
        } else if (table.grant(hold.lease()) == 0) {
            engine.release(name(hold.lease()));
        }
        figures.receipt(receipt);
        TIERS.forEach(held -> figures.heldShare(budget(held) == 0 ? 0 : (double) table.blocks(held) / budget(held)));
        return receipt;
    }

    /** Tells the engine what was booked; whether it keeps all of it. */
    private boolean keeps(Hold hold, PromptBlocks chain, double nowMillis) {
        double until = nowMillis + VirtualTime.millis(hold.remaining());
        long[] blocks = chain.prefix(hold.prefix().blocks()).toArray();
        SimHold asked = new SimHold(name(hold.lease()), blocks, hold.tier(), hold.density(), until);
        return engine.hold(asked, nowMillis) == blocks.length;
    }

    private Receipt tell(Hold hold, long order, Grant grant, PromptBlocks chain, double nowMillis) {
        boolean kept = keeps(hold, chain, nowMillis);
        if (hold.tier() == KvTier.DEVICE) {
            words.put(hold.lease(), new Word(order, 0));
            return grant.receipt();
        }
        if (!kept) {
            table.refused(hold.lease(), grant.number());
            engine.release(name(hold.lease()));
            return new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT);
        }
        words.put(hold.lease(), new Word(order, 0));
        return new Receipt.Bounded(hold.prefix(), hold.tier(), hold.remaining(), Receipt.Reason.BUDGET);
    }

    private boolean inHostInstead(Receipt refusal) {
        return facts.capabilities().tiers().keepsIn(KvTier.HOST)
                && refusal instanceof Receipt.Rejected rejected
                && (rejected.reason() == Receipt.Reason.BUDGET || rejected.reason() == Receipt.Reason.NOT_RESIDENT);
    }

    private int budget(KvTier tier) {
        int blocks = tier == KvTier.DEVICE
                ? facts.deviceBlocks()
                : facts.capabilities().tiers().blocks(tier);
        return (int) (budgetShare * blocks);
    }

    void release(LeaseId lease, Epoch epoch, long order, double nowMillis) {
        count(nowMillis);
        if (table.release(lease, epoch, order)) {
            words.remove(lease);
            engine.release(name(lease));
        }
    }

    /**
     * Brings what a colder tier keeps for a lease to the device, if that is wholly within what neither turns nor holds need.
     *
     * @return blocks that begin to move
     */
    int prefetch(LeaseId lease, Epoch epoch, PromptBlocks chain, double nowMillis) {
        return table.find(lease, VirtualTime.nanos(nowMillis))
                .filter(hold -> hold.epoch().equals(epoch)
                        && hold.tier() != KvTier.DEVICE
                        && hold.prefix().blocks() <= sparedBlocks())
                .map(hold ->
                        engine.prefetch(chain.prefix(hold.prefix().blocks()).toArray(), nowMillis))
                .orElse(0);
    }

    /** Keeps in the host tier what is held on the device, as {@link HoldTable#demote} says; empty when nothing was moved. */
    Optional<Receipt> demote(LeaseId lease, Epoch epoch, long order, PromptBlocks chain, double nowMillis) {
        count(nowMillis);
        long now = VirtualTime.nanos(nowMillis);
        Hold before = table.find(lease, now).orElse(null);
        Grant grant = table.demote(lease, epoch, order, sparedBlocks(), now, new InTierOrHotter(this))
                .orElse(null);
        if (before == null || grant == null) {
            return Optional.empty();
        }
        tell(grant.changes(), nowMillis);
        if (keeps(table.find(lease, now).orElseThrow(), chain, nowMillis)) {
            words.put(lease, new Word(order, 0));
            return Optional.of(grant.receipt());
        }
        List<HoldChange> changes = table.stay(before, grant.number(), now, this);
        table.find(lease, now).ifPresent(again -> keeps(again, chain, nowMillis));
        tell(changes, nowMillis);
        return Optional.empty();
    }

    private int sparedBlocks() {
        int needed = freshBlocks + table.blocks(KvTier.DEVICE);
        return engine.load().waitingRequests() > 0 ? 0 : Math.max(0, facts.deviceBlocks() - needed);
    }

    /** Ends what is due. */
    void tick(double nowMillis) {
        count(nowMillis);
        tell(table.tick(VirtualTime.nanos(nowMillis)), nowMillis);
    }

    /**
     * A turn was admitted: holds make room for it and those before.
     *
     * @param wholeBlocks what it will need at its end, as far as known
     * @param cached what of its prompt the cache is thought to have, null for nothing
     */
    void admitted(int turn, int wholeBlocks, @Nullable Prefix cached, double nowMillis) {
        int held = cached == null ? 0 : table.heldPart(KvTier.DEVICE, cached, this);
        int fresh = Math.max(0, Math.min(facts.deviceBlocks(), wholeBlocks) - held);
        freshByTurn.put(turn, fresh);
        freshBlocks += fresh;
        count(nowMillis);
        tell(table.yieldTo(KvTier.DEVICE, Math.max(0, facts.deviceBlocks() - freshBlocks)), nowMillis);
    }

    void ended(int turn) {
        Integer fresh = freshByTurn.remove(turn);
        freshBlocks -= fresh == null ? 0 : fresh;
    }

    /** A tier of the engine dropped blocks. */
    void evicted(KvTier tier, long[] hashes, double nowMillis) {
        count(nowMillis);
        tell(table.evicted(tier, hashes), nowMillis);
    }

    /** Whether a lease's hold here still covers all of a prefix. */
    boolean holds(Prefix prefix) {
        return table.heldPart(KvTier.DEVICE, prefix, this) == prefix.blocks();
    }

    private void tell(List<HoldChange> changes, double nowMillis) {
        for (HoldChange change : changes) {
            figures.cut(change.reason());
            Word before = Objects.requireNonNull(words.get(change.lease()), "a hold was made by an order");
            Word word = new Word(before.order(), before.change() + 1);
            words.put(change.lease(), word);
            if (change.left() == null) {
                words.remove(change.lease());
                engine.release(name(change.lease()));
            }
            listener.onHoldOver(owner, change, word, nowMillis);
        }
    }

    private void count(double nowMillis) {
        int held = TIERS.stream().mapToInt(table::blocks).sum();
        figures.held(held, (nowMillis - countedMillis) / VirtualTime.MILLIS_PER_SECOND);
        countedMillis = nowMillis;
    }

    private static String name(LeaseId lease) {
        return lease.toString();
    }

    @Override
    public boolean knows(long hash) {
        return chains.knows(hash);
    }

    @Override
    public boolean contains(long hash, KvTier tier) {
        return engine.has(hash, tier);
    }

    @Override
    public OptionalLong parent(long hash) {
        return chains.parent(hash);
    }
}
