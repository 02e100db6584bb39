package workers.sim;

import java.util.Arrays;
import java.util.List;
import kv.KvEvent;
import kv.KvTier;
import org.jspecify.annotations.Nullable;
import workers.sim.ColdTier.Evicted;

/**
 * Moves of blocks to colder tiers: those that give way, when the engine writes back, and those that shall move.
 *
 * <p>A block that gives way leaves its tier at once: it waits in a buffer for its turn on the link. Where its new tier has no
 * room, or the block before it is nowhere any more, it is dropped.
 *
 * <p>Thread-safety: none.
 */
final class Offload implements KvChanges.Demotion {
    private final Memory memory;
    private final boolean writeBack;
    private final Arrivals arrivals;

    /** Queues what there is to do when a transfer has ended; the engine comes to it at its next step. */
    interface Arrivals {
        void add(Runnable effect);
    }

    Offload(Memory memory, boolean writeBack, Arrivals arrivals) {
        this.memory = memory;
        this.writeBack = writeBack;
        this.arrivals = arrivals;
    }

    @Override
    public void leaving(long[] hashes, long[] parents) {
        ColdTier below = writeBack ? memory.below(null) : null;
        if (below != null) {
            reverse(hashes, parents, (chain, before) -> write(null, below, chain, before, () -> {}));
        }
    }

    /**
     * Copies the leading blocks of a chain that are in hotter tiers to a colder one; when the copy is complete, those of the
     * device that no request uses, no hold covers and no other chain continues are the first to give way there. Until somebody
     * needs their room, a request finds them where it can use them at once.
     *
     * @return how many leading blocks are in that tier then
     */
    int demote(long[] chain, KvTier to) {
        ColdTier target = memory.tier(to);
        if (target == null) {
            return 0;
        }
        memory.changes.flushEvicted();
        int depth = 0;
        while (depth < chain.length && hotter(chain[depth], target)) {
            depth++;
        }
        long[] prefix = Arrays.copyOf(chain, depth);
        long[] before = new long[depth];
        for (int i = 0; i < depth; i++) {
            before[i] = i == 0 ? chain[0] : chain[i - 1];
        }
        int[] onDevice = new int[depth];
        int shared = memory.device.match(prefix, depth, onDevice);
        memory.device.share(onDevice, shared);
        write(source(prefix, target), target, prefix, before, () -> {
            memory.device.release(onDevice, shared);
            memory.device.expose(onDevice, shared);
        });
        return target.match(prefix);
    }

    /** The coldest tier above a target that has a whole prefix; null is the device, or several tiers by way of it. */
    private @Nullable ColdTier source(long[] prefix, ColdTier target) {
        ColdTier source = null;
        for (ColdTier tier : memory.colder()) {
            if (tier.tier.distance() < target.tier.distance() && tier.match(prefix) == prefix.length) {
                source = tier;
            }
        }
        return source;
    }

    /** Whether a block is in a tier or in a hotter one. */
    private boolean hotter(long hash, ColdTier than) {
        ColdTier tier = memory.coldTierOf(hash);
        return memory.device.holds(hash) || (tier != null && tier.tier.distance() <= than.tier.distance());
    }

    /**
     * Writes blocks to a colder tier.
     *
     * @param hottest where blocks come from that are nowhere else; the device for null
     * @param hashes root before leaf
     */
    private void write(@Nullable ColdTier hottest, ColdTier target, long[] hashes, long[] parents, Runnable complete) {
        int[] blocks = new int[hashes.length];
        Arrays.fill(blocks, -1);
        for (int i = 0; i < hashes.length; i++) {
            if (target.contains(hashes[i])) {
                blocks[i] = target.use(hashes[i]);
            }
        }
        Run run = new Run(target.tier, memory.changes);
        int fresh = 0;
        for (int i = 0; i < hashes.length; i++) {
            boolean root = parents[i] == hashes[i];
            if (blocks[i] < 0 && target.hasRoom() && (root || memory.anywhere(parents[i]))) {
                blocks[i] = target.write(hashes[i], parents[i], memory.changes);
                run.add(hashes[i], parents[i]);
                fresh++;
            }
        }
        run.tell(); // before what gave way for it is told to be gone: it may have been the parent
        makeWay(target, target.takeEvicted());
        int[] used = Arrays.stream(blocks).filter(block -> block >= 0).toArray();
        Runnable effect = () -> {
            target.release(used, used.length);
            complete.run();
        };
        if (fresh == 0) {
            effect.run();
        } else {
            memory.begin(memory.path(hottest, target), fresh, () -> arrivals.add(effect));
        }
    }

    /** Moves what gave way one tier down, then tells that it left. */
    private void makeWay(ColdTier tier, List<Evicted> evicted) {
        if (evicted.isEmpty()) {
            return;
        }
        ColdTier below = writeBack ? memory.below(tier) : null;
        if (below != null) {
            long[] hashes = evicted.stream().mapToLong(Evicted::hash).toArray();
            long[] parents = evicted.stream().mapToLong(Evicted::parent).toArray();
            reverse(hashes, parents, (chain, before) -> write(tier, below, chain, before, () -> {}));
        }
        for (int from = 0, to = 0; from < evicted.size(); from = to) {
            KvChanges writer = evicted.get(from).writer();
            while (to < evicted.size() && evicted.get(to).writer() == writer) {
                to++;
            }
            long[] gone =
                    evicted.subList(from, to).stream().mapToLong(Evicted::hash).toArray();
            writer.add(new KvEvent.BlocksRemoved(gone, tier.tier));
        }
    }

    private interface Chain {
        void write(long[] hashes, long[] parents);
    }

    private static void reverse(long[] hashes, long[] parents, Chain chain) {
        int count = hashes.length;
        long[] rootFirst = new long[count];
        long[] before = new long[count];
        for (int i = 0; i < count; i++) {
            rootFirst[i] = hashes[count - 1 - i];
            before[i] = parents[count - 1 - i];
        }
        chain.write(rootFirst, before);
    }

    /** Stored blocks, gathered to one event for each piece of a chain. */
    private static final class Run {
        private final KvTier tier;
        private final KvChanges changes;
        private long[] hashes = new long[16];
        private int count;
        private long parent;

        Run(KvTier tier, KvChanges changes) {
            this.tier = tier;
            this.changes = changes;
        }

        void add(long hash, long before) {
            if (count > 0 && hashes[count - 1] != before) {
                tell();
            }
            if (count == 0) {
                parent = before;
            }
            if (count == hashes.length) {
                hashes = Arrays.copyOf(hashes, 2 * count);
            }
            hashes[count++] = hash;
        }

        void tell() {
            if (count > 0) {
                boolean root = parent == hashes[0];
                changes.add(new KvEvent.BlocksStored(root, root ? 0 : parent, Arrays.copyOf(hashes, count), tier));
                count = 0;
            }
        }
    }
}
