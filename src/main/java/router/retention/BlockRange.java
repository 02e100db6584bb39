package router.retention;

/**
 * Stretch of a prefix by position.
 *
 * <p>Thread-safety: immutable.
 *
 * @param from first block, inclusive
 * @param to last block, exclusive
 */
public record BlockRange(int from, int to) {}
