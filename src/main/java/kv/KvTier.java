package kv;

/** Level of the memory hierarchy that holds a KV block, hottest first. */
public enum KvTier {
    /** Accelerator memory: readable by a running request at once. */
    DEVICE(0),
    /** Host memory of the worker's machine. */
    HOST(1),
    /** Local disk of the worker's machine. */
    DISK(2),
    /** Storage shared by the fleet. */
    REMOTE(3);

    private final int distance;

    KvTier(int distance) {
        this.distance = distance;
    }

    /** Steps away from accelerator memory, which is 0. */
    public int distance() {
        return distance;
    }
}
