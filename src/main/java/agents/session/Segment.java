package agents.session;

import kv.RetentionClass;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of a frontier's blocks of one retention class.
 *
 * <p>Thread-safety: immutable.
 *
 * @param fromBlock first block, inclusive
 * @param toBlock last block, exclusive
 * @param tail sequence hash of the last block, null when the prefix up to here has no full block
 */
public record Segment(RetentionClass retentionClass, int fromBlock, int toBlock, @Nullable SequenceHash tail) {}
