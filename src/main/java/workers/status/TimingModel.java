package workers.status;

import java.util.stream.Stream;

/**
 * Cost of a scheduler pass of one engine, in milliseconds. The simulated engine spends it, placement predicts with it.
 *
 * <p>Prefill: {@code pass} once per pass that prefills anything, plus for each request with T new tokens after P
 * computed or cached ones {@code quadratic·T² + linear·T + prefix·T·P}. Decode, once per pass that decodes anything:
 * {@code max(decodeFloor, decodeQuadratic·p² + decodeLinear·p + decodeConstant)} with p the resident share of KV
 * capacity, 0 to 1. {@code prefix} is twice {@code quadratic} unless measured, so that chunked and unchunked prefill cost
 * the same but for the intercepts. Coefficients of {@link #MEASURED} are a published mocker's.
 *
 * <p>Thread-safety: immutable.
 *
 * @param speedup divides every cost; above 1 is faster than the measured machine
 */
public record TimingModel(
        String name,
        double pass,
        double quadratic,
        double linear,
        double prefix,
        double decodeFloor,
        double decodeQuadratic,
        double decodeLinear,
        double decodeConstant,
        double speedup) {

    /** One large model on one large accelerator. */
    public static final TimingModel MEASURED =
            new TimingModel("measured", 16.50142, 4.209989e-7, 1.518344e-2, 2 * 4.209989e-7, 1, -25.74, 54.01, 5.74, 1);

    /** {@link #MEASURED}, 20 times faster: for trying things out. */
    public static final TimingModel FAST = MEASURED.faster(20).withName("fast");

    /**
     * The preset of a name, or {@link #MEASURED} faster by the factor that the name is.
     *
     * @throws IllegalArgumentException says what is allowed when it is neither
     */
    public static TimingModel named(String name) {
        return Stream.of(MEASURED, FAST)
                .filter(preset -> preset.name.equals(name))
                .findFirst()
                .orElseGet(() -> MEASURED.faster(factor(name)).withName(name));
    }

    private static double factor(String text) {
        double factor;
        try {
            factor = Double.parseDouble(text);
        } catch (NumberFormatException notANumber) {
            factor = Double.NaN;
        }
        if (!(factor > 0 && factor < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("timing is '" + MEASURED.name + "', '" + FAST.name
                    + "' or a factor of measured speed above 0, not '" + text + "'");
        }
        return factor;
    }

    /** The same shape {@code factor} times faster. */
    public TimingModel faster(double factor) {
        return new TimingModel(
                name,
                pass,
                quadratic,
                linear,
                prefix,
                decodeFloor,
                decodeQuadratic,
                decodeLinear,
                decodeConstant,
                speedup * factor);
    }

    private TimingModel withName(String otherName) {
        return new TimingModel(
                otherName,
                pass,
                quadratic,
                linear,
                prefix,
                decodeFloor,
                decodeQuadratic,
                decodeLinear,
                decodeConstant,
                speedup);
    }

    /** Milliseconds that a pass pays once if it prefills anything. */
    public double passMillis() {
        return pass / speedup;
    }

    /** Milliseconds to prefill {@code newTokens} behind {@code prefixTokens}, without the pass's own cost. */
    public double prefillMillis(long newTokens, long prefixTokens) {
        double t = newTokens;
        return (quadratic * t * t + linear * t + prefix * t * prefixTokens) / speedup;
    }

    /** Milliseconds of one decode step at a share of resident KV tokens, 0 to 1. */
    public double decodeMillis(double residentShare) {
        double p = residentShare;
        return Math.max(decodeFloor, decodeQuadratic * p * p + decodeLinear * p + decodeConstant) / speedup;
    }
}
