package agents.plan;

/**
 * How far the turns that a session has had foretell those it will still have, over the sessions that are over: the negated correlation
 * of k and N − k for k = 1..N. 1 when all sessions have as many turns, 0 when their ends come like lightning.
 *
 * <p>Mutable, not thread safe.
 */
final class TurnsLeft {
    private double pairs;
    private double sumDone;
    private double sumLeft;
    private double sumDoneSquares;
    private double sumLeftSquares;
    private double sumProducts;

    /** A session is over after so many turns. */
    void add(long turns) {
        double n = turns;
        double sum = n * (n + 1) / 2;
        double squares = n * (n + 1) * (2 * n + 1) / 6;
        pairs += n;
        sumDone += sum;
        sumLeft += n * n - sum;
        sumDoneSquares += squares;
        sumLeftSquares += n * n * n - 2 * n * sum + squares;
        sumProducts += n * sum - squares;
    }

    /** 0 to 1; 1 until sessions have shown otherwise. */
    double foretold() {
        double varianceDone = pairs * sumDoneSquares - sumDone * sumDone;
        double varianceLeft = pairs * sumLeftSquares - sumLeft * sumLeft;
        if (!(varianceDone > 0 && varianceLeft > 0)) {
            return 1;
        }
        double correlation = (pairs * sumProducts - sumDone * sumLeft) / Math.sqrt(varianceDone * varianceLeft);
        return Math.min(1, Math.max(0, -correlation));
    }
}
