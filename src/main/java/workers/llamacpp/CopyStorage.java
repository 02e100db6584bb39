package workers.llamacpp;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where a llama-server's copies lie, and how much of that they may take.
 *
 * <p>Thread-safety: immutable.
 *
 * @param folder the server's {@code --slot-save-path} as this node sees it
 * @param budgetBytes most that all copies in the folder may take together; null for a share of the disk
 * @param diskShare 0 to 1, of what the disk would have free without copies
 * @param abandonedAfter how long nobody may have looked after a ledger's copies before they are deleted; longer than any lease lasts
 *     and than the time between two looks
 */
public record CopyStorage(Path folder, @Nullable Long budgetBytes, double diskShare, Duration abandonedAfter) {
    /**
     * Most bytes that copies may take, never more than the disk has room for.
     *
     * @param writtenBytes that copies take of the disk now
     * @param usableBytes that the disk has left
     */
    long budget(long writtenBytes, long usableBytes) {
        long free = writtenBytes + usableBytes;
        return budgetBytes == null ? (long) (diskShare * free) : Math.min(budgetBytes, free);
    }
}
