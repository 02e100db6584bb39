package router.retention;

/** The log-normal distribution over the buckets of {@link GapHistogram}. Stateless. */
final class LogNormal {
    private LogNormal() {}

    /**
     * Probabilities by bucket.
     *
     * @param logMedian natural logarithm of the median in seconds
     * @param logSigma standard deviation of the natural logarithm, above 0
     */
    static double[] probabilities(double logMedian, double logSigma) {
        double[] probabilities = new double[GapHistogram.BUCKETS];
        double before = 0;
        for (int i = 0; i < probabilities.length; i++) {
            double z = (StrictMath.log(GapHistogram.upperSeconds(i)) - logMedian) / logSigma;
            double until = i == probabilities.length - 1 ? 1 : Normal.below(z);
            probabilities[i] = until - before;
            before = until;
        }
        return probabilities;
    }
}
