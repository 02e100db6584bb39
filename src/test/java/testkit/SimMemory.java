package testkit;

import workers.sim.SimTiers;

/** Memory of simulated engines in tests. Stateless. */
public final class SimMemory {
    private SimMemory() {}

    /** A device and nothing else. */
    public static SimTiers deviceOnly() {
        return tiers(0, 0);
    }

    /** Tiers of a size, with the links that {@code holdfast sim} has unless told otherwise. */
    public static SimTiers tiers(int hostBlocks, int diskBlocks) {
        return new SimTiers(hostBlocks, diskBlocks, true, 131_072, 14e9, 7e9, 64e9);
    }
}
