package inference;

import java.time.Duration;

/**
 * A request to keep the prefix that ends with one content block. A mark is not content: it enters neither prompt nor
 * hash.
 *
 * <p>Thread-safety: immutable.
 *
 * @param message position of the message, from 0; -1 marks the end of the tool definitions
 * @param block position of the content block inside the message
 * @param ttl how long to keep it without a read
 */
public record CacheMark(int message, int block, Duration ttl) {}
