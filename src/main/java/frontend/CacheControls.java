package frontend;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Reads the {@code cache_control} marks of one request, in the order of its prompt: at most four, and none that keeps
 * longer than one before it.
 *
 * <p>Thread-safety: confined to one request.
 */
public final class CacheControls {
    private static final int MAX_MARKS = 4;

    private int marks;
    private @Nullable Duration shortest;

    /** How long the prompt up to a block is to be kept; null without a mark. */
    public @Nullable Duration read(JsonField block) {
        JsonField control = block.at("cache_control");
        if (control.absent()) {
            return null;
        }
        Duration ttl = HintsReader.ttl(control);
        marks++;
        if (marks > MAX_MARKS) {
            throw control.refused("is one mark too many: at most " + MAX_MARKS + " are allowed");
        }
        if (shortest != null && ttl.compareTo(shortest) > 0) {
            throw control.refused("keeps longer than a mark before it");
        }
        shortest = ttl;
        return ttl;
    }

    /** Refuses a mark where none may stand. */
    public static void refuse(JsonField block, String where) {
        if (!block.at("cache_control").absent()) {
            throw block.at("cache_control").refused("must not stand on " + where);
        }
    }

    /** Whether the request has any mark. */
    public boolean any() {
        return marks > 0;
    }
}
