package replay;

import java.time.Duration;
import java.time.Instant;

/** Virtual milliseconds as the other units of time. Stateless. */
final class VirtualTime {
    static final double MILLIS_PER_SECOND = 1000;
    private static final double NANOS_PER_MILLI = 1e6;

    private VirtualTime() {}

    static long nanos(double millis) {
        return StrictMath.round(millis * NANOS_PER_MILLI);
    }

    static Duration duration(double millis) {
        return Duration.ofNanos(nanos(millis));
    }

    static double millis(Duration duration) {
        return duration.toNanos() / NANOS_PER_MILLI;
    }

    /** As the clock of a keeper shows it. */
    static Instant instant(double millis) {
        return Instant.EPOCH.plusNanos(nanos(millis));
    }
}
