package kv;

/** Level of the memory hierarchy that holds a KV block, hottest first. */
public enum KvTier {
    /** Accelerator memory: readable by a running request at once. */
    DEVICE,
    /** Host memory of the worker's machine. */
    HOST,
    /** Local disk of the worker's machine. */
    DISK,
    /** Storage shared by the fleet. */
    REMOTE
}
