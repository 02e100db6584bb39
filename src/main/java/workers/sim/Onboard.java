package workers.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import kv.KvTier;
import org.jspecify.annotations.Nullable;
import workers.sim.Interconnect.Link;

/**
 * Moves of blocks to the device, from colder tiers and from other engines. The blocks' room is taken when a load begins; they
 * become matchable, all at once, when it is complete. A request whose prefix is on its way waits for that, out of the queue.
 *
 * <p>Thread-safety: none.
 */
final class Onboard {
    private final Memory memory;
    private final Offload.Arrivals arrivals;
    private final Consumer<Sequence> wake;
    /** The load under way that brings a block. */
    private final Map<Long, Load> underWay = new HashMap<>();

    /** Blocks {@code from} to {@code to}, exclusive, of a chain on their way to the device. */
    static final class Load {
        private final long[] chain;
        private final int from;
        private final int to;
        /** On the device, from the root on: matched ones, then the room taken. */
        private final int[] blocks;

        private final Map<ColdTier, int[]> sources = new LinkedHashMap<>();
        private final List<Sequence> sleepers = new ArrayList<>();
        private final Runnable ended;
        private int transfers;
        private boolean over;

        private Load(long[] chain, int from, int to, int[] blocks, Runnable ended) {
            this.chain = chain;
            this.from = from;
            this.to = to;
            this.blocks = blocks;
            this.ended = ended;
        }

        int to() {
            return to;
        }

        /** How many of its blocks come from a colder tier. */
        private int from(KvTier wanted) {
            int count = 0;
            for (Map.Entry<ColdTier, int[]> source : sources.entrySet()) {
                count += source.getKey().tier == wanted ? source.getValue().length : 0;
            }
            return count;
        }
    }

    Onboard(Memory memory, Offload.Arrivals arrivals, Consumer<Sequence> wake) {
        this.memory = memory;
        this.arrivals = arrivals;
        this.wake = wake;
    }

    /**
     * Lets a request that could run now wait for the part of its prefix that is on its way or in a colder tier.
     *
     * @param matched its leading blocks on the device
     * @param limit blocks that it could share
     * @return whether it waits; {@code wake} gets it back
     */
    boolean awaits(Sequence sequence, int matched, int limit) {
        long[] chain = sequence.request.sequenceHashes();
        int end = Math.min(chain.length, limit);
        if (matched >= end) {
            return false;
        }
        Load coming = underWay.get(chain[matched]);
        if (coming == null && !sequence.loaded) {
            coming = load(Arrays.copyOf(chain, end), matched);
            sequence.loaded = coming != null;
            if (coming != null && sequence.cachedTokens < 0) {
                sequence.remoteBlocks += coming.from(KvTier.REMOTE);
            }
        }
        if (coming == null) {
            return false;
        }
        coming.sleepers.add(sequence);
        return true;
    }

    /** Loads what follows the device's part of a chain from colder tiers; returns how many leading blocks are there or come. */
    int load(long[] chain) {
        int matched = matched(chain);
        load(chain, matched);
        int depth = matched;
        while (depth < chain.length && underWay.containsKey(chain[depth])) {
            depth++;
        }
        return depth;
    }

    /**
     * Takes what follows the device's part of a chain from elsewhere; null when that is nothing, or nothing fits.
     *
     * @param ended called when the blocks are there, and when they are given up
     */
    @Nullable
    Load pull(long[] chain, List<Link> path, Runnable ended) {
        int from = matched(chain);
        int to = from;
        while (to < chain.length && !underWay.containsKey(chain[to])) {
            to++;
        }
        Load load = open(chain, from, to, ended);
        if (load != null) {
            begin(load, path, load.to - from);
        }
        return load;
    }

    /** Gives up what has not arrived; who waits for it does without. */
    void abort(Load load) {
        if (!load.over) {
            end(load);
        }
    }

    private int matched(long[] chain) {
        return memory.device.match(chain, chain.length, new int[chain.length]);
    }

    private @Nullable Load load(long[] chain, int from) {
        if (memory.colder().isEmpty()) {
            return null;
        }
        memory.changes.flushEvicted();
        int to = from;
        while (to < chain.length && !underWay.containsKey(chain[to]) && memory.coldTierOf(chain[to]) != null) {
            to++;
        }
        Load load = open(chain, from, to, () -> {});
        if (load == null) {
            return null;
        }
        Map<ColdTier, List<Integer>> found = new LinkedHashMap<>();
        for (int i = from; i < load.to; i++) {
            ColdTier tier = memory.coldTierOf(chain[i]);
            if (tier != null) {
                found.computeIfAbsent(tier, first -> new ArrayList<>()).add(tier.use(chain[i]));
            }
        }
        found.forEach((tier, blocks) -> {
            load.sources.put(tier, blocks.stream().mapToInt(Integer::intValue).toArray());
            begin(load, memory.path(null, tier), blocks.size());
        });
        return load;
    }

    /** Takes room for as many of the blocks as fit. */
    private @Nullable Load open(long[] chain, int from, int wanted, Runnable ended) {
        BlockPool device = memory.device;
        int[] blocks = new int[wanted];
        device.match(chain, from, blocks);
        int to = Math.min(wanted, from + device.available() - device.unused(blocks, from));
        if (to <= from) {
            return null;
        }
        device.share(blocks, from);
        Load load = new Load(chain, from, to, Arrays.copyOf(blocks, to), ended);
        for (int i = from; i < to; i++) {
            load.blocks[i] = device.take();
            underWay.put(chain[i], load);
        }
        return load;
    }

    private void begin(Load load, List<Link> path, int blocks) {
        load.transfers++;
        memory.begin(path, blocks, () -> {
            if (--load.transfers == 0) {
                arrivals.add(() -> complete(load));
            }
        });
    }

    private void complete(Load load) {
        if (load.over) {
            return;
        }
        memory.changes.flushEvicted(); // whose new parents must not be these, which nobody has heard of
        int told = load.from;
        for (int i = load.from; i < load.to; i++) {
            int mine = load.blocks[i];
            int parent = i == 0 ? BlockPool.NO_PARENT : load.blocks[i - 1];
            load.blocks[i] = memory.device.publish(mine, load.chain[i], parent);
            if (load.blocks[i] != mine) {
                tell(load, told, i);
                told = i + 1;
            }
        }
        tell(load, told, load.to);
        end(load);
    }

    private void tell(Load load, int from, int to) {
        if (from < to) {
            memory.changes.arrived(load.chain, from, to);
        }
    }

    private void end(Load load) {
        load.over = true;
        for (int i = load.from; i < load.to; i++) {
            underWay.remove(load.chain[i]);
        }
        memory.device.release(load.blocks, load.to);
        load.sources.forEach((tier, blocks) -> tier.release(blocks, blocks.length));
        load.sleepers.forEach(wake);
        load.ended.run();
    }
}
