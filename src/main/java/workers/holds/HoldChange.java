package workers.holds;

import kv.Epoch;
import kv.LeaseId;
import kv.Prefix;
import org.jspecify.annotations.Nullable;

/**
 * A hold that became less than was acknowledged.
 *
 * <p>Thread-safety: immutable.
 *
 * @param epoch of the command that made the hold
 * @param left what is kept on under the same deadline, null when the hold is over
 */
public record HoldChange(LeaseId lease, Epoch epoch, HoldEnd reason, @Nullable Prefix left) {}
