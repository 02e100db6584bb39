package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.TenantId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MinuteRateTest {
    private static final TenantId A = new TenantId("a");
    private static final TenantId B = new TenantId("b");

    private final AtomicLong now = new AtomicLong(-7);

    @Test
    void aMinutesWorthMayComeAtOnceAndComesBackEvenly() {
        MinuteRate rate = new MinuteRate(3, now::get);
        assertEquals(new MinuteRate.Standing(true, 3, 2, Duration.ZERO, Duration.ofSeconds(20)), rate.take(A, 1));
        assertEquals(new MinuteRate.Standing(true, 3, 1, Duration.ZERO, Duration.ofSeconds(40)), rate.take(A, 1));
        MinuteRate.Standing last = rate.take(A, 1);
        assertEquals(new MinuteRate.Standing(true, 3, 0, Duration.ofSeconds(20), Duration.ofSeconds(60)), last);
        assertFalse(rate.take(A, 1).admitted());
        now.addAndGet(last.untilNext().toNanos() - 1);
        assertFalse(rate.take(A, 1).admitted());
        now.incrementAndGet();
        assertTrue(rate.take(A, 1).admitted());
        assertFalse(rate.take(A, 1).admitted());
    }

    @Test
    void tenantsDoNotTakeFromEachOther() {
        MinuteRate rate = new MinuteRate(1, now::get);
        assertTrue(rate.take(A, 1).admitted());
        assertFalse(rate.take(A, 1).admitted());
        assertTrue(rate.take(B, 1).admitted());
    }

    @Test
    void whatWasEstimatedIsSettledAndADebtIsPaidFirst() {
        MinuteRate rate = new MinuteRate(60, now::get);
        assertTrue(rate.take(A, 50).admitted());
        MinuteRate.Standing refused = rate.take(A, 11);
        assertEquals(new MinuteRate.Standing(false, 60, 10, Duration.ofSeconds(1), Duration.ofSeconds(50)), refused);
        rate.settle(A, 50, 20);
        assertEquals(40, rate.standing(A).remaining());
        rate.settle(A, 0, 70);
        assertEquals(
                new MinuteRate.Standing(true, 60, 0, Duration.ofSeconds(31), Duration.ofSeconds(90)), rate.standing(A));
        now.addAndGet(Duration.ofSeconds(30).toNanos());
        assertEquals(0, rate.standing(A).remaining());
        assertFalse(rate.take(A, 1).admitted());
        now.addAndGet(Duration.ofSeconds(1).toNanos());
        assertTrue(rate.take(A, 1).admitted());
        rate.settle(A, 1000, 0);
        assertEquals(60, rate.standing(A).remaining(), "never more than a minute's worth");
    }

    @Test
    void moreThanAMinutesWorthIsAdmittedOnceThatIsThere() {
        MinuteRate rate = new MinuteRate(60, now::get);
        assertTrue(rate.take(A, 1).admitted());
        assertFalse(rate.take(A, 200).admitted());
        now.addAndGet(Duration.ofSeconds(1).toNanos());
        assertTrue(rate.take(A, 200).admitted());
        assertEquals(Duration.ofSeconds(200), rate.standing(A).untilFull());
    }

    @Test
    void noMinuteSeesMoreThanTwiceTheLimitAndNoneThatAsksEnoughLess() {
        Random random = new Random(5);
        int limit = 30;
        MinuteRate rate = new MinuteRate(limit, now::get);
        Deque<Long> admitted = new ArrayDeque<>();
        int all = 0;
        long begin = now.get();
        for (int i = 0; i < 20_000; i++) {
            now.addAndGet(random.nextInt(1_000_000_000));
            if (rate.take(A, 1).admitted()) {
                admitted.add(now.get());
                all++;
            }
            while (admitted.getFirst() < now.get() - Duration.ofMinutes(1).toNanos()) {
                admitted.remove();
            }
            assertTrue(admitted.size() <= 2 * limit, "at once: " + admitted.size());
        }
        double minutes = (now.get() - begin) / 60e9;
        assertTrue(all <= limit * (minutes + 1) && all >= limit * (minutes - 1), all + " in " + minutes + " minutes");
    }
}
