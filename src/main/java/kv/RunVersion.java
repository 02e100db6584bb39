package kv;

/**
 * State of a run at one instant, as readers see it: a stretch of one chain of sequence hashes, and who holds its blocks.
 *
 * <p>The array may be longer than {@code length}, and newer versions may share it: the writer fills it behind every
 * published length and never rewrites what is before one.
 *
 * <p>Thread-safety: immutable below {@code length}.
 */
final class RunVersion {
    /** Arms of the fork search: its probes are independent loads, so one round costs about one cache miss. */
    private static final int ARMS = 8;

    final long head;
    final long tail;
    final int length;
    final long[] hashes;
    final Segments segments;

    RunVersion(long[] hashes, int length, Segments segments) {
        this.head = hashes[0];
        this.tail = hashes[length - 1];
        this.length = length;
        this.hashes = hashes;
        this.segments = segments;
    }

    /**
     * Number of leading blocks of this run that a query goes through. The query is known to agree on the first one.
     *
     * <p>A sequence hash covers its whole prefix, so agreement at one position means agreement at all before it, and
     * disagreement at one means disagreement at all behind it: the fork can be searched for.
     *
     * @param from position of this run's first block in the query
     * @param to end of the query
     * @param hint position in the query where it may leave this run; any number
     */
    int agreement(long[] query, int from, int to, int hint) {
        int blocks = Math.min(length, to - from);
        long last = blocks == length ? tail : hashes[blocks - 1];
        if (last == query[from + blocks - 1]) {
            return blocks;
        }
        int agrees = 0;
        int differs = blocks - 1;
        int guess = hint - from;
        if (guess > agrees && guess <= differs) {
            if (hashes[guess] != query[from + guess]) {
                differs = guess;
            } else {
                agrees = guess;
            }
            if (guess - 1 > agrees && hashes[guess - 1] == query[from + guess - 1]) {
                agrees = guess - 1;
            }
        }
        return fork(query, from, agrees, differs);
    }

    private int fork(long[] query, int from, int agreesAt, int differsAt) {
        int agrees = agreesAt;
        int differs = differsAt;
        while (differs - agrees > ARMS) {
            int step = (differs - agrees) / ARMS;
            int agreeing = 0;
            for (int arm = 1; arm < ARMS; arm++) {
                int at = agrees + arm * step;
                agreeing += hashes[at] == query[from + at] ? 1 : 0;
            }
            differs = agreeing == ARMS - 1 ? differs : agrees + (agreeing + 1) * step;
            agrees += agreeing * step;
        }
        while (differs - agrees > 1 && hashes[agrees + 1] == query[from + agrees + 1]) {
            agrees++;
        }
        return agrees + 1;
    }
}
