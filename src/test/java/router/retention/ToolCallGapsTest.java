package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ToolCallGapsTest {
    private static final List<String> BASH = List.of("bash");

    private final ToolCallGaps gaps = new ToolCallGaps(3, 1.5);

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    private void observe(String session, String tool, int times, Duration gap) {
        for (int i = 0; i < times; i++) {
            gaps.observe(session, List.of(tool), gap);
        }
    }

    @Test
    void beforeAnythingIsKnownThePriorSpeaks() {
        GapDistribution belief = gaps.predict("s", BASH);
        assertEquals(3, seconds(belief.quantile(0.5)), 0.6);
        // One standard deviation above the median of the logarithm.
        assertEquals(3 * Math.exp(1.5), seconds(belief.quantile(0.8413)), 3);
    }

    @Test
    void aToolWithoutSamplesIsExpectedToBehaveLikeTheOthers() {
        observe("a", "grep", 200, Duration.ofMillis(200));
        assertEquals(0.2, seconds(gaps.predict("b", BASH).quantile(0.5)), 0.05);
    }

    @Test
    void aToolsOwnSamplesOutweighTheOthers() {
        observe("a", "grep", 500, Duration.ofMillis(200));
        observe("a", "test-suite", 60, Duration.ofMinutes(4));
        assertEquals(240, seconds(gaps.predict("b", List.of("test-suite")).quantile(0.5)), 50);
        assertEquals(0.2, seconds(gaps.predict("b", List.of("grep")).quantile(0.5)), 0.05);
    }

    @Test
    void aSessionsOwnHabitOutweighsItsTool() {
        observe("fast", "bash", 40, Duration.ofMillis(500));
        observe("slow", "bash", 40, Duration.ofMinutes(1));
        assertTrue(seconds(gaps.predict("fast", BASH).quantile(0.5)) < 1);
        assertTrue(seconds(gaps.predict("slow", BASH).quantile(0.5)) > 30);
    }

    @Test
    void ofSeveralCallsTheSlowestDecides() {
        observe("a", "read", 100, Duration.ofMillis(100));
        observe("a", "build", 100, Duration.ofMinutes(2));
        assertTrue(seconds(gaps.predict("b", List.of("read", "build")).quantile(0.5)) > 60);
    }

    @Test
    void aToolThatChangedIsBelievedAgainAfterAWhile() {
        observe("a", "bash", 5000, Duration.ofMillis(100));
        observe("a", "bash", 1500, Duration.ofSeconds(30));
        assertEquals(30, seconds(gaps.predict("b", BASH).quantile(0.5)), 6);
    }

    @Property
    void probabilitiesGrowWithTimeAndQuantilesInvertThem(
            @ForAll @Size(max = 200) List<@LongRange(min = 0, max = 400_000_000) Long> millis,
            @ForAll @DoubleRange(min = 0.01, max = 0.99) double chance) {
        ToolCallGaps learned = new ToolCallGaps(3, 1.5);
        millis.forEach(gap -> learned.observe("s", BASH, Duration.ofMillis(gap)));
        GapDistribution belief = learned.predict("s", BASH);
        assertTrue(belief.within(belief.quantile(chance)) >= chance - 1e-9);
        double before = 0;
        for (long time = 1; time < 1_000_000_000; time *= 3) {
            double within = belief.within(Duration.ofMillis(time));
            assertTrue(within >= before - 1e-12 && within <= 1);
            before = within;
        }
    }

    @Property(tries = 20)
    void quantilesComeCloseToThoseOfTheSamples(@ForAll long seed, @ForAll @IntRange(min = 300, max = 900) int count) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        ToolCallGaps learned = new ToolCallGaps(3, 1.5);
        List<Double> samples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            double seconds = Math.exp(2 + random.nextGaussian());
            samples.add(seconds);
            learned.observe("s", BASH, Duration.ofNanos((long) (seconds * 1e9)));
        }
        samples.sort(Double::compare);
        GapDistribution belief = learned.predict("s", BASH);
        for (double chance : new double[] {0.25, 0.5, 0.75}) {
            double exact = samples.get((int) (chance * count));
            // A bucket's width, and the weight of what was believed before.
            assertEquals(1, seconds(belief.quantile(chance)) / exact, 0.35);
        }
    }

    @Property
    void aHoldIsNeverExpectedToOutlastItsLimit(
            @ForAll @Size(max = 50) List<@LongRange(min = 0, max = 10_000_000) Long> millis,
            @ForAll @LongRange(min = 1, max = 100_000) long limitMillis) {
        ToolCallGaps learned = new ToolCallGaps(3, 1.5);
        millis.forEach(gap -> learned.observe("s", BASH, Duration.ofMillis(gap)));
        Duration limit = Duration.ofMillis(limitMillis);
        Duration hold = learned.predict("s", BASH).expectedHold(limit);
        assertTrue(hold.compareTo(limit.plusNanos(1000)) <= 0 && !hold.isNegative());
    }
}
