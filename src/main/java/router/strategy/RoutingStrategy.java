package router.strategy;

import inference.TurnId;
import java.util.List;

/**
 * A rule that chooses a worker for a turn and can say why: choosing and explaining are the same computation.
 *
 * <p>Thread-safety: confined to its router.
 */
public interface RoutingStrategy {

    /** Name in configuration and reports. */
    String name();

    /** What a score is made of, in the order of computation; the unit is in the name. */
    List<String> terms();

    /** Whether the smallest total is the best. */
    default boolean lowerWins() {
        return true;
    }

    /**
     * Whether a turn would rather wait for the chosen worker while that is busy than take a free one. Such a strategy is
     * shown the busy candidates too.
     */
    default boolean waitsForItsChoice() {
        return false;
    }

    /** Whether a turn may be held back while another computes the beginning of its prompt. */
    default boolean waitsForSiblings() {
        return false;
    }

    /**
     * Scores the candidates and chooses one. Changes nothing: asked again before {@link #taken}, it answers the same.
     *
     * @param candidates at least one, ordered by worker
     */
    Choice choose(TurnView turn, List<Candidate> candidates);

    /** The last choice among these candidates was acted on: the turn is in flight on the chosen worker. */
    default void taken(TurnView turn, Choice choice, List<Candidate> candidates) {}

    /**
     * A turn that was placed is over. Of turns whose worker was lost nothing more is heard.
     *
     * @param answered whether its first token came; false when the worker refused it, failed or its client left before
     * @param nowNanos of the clock of {@link TurnView#nowNanos}
     */
    default void ended(TurnId turn, boolean answered, long nowNanos) {}
}
