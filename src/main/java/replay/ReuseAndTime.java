package replay;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Plot of what policies reuse against how long sessions take, as SVG: a mark for each pair, a colour for each retention policy.
 * Of each placement the mark that reuses most is named, unless another name is there; all say who they are to a pointer.
 */
final class ReuseAndTime {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 480;
    private static final int LEFT = 80;
    private static final int RIGHT = 230;
    private static final int TOP = 20;
    private static final int BOTTOM = 50;
    private static final int TICKS = 5;
    private static final int NAME_WIDTH = 80;
    private static final int NAME_HEIGHT = 12;
    private static final double MILLIS_PER_SECOND = 1000;
    /** Six of Okabe and Ito, that everybody can tell apart, and three more. */
    private static final List<String> COLOURS =
            List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f6bb3", "#8c6d31", "#7a7a7a");

    private final List<PolicySummary> policies;
    private final Map<String, String> colours = new LinkedHashMap<>();
    private final Axis rate;
    private final Axis seconds;
    private final StringBuilder svg = new StringBuilder();

    private ReuseAndTime(List<PolicySummary> policies) {
        this.policies = policies;
        this.rate =
                new Axis(policies.stream().mapToDouble(PolicySummary::hitRate).toArray(), LEFT, WIDTH - RIGHT);
        this.seconds = new Axis(
                policies.stream().mapToDouble(ReuseAndTime::meanSeconds).toArray(), HEIGHT - BOTTOM, TOP);
        for (PolicySummary policy : policies) {
            colours.computeIfAbsent(policy.retention(), name -> COLOURS.get(colours.size() % COLOURS.size()));
        }
    }

    /** The plot of at least one pair. */
    static String of(List<PolicySummary> policies) {
        return new ReuseAndTime(policies).drawn();
    }

    private static double meanSeconds(PolicySummary policy) {
        return policy.sessionSeconds().mean();
    }

    private String drawn() {
        add("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"hit rate and mean session time\">", WIDTH, HEIGHT);
        axes();
        for (PolicySummary policy : policies) {
            mark(policy);
        }
        names();
        legend();
        return svg.append("</svg>\n").toString();
    }

    private void axes() {
        for (double tick : rate.ticks()) {
            add(
                    "<line class=\"grid\" x1=\"%1$.1f\" x2=\"%1$.1f\" y1=\"%2$d\" y2=\"%3$d\"/>",
                    rate.at(tick), TOP, HEIGHT - BOTTOM);
            add(
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                    rate.at(tick), HEIGHT - BOTTOM + 18, rate.label(tick));
        }
        for (double tick : seconds.ticks()) {
            add(
                    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%3$.1f\" y2=\"%3$.1f\"/>",
                    LEFT, WIDTH - RIGHT, seconds.at(tick));
            add(
                    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
                    LEFT - 8, seconds.at(tick) + 4, seconds.label(tick));
        }
        add("<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">hit rate</text>", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8);
        add(
                "<text transform=\"translate(16 %d) rotate(-90)\" text-anchor=\"middle\">mean session, s</text>",
                (TOP + HEIGHT - BOTTOM) / 2);
    }

    private void mark(PolicySummary policy) {
        add(
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"><title>%s, %s: hit rate %.4f, mean session %,.0f s, TTFT p50 %.2f s,"
                        + " p99 %.2f s</title></circle>",
                rate.at(policy.hitRate()),
                seconds.at(meanSeconds(policy)),
                colours.getOrDefault(policy.retention(), "currentColor"),
                ReportPage.escaped(policy.strategy()),
                ReportPage.escaped(policy.retention()),
                policy.hitRate(),
                meanSeconds(policy),
                policy.ttftMillis().p50() / MILLIS_PER_SECOND,
                policy.ttftMillis().p99() / MILLIS_PER_SECOND);
    }

    private void names() {
        Map<String, PolicySummary> best = new LinkedHashMap<>();
        for (PolicySummary policy : policies) {
            best.merge(policy.strategy(), policy, (one, other) -> other.hitRate() > one.hitRate() ? other : one);
        }
        List<double[]> named = new ArrayList<>();
        best.values().stream()
                .sorted(Comparator.comparingDouble(PolicySummary::hitRate).reversed())
                .forEach(policy -> {
                    double[] place = {rate.at(policy.hitRate()), seconds.at(meanSeconds(policy))};
                    if (named.stream().allMatch(other -> apart(place, other))) {
                        named.add(place);
                        boolean atEdge = place[0] + NAME_WIDTH > WIDTH - RIGHT;
                        add(
                                "<text class=\"small\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
                                place[0] + (atEdge ? -8 : 8),
                                place[1] + 4,
                                atEdge ? "end" : "start",
                                ReportPage.escaped(policy.strategy()));
                    }
                });
    }

    private static boolean apart(double[] one, double[] other) {
        return Math.abs(one[0] - other[0]) > NAME_WIDTH || Math.abs(one[1] - other[1]) > NAME_HEIGHT;
    }

    private void legend() {
        int y = TOP + 10;
        for (Map.Entry<String, String> colour : colours.entrySet()) {
            add("<circle cx=\"%d\" cy=\"%d\" r=\"5\" fill=\"%s\"/>", WIDTH - RIGHT + 30, y - 4, colour.getValue());
            add("<text x=\"%d\" y=\"%d\">%s</text>", WIDTH - RIGHT + 42, y, ReportPage.escaped(colour.getKey()));
            y += 20;
        }
    }

    private void add(String pattern, Object... values) {
        svg.append(String.format(Locale.ROOT, pattern, values)).append('\n');
    }

    /** Values as places between two pixels, with round numbers marked. */
    private static final class Axis {
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
}
