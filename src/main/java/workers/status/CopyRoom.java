package workers.status;

/**
 * What stored copies take of the storage that a worker's engine writes them to. Workers that share it tell the same.
 *
 * @param bytes that copies take, or will when those being written are whole
 * @param budgetBytes most that they may
 */
public record CopyRoom(long bytes, long budgetBytes) {
    /** Whether so much more stays within the budget. */
    public boolean takes(long more) {
        return more <= budgetBytes - bytes;
    }
}
