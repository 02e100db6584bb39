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

class RequestRatesTest {
    private static final TenantId A = new TenantId("a");
    private static final TenantId B = new TenantId("b");

    private final AtomicLong now = new AtomicLong(-7);

    @Test
    void aMinutesWorthMayComeAtOnceAndComesBackEvenly() {
        RequestRates rates = new RequestRates(3, now::get);
        assertEquals(new RequestRates.Standing(true, 3, 2, Duration.ZERO, Duration.ofSeconds(20)), rates.take(A));
        assertEquals(new RequestRates.Standing(true, 3, 1, Duration.ZERO, Duration.ofSeconds(40)), rates.take(A));
        RequestRates.Standing last = rates.take(A);
        assertEquals(new RequestRates.Standing(true, 3, 0, Duration.ofSeconds(20), Duration.ofSeconds(60)), last);
        assertFalse(rates.take(A).admitted());
        now.addAndGet(last.untilNext().toNanos() - 1);
        assertFalse(rates.take(A).admitted());
        now.incrementAndGet();
        assertTrue(rates.take(A).admitted());
        assertFalse(rates.take(A).admitted());
    }

    @Test
    void tenantsDoNotTakeFromEachOther() {
        RequestRates rates = new RequestRates(1, now::get);
        assertTrue(rates.take(A).admitted());
        assertFalse(rates.take(A).admitted());
        assertTrue(rates.take(B).admitted());
    }

    @Test
    void noMinuteSeesMoreThanTwiceTheLimitAndNoneThatAsksEnoughLess() {
        Random random = new Random(5);
        int limit = 30;
        RequestRates rates = new RequestRates(limit, now::get);
        Deque<Long> admitted = new ArrayDeque<>();
        int all = 0;
        long begin = now.get();
        for (int i = 0; i < 20_000; i++) {
            now.addAndGet(random.nextInt(1_000_000_000));
            if (rates.take(A).admitted()) {
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
