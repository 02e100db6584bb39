package replay;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Values as places between two pixels, with round numbers marked. */
final class Axis {
    private static final int TICKS = 5;

    private final double least;
    private final double most;
    private final double step;
    private final int from;
    private final int to;

    Axis(double[] values, int from, int to) {
        double low = Double.MAX_VALUE;
        double high = -Double.MAX_VALUE;
        for (double value : values) {
            low = Math.min(low, value);
            high = Math.max(high, value);
        }
        double span = high > low ? high - low : Math.max(1e-3, Math.abs(high));
        this.step = round(span / TICKS);
        this.least = Math.floor(low / step) * step;
        this.most = Math.max(Math.ceil(high / step) * step, least + step);
        this.from = from;
        this.to = to;
    }

    /** The least of 1, 2, 5, 10, 20 and so on that is not less. */
    private static double round(double atLeast) {
        double power = StrictMath.pow(10, Math.floor(StrictMath.log10(atLeast)));
        for (int digit : new int[] {1, 2, 5}) {
            if (digit * power >= atLeast) {
                return digit * power;
            }
        }
        return 10 * power;
    }

    double at(double value) {
        return from + (to - from) * (value - least) / (most - least);
    }

    /** With as many decimals as tell ticks apart. */
    String label(double tick) {
        int decimals = (int) Math.max(0, -Math.floor(StrictMath.log10(step * (1 + 1e-9))));
        return String.format(Locale.ROOT, "%,." + decimals + "f", tick);
    }

    List<Double> ticks() {
        List<Double> ticks = new ArrayList<>();
        for (int i = 0; least + i * step <= most + step / 2; i++) {
            ticks.add(least + i * step);
        }
        return ticks;
    }
}
