package replay;

import java.util.Arrays;

/**
 * What happened to each turn under one policy, by position in the trace. Times are virtual milliseconds from the start of
 * the run, or wall-clock ones in a live replay; NaN until known.
 *
 * <p>Thread-safety: confined to its run; read only afterwards.
 */
public final class TurnRecords {
    final int[] inputTokens;
    final int[] outputTokens;
    final double[] arrivedMillis;
    final double[] firstTokenMillis;
    final double[] finishedMillis;
    /** How long the turn's line of prompts had been away; NaN for its first turn. */
    final double[] awayMillis;
    /** How long the turn had waited in the router when it was sent to a worker. */
    final double[] queuedMillis;

    final int[] cachedTokens;
    /** Prompt tokens taken over from another engine; they count as cached. */
    final int[] pulledTokens;
    /** Prompt tokens loaded from the store that all engines share; they count as cached. */
    final int[] remoteTokens;
    /** Prompt tokens computed for the first time anywhere. */
    final int[] coldTokens;
    /** Prompt tokens computed again because every engine had dropped them. */
    final int[] evictionTokens;
    /** Prompt tokens computed although another engine held them. */
    final int[] placementTokens;

    public TurnRecords(int turns) {
        inputTokens = new int[turns];
        outputTokens = new int[turns];
        arrivedMillis = unknown(turns);
        firstTokenMillis = unknown(turns);
        finishedMillis = unknown(turns);
        awayMillis = unknown(turns);
        queuedMillis = new double[turns];
        cachedTokens = new int[turns];
        pulledTokens = new int[turns];
        remoteTokens = new int[turns];
        coldTokens = new int[turns];
        evictionTokens = new int[turns];
        placementTokens = new int[turns];
    }

    /** A turn was sent. */
    public void arrived(int turn, int turnInputTokens, int turnOutputTokens, double atMillis) {
        inputTokens[turn] = turnInputTokens;
        outputTokens[turn] = turnOutputTokens;
        arrivedMillis[turn] = atMillis;
    }

    /** A turn's first token came. */
    public void firstToken(int turn, double atMillis) {
        firstTokenMillis[turn] = atMillis;
    }

    /** Prompt tokens that a turn's engine had cached. */
    public void cached(int turn, int tokens) {
        cachedTokens[turn] = tokens;
    }

    /** A turn continues a line of prompts that was away for some time. */
    void away(int turn, double millis) {
        awayMillis[turn] = millis;
    }

    /** A turn was sent to a worker after it had waited for some time. */
    void queued(int turn, double millis) {
        queuedMillis[turn] = millis;
    }

    void pulled(int turn, int tokens) {
        pulledTokens[turn] = tokens;
    }

    void remote(int turn, int tokens) {
        remoteTokens[turn] = tokens;
    }

    /** A turn's last token came. */
    public void finished(int turn, double atMillis) {
        finishedMillis[turn] = atMillis;
    }

    int turns() {
        return inputTokens.length;
    }

    boolean arrived(int turn) {
        return !Double.isNaN(arrivedMillis[turn]);
    }

    boolean served(int turn) {
        return !Double.isNaN(finishedMillis[turn]);
    }

    private static double[] unknown(int turns) {
        double[] times = new double[turns];
        Arrays.fill(times, Double.NaN);
        return times;
    }
}
