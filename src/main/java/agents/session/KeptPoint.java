package agents.session;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;

/**
 * A beginning of a line of prompts that somebody asked to be kept: by a cache mark in a request, or by name. Its time begins
 * anew with every turn that reads it.
 *
 * <p>Thread-safety: immutable.
 *
 * @param blocks full blocks it covers, at least 1
 * @param tail sequence hash of the last of them
 * @param ttlMillis how long it is kept without a read
 * @param copies that shall exist at once, null for as many as usual
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record KeptPoint(int blocks, SequenceHash tail, long ttlMillis, @Nullable Integer copies) {
    /** As many as a request may mark. */
    static final int MAX_PER_LINE = 4;

    public Duration ttl() {
        return Duration.ofMillis(ttlMillis);
    }

    /** Whether keeping this keeps the other as long and as often. */
    private boolean covers(KeptPoint other) {
        boolean asOften = Objects.equals(copies, other.copies)
                || (copies != null && other.copies != null && copies > other.copies);
        return blocks >= other.blocks && ttlMillis >= other.ttlMillis && asOften;
    }

    /**
     * What is kept of a line after a turn: what its request marks, and of what was kept before the part that its prompt still
     * begins with and that no mark covers. The deepest count when there are too many.
     *
     * @param known blocks that the prompt shares with the line as it was
     */
    static List<KeptPoint> after(List<KeptPoint> before, int known, List<KeptPoint> marks) {
        List<KeptPoint> all = new ArrayList<>(marks);
        before.stream().filter(point -> point.blocks <= known).forEach(all::add);
        List<KeptPoint> kept = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            KeptPoint point = all.get(i);
            boolean covered = kept.stream().anyMatch(other -> other.covers(point))
                    || all.subList(i + 1, all.size()).stream().anyMatch(other -> other.covers(point));
            if (!covered) {
                kept.add(point);
            }
        }
        kept.sort((one, other) -> Integer.compare(other.blocks, one.blocks));
        return List.copyOf(kept.subList(0, Math.min(kept.size(), MAX_PER_LINE)));
    }
}
