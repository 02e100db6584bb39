package kv;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Made-up fleet for the benchmarks: agent sessions of 100,000 tokens in blocks of 16, which share a system prompt of 128
 * blocks and have grown by 64 blocks a turn, each on one or two of 64 workers.
 */
public final class Fleet {
    public static final int WORKERS = 64;
    public static final int SESSION_BLOCKS = 6_250;
    static final int SHARED_BLOCKS = 128;
    public static final int TURN_BLOCKS = 64;

    private final CacheOwner[] owners = new CacheOwner[WORKERS];
    private final long[] shared = new long[SHARED_BLOCKS];

    public Fleet() {
        Arrays.setAll(owners, i -> new CacheOwner(new WorkerId("http://worker-" + i), new Incarnation(1, i), 0));
        // No session's number: the shared blocks would come twice in that session's chain.
        SplittableRandom random = new SplittableRandom(Long.MAX_VALUE);
        Arrays.setAll(shared, i -> random.nextLong());
    }

    public CacheOwner owner(int worker) {
        return owners[worker];
    }

    /** Chain of a session: the shared blocks, then its own. */
    public long[] chain(int session) {
        long[] chain = Arrays.copyOf(shared, SESSION_BLOCKS);
        SplittableRandom random = new SplittableRandom(session);
        for (int i = SHARED_BLOCKS; i < SESSION_BLOCKS; i++) {
            chain[i] = random.nextLong();
        }
        return chain;
    }

    /** Worker that holds a session from its first block on. */
    int home(int session) {
        return session % WORKERS;
    }

    /** Worker that every other session has run on for its first half too. */
    int formerHome(int session) {
        return (session * 31 + 7) % WORKERS;
    }

    boolean hasMoved(int session) {
        return session % 2 == 1;
    }

    /** Leading blocks of a session that a worker holds, once every session has been played. */
    public int held(int worker, int session) {
        if (worker == home(session)) {
            return SESSION_BLOCKS;
        }
        return hasMoved(session) && worker == formerHome(session)
                ? SESSION_BLOCKS / 2 / TURN_BLOCKS * TURN_BLOCKS
                : SHARED_BLOCKS;
    }

    /** Calls back with every turn of every session, in the order in which a fleet would have run them. */
    void play(int sessions, Store store) {
        for (int turn = 0; turn * TURN_BLOCKS < SESSION_BLOCKS; turn++) {
            for (int session = 0; session < sessions; session++) {
                int from = turn * TURN_BLOCKS;
                int to = Math.min(SESSION_BLOCKS, from + TURN_BLOCKS);
                long[] chain = chain(session);
                store.blocks(home(session), chain, from, to);
                if (hasMoved(session) && to <= SESSION_BLOCKS / 2) {
                    store.blocks(formerHome(session), chain, from, to);
                }
            }
        }
    }

    /** Receiver of stored stretches of chains. */
    interface Store {
        void blocks(int worker, long[] chain, int from, int to);
    }

    /** Plays every session into an index. */
    public void fill(int sessions, PrefixIndex index) {
        play(sessions, (worker, chain, from, to) -> index.apply(owner(worker), stored(chain, from, to)));
    }

    static KvEvent.BlocksStored stored(long[] chain, int from, int to) {
        long[] hashes = Arrays.copyOfRange(chain, from, to);
        return from == 0
                ? KvEvent.BlocksStored.atRoot(hashes, KvTier.DEVICE)
                : KvEvent.BlocksStored.after(new SequenceHash(chain[from - 1]), hashes, KvTier.DEVICE);
    }

    /** The blocks as an engine frees them: last first. */
    static long[] backwards(long[] chain, int from, int to) {
        long[] hashes = new long[to - from];
        for (int i = 0; i < hashes.length; i++) {
            hashes[i] = chain[to - 1 - i];
        }
        return hashes;
    }
}
