package router.retention;

/** The standard normal distribution. Stateless. */
public final class Normal {
    private Normal() {}

    /** Chance of a value below z, by the logistic approximation of Bowling et al. (2009), off by 1.4e-4. */
    public static double below(double z) {
        return 1 / (1 + StrictMath.exp(-(0.07056 * z * z * z + 1.5976 * z)));
    }
}
