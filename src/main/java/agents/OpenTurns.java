package agents;

import agents.session.FrontierMatch;
import akka.actor.typed.ActorRef;
import inference.SessionContext;
import inference.TurnId;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The turns of one session between their beginning and their end. Soft: unknown after a move of the session.
 *
 * <p>Thread-safety: confined to its session.
 */
final class OpenTurns {
    private final Map<TurnId, OpenTurn> turns = new HashMap<>();

    /** A turn that has begun. */
    record OpenTurn(SessionContext session, FrontierMatch match, Instant startedAt, ActorRef<?> owner) {}

    int count() {
        return turns.size();
    }

    @Nullable
    OpenTurn get(TurnId turn) {
        return turns.get(turn);
    }

    void begun(TurnId id, OpenTurn turn) {
        turns.put(id, turn);
    }

    /** Forgets a turn; null when it was not known. */
    @Nullable
    OpenTurn ended(TurnId turn) {
        return turns.remove(turn);
    }

    /** Whether another answer to the same request runs. */
    boolean answerBeside(TurnId turn) {
        return turns.keySet().stream()
                .anyMatch(other -> !other.equals(turn) && other.firstChoice().equals(turn.firstChoice()));
    }

    /** Lines of prompts on which turns run. */
    Set<Integer> busy() {
        return busyBeside(null);
    }

    /** Lines of prompts on which other turns run. */
    Set<Integer> busyBeside(@Nullable TurnId turn) {
        Set<Integer> busy = new HashSet<>();
        turns.forEach((id, other) -> {
            if (!id.equals(turn) && other.match().frontier() != null) {
                busy.add(other.match().frontier().id());
            }
        });
        return busy;
    }
}
