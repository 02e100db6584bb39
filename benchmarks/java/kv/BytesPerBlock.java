package kv;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.ref.Reference;

/**
 * Heap that a filled structure takes per distinct block, after garbage collection.
 *
 * @param distinctBlocks blocks held by anybody
 */
record BytesPerBlock(double ofRuns, double ofMap, long distinctBlocks) {

    static BytesPerBlock measure(int sessions) {
        Fleet fleet = new Fleet();
        Subject.OverRuns runs = new Subject.OverRuns(fleet);
        long ofRuns = fill(fleet, sessions, runs);
        long blocks = runs.index.distinctBlocks();
        Subject.OverMap map = new Subject.OverMap(1);
        long ofMap = fill(fleet, sessions, map);
        if (map.map.size() != blocks) {
            throw new IllegalStateException("the structures disagree: " + map.map.size() + " and " + blocks);
        }
        return new BytesPerBlock((double) ofRuns / blocks, (double) ofMap / blocks, blocks);
    }

    private static long fill(Fleet fleet, int sessions, Subject subject) {
        long before = usedBytes();
        try {
            fleet.play(sessions, subject);
            return usedBytes() - before;
        } finally {
            Reference.reachabilityFence(subject);
        }
    }

    private static long usedBytes() {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        long used = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            memory.gc();
            used = Math.min(used, memory.getHeapMemoryUsage().getUsed());
        }
        return used;
    }

    @Override
    public String toString() {
        return String.format(
                "%,d distinct blocks: %.1f bytes each in the index, %.1f in the map", distinctBlocks, ofRuns, ofMap);
    }
}
