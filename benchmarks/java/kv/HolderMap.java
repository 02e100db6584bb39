package kv;

import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The obvious index, as a baseline: a concurrent map from each block to a bitmap of the workers that hold it, for at most
 * 64 workers and one tier.
 */
final class HolderMap {
    private static final Long NOBODY = 0L;

    private final ConcurrentHashMap<Long, Long> holders = new ConcurrentHashMap<>();

    void store(int worker, long[] hashes) {
        Long bit = 1L << worker;
        for (long hash : hashes) {
            holders.merge(hash, bit, (had, added) -> had | added);
        }
    }

    void remove(int worker, long[] hashes) {
        long others = ~(1L << worker);
        for (long hash : hashes) {
            holders.computeIfPresent(hash, (block, had) -> (had & others) == 0 ? null : Long.valueOf(had & others));
        }
    }

    int size() {
        return holders.size();
    }

    /** Looks every block up until nobody is left; exact. */
    Stops walk(long[] query, int size) {
        Stops stops = new Stops();
        long alive = size == 0 ? 0 : at(query[0]);
        int depth = 0;
        while (depth < size && alive != 0) {
            alive = stops.narrow(depth, alive, at(query[depth]));
            depth++;
        }
        stops.narrow(size, alive, 0);
        return stops;
    }

    /**
     * Looks at every {@code jump}-th block and assumes, where the holders there are the same, that they are the same in
     * between; wrong if a block in between was evicted.
     */
    Stops jump(long[] query, int size, int jump) {
        Stops stops = new Stops();
        long alive = size == 0 ? 0 : at(query[0]);
        int depth = 0;
        while (depth < size && alive != 0) {
            int target = Math.min(depth + jump, size) - 1;
            if ((at(query[target]) & alive) == alive) {
                depth = target + 1;
            } else {
                for (; depth <= target && alive != 0; depth++) {
                    alive = stops.narrow(depth, alive, at(query[depth]));
                }
            }
        }
        stops.narrow(size, alive, 0);
        return stops;
    }

    private long at(long hash) {
        return holders.getOrDefault(hash, NOBODY);
    }

    /** Where workers stop; the same answer as the index's. */
    static final class Stops {
        private int[] depths = new int[4];
        private long[] stopping = new long[4];
        private int count;

        long narrow(int depth, long alive, long holders) {
            long staying = alive & holders;
            if (staying != alive) {
                if (count == depths.length) {
                    depths = Arrays.copyOf(depths, count * 2);
                    stopping = Arrays.copyOf(stopping, count * 2);
                }
                depths[count] = depth;
                stopping[count++] = alive & ~staying;
            }
            return staying;
        }

        /** Leading blocks of one worker. */
        int depth(int worker) {
            for (int i = 0; i < count; i++) {
                if ((stopping[i] >>> worker & 1) != 0) {
                    return depths[i];
                }
            }
            return 0;
        }

        int deepest() {
            return count == 0 ? 0 : depths[count - 1];
        }
    }
}
