package replay.trace;

/**
 * Ids of a prompt's blocks as runs of consecutive numbers, in order. Equal ids mean equal whole prefixes.
 *
 * <p>Thread-safety: immutable by convention: arrays are handed over and never written again.
 *
 * @param firsts first id of each run
 * @param counts length of each run, at least 1
 */
public record BlockRuns(long[] firsts, int[] counts) {

    /** Number of blocks. */
    public int size() {
        int size = 0;
        for (int count : counts) {
            size += count;
        }
        return size;
    }

    /**
     * The ids one by one, each block cut into smaller ones: {@code id·parts + 0 … parts − 1}.
     *
     * @param parts blocks to make of each, at least 1
     * @param limit most ids to give
     */
    public long[] expand(int parts, int limit) {
        long[] ids = new long[(int) Math.min((long) size() * parts, limit)];
        int at = 0;
        for (int run = 0; run < firsts.length; run++) {
            long first = firsts[run] * parts;
            long count = (long) counts[run] * parts;
            for (long i = 0; i < count && at < ids.length; i++) {
                ids[at++] = first + i;
            }
        }
        return ids;
    }
}
