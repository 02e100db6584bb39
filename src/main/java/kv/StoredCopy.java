package kv;

/**
 * Copy of a prefix outside every engine's memory, written whole and acknowledged.
 *
 * <p>Thread-safety: immutable.
 *
 * @param location what the engines' storage calls it, such as a file name in a folder that they share
 * @param bytes size as acknowledged: a copy of any other size is not this one
 * @param tokens tokens it covers
 * @param compatibility equal for engines that can read it: the same weights and the same cache layout
 */
public record StoredCopy(String location, long bytes, int tokens, String compatibility) {}
