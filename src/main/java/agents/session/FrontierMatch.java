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
 * @param point deepest known beginning of the prompt, null when nothing of it is known
 * @param reasoningDropped it continues the line's tip but for the reasoning that the tip replayed
 */
public record FrontierMatch(
        Kind kind, @Nullable Frontier frontier, @Nullable Checkpoint point, boolean reasoningDropped) {

    /** Relation of a prompt to a known line. */
    public enum Kind {
        /** It continues the line's tip, or repeats it. */
        EXTENDS,
        /** It leaves the line at an earlier point of the conversation. */
        FORKS,
        /** It is a conversation of its own, though tools and system prompt may be known. */
        OPENS
    }

    private static final FrontierMatch UNKNOWN = new FrontierMatch(Kind.OPENS, null, null, false);

    /**
     * Finds the line that shares the longest beginning with a prompt. Of equals, one that is extended wins, then one that
     * is live, then the most recently used. O(frontiers × checkpoints).
     */
    public static FrontierMatch find(
            List<Frontier> frontiers, String model, int blockSizeTokens, List<PromptFingerprint> chain) {
        FrontierMatch best = UNKNOWN;
        for (Frontier frontier : frontiers) {
            if (frontier.model().equals(model) && frontier.blockSizeTokens() == blockSizeTokens) {
                FrontierMatch match = match(frontier, chain);
                best = match.betterThan(best) ? match : best;
            }
        }
        return best;
    }

    private static FrontierMatch match(Frontier frontier, List<PromptFingerprint> chain) {
        Optional<Checkpoint> point = frontier.deepestIn(chain);
        if (frontier.continuedWithoutReasoning(chain)) {
            return new FrontierMatch(Kind.EXTENDS, frontier, point.orElse(null), true);
        }
        return point.map(known -> new FrontierMatch(kind(frontier, known), frontier, known, false))
                .orElse(UNKNOWN);
    }

    private static Kind kind(Frontier frontier, Checkpoint point) {
        if (point.equals(frontier.tip())) {
            return Kind.EXTENDS;
        }
        return point.messages() > frontier.system().messages() ? Kind.FORKS : Kind.OPENS;
    }

    private boolean betterThan(FrontierMatch other) {
        if (followedMessages() != other.followedMessages()) {
            return followedMessages() > other.followedMessages();
        }
        if (kind != other.kind) {
            return kind.compareTo(other.kind) < 0;
        }
        return other.frontier == null || (frontier != null && fresher(frontier, other.frontier));
    }

    private static boolean fresher(Frontier one, Frontier other) {
        return one.live() == other.live() ? one.lastTurn() > other.lastTurn() : one.live();
    }

    /** Messages of the prompt that are the line's, known token by token or not. */
    private int followedMessages() {
        return reasoningDropped && frontier != null ? frontier.tip().messages() : matchedMessages();
    }

    /** Messages of the prompt that are known; -1 when not even its tools are. */
    public int matchedMessages() {
        return point == null ? -1 : point.messages();
    }
}
