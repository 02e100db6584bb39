package agents.session;

import inference.PromptFingerprint;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a prompt relates to the lines of prompts that a session knows.
 *
 * <p>Thread-safety: immutable.
 *
 * @param frontier the line it continues, null when it shares nothing with any
 * @param point deepest known beginning of the prompt, null with {@code frontier}
 */
public record FrontierMatch(Kind kind, @Nullable Frontier frontier, @Nullable Checkpoint point) {

    /** Relation of a prompt to a known line. */
    public enum Kind {
        /** It continues the line's tip, or repeats it. */
        EXTENDS,
        /** It leaves the line at an earlier point of the conversation. */
        FORKS,
        /** It is a conversation of its own, though tools and system prompt may be known. */
        OPENS
    }

    private static final FrontierMatch UNKNOWN = new FrontierMatch(Kind.OPENS, null, null);

    /**
     * Finds the line that shares the longest beginning with a prompt. Of equals, one that is extended wins, then one that
     * is live, then the most recently used. O(frontiers × checkpoints).
     */
    public static FrontierMatch find(
            List<Frontier> frontiers, String model, int blockSizeTokens, List<PromptFingerprint> chain) {
        FrontierMatch best = UNKNOWN;
        for (Frontier frontier : frontiers) {
            if (frontier.model().equals(model) && frontier.blockSizeTokens() == blockSizeTokens) {
                Optional<Checkpoint> point = frontier.deepestIn(chain);
                if (point.isPresent()) {
                    FrontierMatch match = new FrontierMatch(kind(frontier, point.get()), frontier, point.get());
                    best = match.betterThan(best) ? match : best;
                }
            }
        }
        return best;
    }

    private static Kind kind(Frontier frontier, Checkpoint point) {
        if (point.equals(frontier.tip())) {
            return Kind.EXTENDS;
        }
        return point.messages() > frontier.system().messages() ? Kind.FORKS : Kind.OPENS;
    }

    private boolean betterThan(FrontierMatch other) {
        if (matchedMessages() != other.matchedMessages()) {
            return matchedMessages() > other.matchedMessages();
        }
        if (kind != other.kind) {
            return kind.compareTo(other.kind) < 0;
        }
        return other.frontier == null || (frontier != null && fresher(frontier, other.frontier));
    }

    private static boolean fresher(Frontier one, Frontier other) {
        return one.live() == other.live() ? one.lastTurn() > other.lastTurn() : one.live();
    }

    /** Messages of the prompt that are known; -1 when not even its tools are. */
    public int matchedMessages() {
        return point == null ? -1 : point.messages();
    }
}
