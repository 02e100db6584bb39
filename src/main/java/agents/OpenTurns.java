package agents;

import agents.session.FrontierMatch;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.TimerScheduler;
import inference.SessionContext;
import inference.TurnId;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The turns of one session between their beginning and their end. Their owners are watched; while there is none, the session's
 * idle time runs. Soft: unknown after a move of the session.
 *
 * <p>Thread-safety: confined to its session.
 */
final class OpenTurns {
    private final ActorContext<AgentSession.Command> context;
    private final TimerScheduler<AgentSession.Command> timers;
    private final Duration idleTimeout;
    private final Map<TurnId, OpenTurn> turns = new HashMap<>();

    /** A turn that has begun. */
    record OpenTurn(SessionContext session, FrontierMatch match, Instant startedAt, ActorRef<?> owner) {}

    OpenTurns(
            ActorContext<AgentSession.Command> context,
            TimerScheduler<AgentSession.Command> timers,
            Duration idleTimeout) {
        this.context = context;
        this.timers = timers;
        this.idleTimeout = idleTimeout;
    }

    int count() {
        return turns.size();
    }

    @Nullable
    OpenTurn get(TurnId turn) {
        return turns.get(turn);
    }

    void begun(TurnId id, OpenTurn turn) {
        turns.put(id, turn);
        context.watchWith(turn.owner(), new AgentSession.TurnLost(id));
        timers.cancel(AgentSession.IdleElapsed.class);
    }

    /** Forgets a turn, if it was known. */
    void ended(TurnId turn) {
        OpenTurn ended = turns.remove(turn);
        if (ended != null) {
            context.unwatch(ended.owner());
        }
        awaitIdle();
    }

    /** Lets the idle time run anew, unless turns run. */
    void awaitIdle() {
        if (turns.isEmpty()) {
            timers.startSingleTimer(AgentSession.IdleElapsed.class, new AgentSession.IdleElapsed(), idleTimeout);
        }
    }

    /** Whether another answer to the same request runs. */
    boolean answerBeside(TurnId turn) {
        return turns.keySet().stream()
                .anyMatch(other -> !other.equals(turn) && other.firstChoice().equals(turn.firstChoice()));
    }

    /** Whether a turn runs that goes on from a line's tip. */
    boolean extending(int line) {
        return turns.values().stream()
                .map(OpenTurn::match)
                .anyMatch(match -> match.kind() == FrontierMatch.Kind.EXTENDS
                        && match.frontier() != null
                        && match.frontier().id() == line);
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
