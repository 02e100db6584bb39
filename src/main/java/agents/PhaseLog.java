package agents;

import agents.session.SessionPhase;
import agents.session.SessionState;
import akka.actor.typed.javadsl.ActorContext;

/**
 * The phase that a session is in while its turns run, and the log of its changes.
 *
 * <p>Thread-safety: confined to its session.
 */
final class PhaseLog {
    private final String entityId;
    private final ActorContext<AgentSession.Command> context;
    private final OpenTurns running;

    PhaseLog(String entityId, ActorContext<AgentSession.Command> context, OpenTurns running) {
        this.entityId = entityId;
        this.context = context;
        this.running = running;
    }

    SessionPhase of(SessionState state) {
        return state.phase(running.count());
    }

    /** Something happened that may have changed the phase. */
    void changed(SessionPhase before, SessionState after, String reason) {
        SessionPhase now = of(after);
        if (now != before) {
            context.getLog().info("session {}: {} => {}, {}", entityId, before, now, reason);
        }
    }
}
