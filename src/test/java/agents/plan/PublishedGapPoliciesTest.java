package agents.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.SessionId;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Expected values are computed by hand from the published formulas. Prefill costs a millisecond per token here. */
class PublishedGapPoliciesTest {
    private static final Duration LONGEST = Duration.ofMinutes(30);
    private static final RetentionSettings SETTINGS = new RetentionSettings(
            "none",
            0.95,
            0,
            Duration.ZERO,
            Duration.ofSeconds(5),
            LONGEST,
            1,
            1024,
            200_000,
            3,
            1.5,
            new RetentionSettings.User(0.7, LONGEST, 45, 1.5),
            Duration.ZERO);
    private static final List<String> PUBLISHED =
            List.of("continuum", "continuum-preview", "progress-ttl", "pause-resume", "infercept", "kvflow");

    private static GapPolicy policy(String name) {
        return GapPolicies.create(name, SETTINGS, tokens -> (double) tokens);
    }

    private static GapPolicy.Gap gap(String tool, int contextTokens, double queuedSeconds) {
        return new GapPolicy.Gap(new SessionId("s"), 0, List.of(tool), contextTokens, 1, seconds(queuedSeconds));
    }

    private static Duration seconds(double seconds) {
        return Duration.ofNanos(Math.round(seconds * 1e9));
    }

    private static double kept(GapPolicy policy, String tool, int contextTokens) {
        return policy.atGap(gap(tool, contextTokens, 0)).remaining().toNanos() / 1e9;
    }

    private static void observe(GapPolicy policy, String tool, double gapSeconds, int times) {
        for (int i = 0; i < times; i++) {
            policy.onReturn(gap(tool, 1, 0), seconds(gapSeconds));
        }
    }

    @Test
    void continuumKeepsTwoSecondsUntilAHundredGapsAreKnown() {
        GapPolicy continuum = policy("continuum");
        observe(continuum, "make", 30, 99);
        assertEquals(2, kept(continuum, "make", 1_000_000));
        observe(continuum, "make", 30, 1);
        assertEquals(30, kept(continuum, "make", 1_000_000));
    }

    @Test
    void continuumTakesTheObservedGapThatPaysMost() {
        GapPolicy continuum = policy("continuum");
        observe(continuum, "make", 1, 50);
        observe(continuum, "make", 30, 50);
        // Of 10 s: 0.5 · 10 − 1 = 4 against 10 − 30. Of 60 s: 29 against 30. Of half a second nothing is gained.
        assertEquals(1, kept(continuum, "make", 10_000));
        assertEquals(30, kept(continuum, "make", 60_000));
        assertEquals(0, kept(continuum, "make", 500));
    }

    @Test
    void continuumAsksAllToolsAboutOneThatIsLittleKnown() {
        GapPolicy continuum = policy("continuum");
        observe(continuum, "make", 8, 100);
        observe(continuum, "ls", 0.5, 100);
        observe(continuum, "find", 3, 1);
        assertEquals(0.5, kept(continuum, "ls", 2_000));
        // 200 of 201 gaps were not longer than 8 s, 100 not longer than 0.5 s.
        assertEquals(0.5, kept(continuum, "find", 2_000));
        assertEquals(8, kept(continuum, "find", 20_000));
        assertEquals(0, kept(continuum, "make", 2_000));
    }

    @Test
    void continuumCountsWhatTurnsWaitAsFarAsTheirNumberIsForetold() {
        GapPolicy foretold = policy("continuum");
        observe(foretold, "make", 30, 100);
        foretold.atGap(gap("make", 10, 80));
        // The mean wait of two turns is 40 s, and 40 + 1 − 30 is a gain.
        assertEquals(30, kept(foretold, "make", 1_000));

        GapPolicy unknown = policy("continuum");
        observe(unknown, "make", 30, 100);
        unknown.onClosed(new SessionId("a"), 1);
        unknown.onClosed(new SessionId("b"), 3);
        unknown.atGap(gap("make", 10, 80));
        // 5/11 of it is none.
        assertEquals(0, kept(unknown, "make", 1_000));
    }

    @Test
    void turnsLeftAreForetoldByTheNegatedCorrelation() {
        TurnsLeft alike = new TurnsLeft();
        assertEquals(1, alike.foretold());
        alike.add(3);
        alike.add(3);
        assertEquals(1, alike.foretold(), 1e-12);

        TurnsLeft mixed = new TurnsLeft();
        mixed.add(1);
        mixed.add(3);
        // Pairs (1,0) (1,2) (2,1) (3,0): covariance −0.3125, both variances 0.6875.
        assertEquals(5.0 / 11, mixed.foretold(), 1e-12);

        TurnsLeft lightning = new TurnsLeft();
        for (int turns = 1; turns <= 12; turns++) {
            for (int sessions = 0; sessions < 1 << (12 - turns); sessions++) {
                lightning.add(turns);
            }
        }
        assertTrue(lightning.foretold() < 0.1, "ends that come like lightning: " + lightning.foretold());
    }

    @Property
    void continuumIsTheArgmaxAndGrowsWithWhatIsSaved(
            @ForAll @Size(min = 1, max = 40) List<@DoubleRange(min = 0.01, max = 600) Double> gaps,
            @ForAll @DoubleRange(min = 0, max = 900) double saved,
            @ForAll @DoubleRange(min = 0, max = 100) double more) {
        double[] sorted =
                gaps.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        double best = Continuum.best(sorted, saved);
        double gain = gain(sorted, best, saved);
        assertTrue(gain >= 0);
        for (double other : sorted) {
            assertTrue(gain >= gain(sorted, other, saved) - 1e-9);
        }
        assertTrue(best == 0 || Arrays.binarySearch(sorted, best) >= 0);
        assertTrue(Continuum.best(sorted, saved + more) >= best);
    }

    private static double gain(double[] gaps, double tau, double saved) {
        double within = Arrays.stream(gaps).filter(gap -> gap <= tau).count() / (double) gaps.length;
        return tau == 0 ? 0 : within * saved - tau;
    }

    @Test
    void thePreviewKeepsTwoSecondsUnlessTheToolTakesLonger() {
        GapPolicy preview = policy("continuum-preview");
        assertEquals(2, kept(preview, "make", 1));
        observe(preview, "make", 2, 5);
        assertEquals(2, kept(preview, "make", 1));
        observe(preview, "make", 2.1, 1);
        assertEquals(0, kept(preview, "make", 1_000_000));
        assertEquals(2, kept(preview, "ls", 1));
    }

    @Test
    void progressTtlKeepsNothingOfASessionWithoutGapsOrWithLongOnes() {
        GapPolicy progress = policy("progress-ttl");
        assertEquals(0, kept(progress, "make", 1_000_000));
        observe(progress, "make", 1, 1);
        // 0.05 s · 200^(18/31) is the first of the times above the one gap.
        assertEquals(0.05 * Math.pow(200, 18 / 31.0), kept(progress, "make", 100_000), 1e-6);
        GapPolicy slow = policy("progress-ttl");
        observe(slow, "make", 20, 3);
        assertEquals(0, kept(slow, "make", 100_000));
    }

    @Test
    void progressTtlWeighsByThePublishedPolynomial() {
        assertEquals((0.0660 + 5.70 + 44.057) * 1.85, ProgressTtl.cost(100_000), 1e-9);
        // A gap of one second costs more than prefilling nothing again: 0.066 · 1.85 s.
        assertEquals(0, ProgressTtl.best(new double[] {1}, 0));
        // ln 1 and ln e²: mean 1, spread 1; a context of 50,000 tokens is worth keeping for as long as is allowed.
        assertEquals(10, ProgressTtl.best(new double[] {1, Math.exp(2)}, 50_000), 1e-9);
    }

    @Property
    void progressTtlIsWithinTenSecondsAndGrowsWithTheContext(
            @ForAll @Size(min = 1, max = 30) List<@DoubleRange(min = 0.01, max = 600) Double> gaps,
            @ForAll @IntRange(min = 0, max = 200_000) int tokens,
            @ForAll @IntRange(min = 0, max = 50_000) int more) {
        double[] seconds = gaps.stream().mapToDouble(Double::doubleValue).toArray();
        double best = ProgressTtl.best(seconds, tokens);
        assertTrue(best == 0 || (best >= 0.05 && best <= 10 + 1e-9));
        assertTrue(ProgressTtl.best(seconds, tokens + more) >= best - 1e-9);
    }

    @Test
    void inferceptPreservesUntilAnotherWayWastesLess() {
        // Swapping: 2 · 4e-5 · 200,000 s, however long the context. Discarding: 0.5 s · 200,500 / 500.
        assertEquals(16, kept(policy("infercept"), "make", 10_000), 1e-6);
        GapPolicy fast = GapPolicies.create("infercept", SETTINGS, tokens -> tokens / 100.0);
        assertEquals(0.1 * 210_000 / 10_000, kept(fast, "make", 10_000), 1e-6);
    }

    @Test
    void kvflowRanksASessionThatIsNextBeforeOneOfWhichNothingIsKnown() {
        GapPolicy kvflow = policy("kvflow");
        GapPolicy.Keep next = kvflow.atGap(gap("make", 1_000, 0));
        GapPolicy.Keep unknown =
                kvflow.atGap(new GapPolicy.Gap(new SessionId("s"), 0, List.of(), 1_000, 1, Duration.ZERO));
        assertEquals(1, next.density());
        assertEquals(0.2, unknown.density());
        assertEquals(LONGEST, next.remaining());
    }

    @Property(tries = 50)
    void nonePromisesMoreThanTheLongestLease(
            @ForAll @IntRange(min = 0, max = 2_000_000) int tokens,
            @ForAll @Size(min = 1, max = 150) List<@DoubleRange(min = 0.01, max = 100_000) Double> gaps) {
        for (String name : PUBLISHED) {
            GapPolicy policy = policy(name);
            gaps.forEach(gap -> policy.onReturn(gap("make", tokens, 0), seconds(gap)));
            GapPolicy.Keep keep = policy.atGap(gap("make", tokens, 5));
            assertFalse(keep.remaining().isNegative(), name);
            assertTrue(keep.remaining().compareTo(LONGEST) <= 0, name + " " + keep.remaining());
        }
    }
}
