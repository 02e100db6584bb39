package replay;

import java.util.List;
import java.util.Locale;

/**
 * Plot of what policies reuse against how long sessions take, as SVG: a mark for each pair, its letter the strategy and its
 * colour the retention policy. A mark that would cover another is set aside, with a line to where it belongs.
 */
final class ReuseAndTime {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 480;
    private static final int LEFT = 80;
    private static final int RIGHT = 230;
    private static final int TOP = 20;
    private static final int BOTTOM = 50;
    private static final int MARK = 18;
    private static final int MARK_DISTANCE = 20;
    private static final int LEGEND_LINE = 21;
    private static final int LETTERS = 26;
    private static final double MILLIS_PER_SECOND = 1000;

    /** Seven of Okabe and Ito, that everybody can tell apart, and five more. */
    private static final List<Colour> COLOURS = List.of(
            new Colour("#0072b2", "light"),
            new Colour("#d55e00", "light"),
            new Colour("#009e73", "light"),
            new Colour("#f0e442", "dark"),
            new Colour("#cc79a7", "dark"),
            new Colour("#56b4e9", "dark"),
            new Colour("#e69f00", "dark"),
            new Colour("#5e3c99", "light"),
            new Colour("#8a8a8a", "dark"),
            new Colour("#8b4a1f", "light"),
            new Colour("#a3d34a", "dark"),
            new Colour("#a50f3c", "light"));

    private final List<PolicySummary> policies;
    private final List<String> strategies;
    private final List<String> retentions;
    private final Axis rate;
    private final Axis seconds;
    private final StringBuilder svg = new StringBuilder();

    /** @param letter the page's class for what is written on it */
    private record Colour(String fill, String letter) {}

    private ReuseAndTime(List<PolicySummary> policies) {
        this.policies = policies;
        this.strategies =
                policies.stream().map(PolicySummary::strategy).distinct().toList();
        this.retentions =
                policies.stream().map(PolicySummary::retention).distinct().toList();
        this.rate =
                new Axis(policies.stream().mapToDouble(PolicySummary::hitRate).toArray(), LEFT, WIDTH - RIGHT);
        this.seconds = new Axis(
                policies.stream().mapToDouble(ReuseAndTime::meanSeconds).toArray(), HEIGHT - BOTTOM, TOP);
    }

    /** The plot of at least one pair. */
    static String of(List<PolicySummary> policies) {
        return new ReuseAndTime(policies).drawn();
    }

    private static double meanSeconds(PolicySummary policy) {
        return policy.sessionSeconds().mean();
    }

    private String drawn() {
        int legend = TOP + (strategies.size() + retentions.size() + 4) * LEGEND_LINE;
        add(
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"hit rate and mean session time\">",
                WIDTH, Math.max(HEIGHT, legend));
        axes();
        marks();
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
                    rate.at(tick), HEIGHT - BOTTOM + MARK + 4, rate.label(tick));
        }
        for (double tick : seconds.ticks()) {
            add(
                    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%3$.1f\" y2=\"%3$.1f\"/>",
                    LEFT, WIDTH - RIGHT, seconds.at(tick));
            add(
                    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
                    LEFT - MARK / 2 - 3, seconds.at(tick) + 4, seconds.label(tick));
        }
        add("<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">hit rate</text>", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8);
        add(
                "<text transform=\"translate(16 %d) rotate(-90)\" text-anchor=\"middle\">mean session, s</text>",
                (TOP + HEIGHT - BOTTOM) / 2);
    }

    private void marks() {
        MarkPlaces places = new MarkPlaces(LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM, MARK_DISTANCE);
        StringBuilder marks = new StringBuilder();
        for (PolicySummary policy : policies) {
            MarkPlaces.Place exact = new MarkPlaces.Place(rate.at(policy.hitRate()), seconds.at(meanSeconds(policy)));
            MarkPlaces.Place place = places.take(exact);
            if (!place.equals(exact)) {
                add("<path class=\"aside\" d=\"M%.1f %.1fL%.1f %.1f\"/>", exact.x(), exact.y(), place.x(), place.y());
                add("<circle class=\"exact\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"/>", exact.x(), exact.y());
            }
            marks.append(mark(policy, place)).append('\n');
        }
        // Above all lines, so that none crosses a letter.
        svg.append(marks);
    }

    private String mark(PolicySummary policy, MarkPlaces.Place place) {
        int retention = retentions.indexOf(policy.retention());
        return line(
                "<g class=\"mark\" transform=\"translate(%.1f %.1f)\"><title>%s, %s: hit rate %.4f, mean session %,.0f s,"
                        + " TTFT p50 %.2f s, p99 %.2f s</title>%s%s</g>",
                place.x(),
                place.y(),
                ReportPage.escaped(policy.strategy()),
                ReportPage.escaped(policy.retention()),
                policy.hitRate(),
                meanSeconds(policy),
                policy.ttftMillis().p50() / MILLIS_PER_SECOND,
                policy.ttftMillis().p99() / MILLIS_PER_SECOND,
                shape(retention),
                letter(strategies.indexOf(policy.strategy()), colour(retention).letter()));
    }

    /** A disc in the retention policy's colour; when all colours are used, they come again as squares. */
    private static String shape(int retention) {
        return line(
                "<rect x=\"%1$d\" y=\"%1$d\" width=\"%2$d\" height=\"%2$d\" rx=\"%3$d\" fill=\"%4$s\"/>",
                -MARK / 2,
                MARK,
                retention < COLOURS.size() ? MARK / 2 : 1,
                colour(retention).fill());
    }

    private static Colour colour(int retention) {
        return COLOURS.get(retention % COLOURS.size());
    }

    private static String letter(int strategy, String tone) {
        String letter = (char) ('A' + strategy % LETTERS) + (strategy < LETTERS ? "" : "" + strategy / LETTERS);
        return line("<text class=\"letter %s\" y=\"4\" text-anchor=\"middle\">%s</text>", tone, letter);
    }

    private void legend() {
        int y = TOP + 10;
        heading("strategy", y);
        for (int i = 0; i < strategies.size(); i++) {
            y += LEGEND_LINE;
            entry(y, letter(i, ""), strategies.get(i));
        }
        y += 2 * LEGEND_LINE;
        heading("retention", y);
        for (int i = 0; i < retentions.size(); i++) {
            y += LEGEND_LINE;
            entry(y, shape(i), retentions.get(i));
        }
    }

    private void heading(String text, int y) {
        add("<text class=\"heading\" x=\"%d\" y=\"%d\">%s</text>", WIDTH - RIGHT + 30, y + 4, text);
    }

    private void entry(int y, String sign, String name) {
        add("<g transform=\"translate(%d %d)\">%s</g>", WIDTH - RIGHT + 39, y, sign);
        add("<text x=\"%d\" y=\"%d\">%s</text>", WIDTH - RIGHT + 56, y + 4, ReportPage.escaped(name));
    }

    private void add(String pattern, Object... values) {
        svg.append(line(pattern, values)).append('\n');
    }

    private static String line(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
