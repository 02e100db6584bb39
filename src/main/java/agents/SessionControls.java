package agents;

import agents.plan.LeaseAction;
import agents.session.Control;
import agents.session.Controls;
import agents.session.SessionEvent;
import agents.session.SessionPhase;
import agents.session.SessionState;
import akka.persistence.typed.javadsl.EffectFactories;
import akka.persistence.typed.javadsl.ReplyEffect;
import java.util.List;
import java.util.Objects;
import kv.LeaseId;
import org.jspecify.annotations.Nullable;

/**
 * How a session takes what it is told besides its turns: the part of its behavior that closes it and
 * carries out {@link Control}s.
 *
 * <p>Thread-safety: confined to its session.
 */
final class SessionControls {
    private final EffectFactories<SessionEvent, SessionState> effects;
    private final OpenTurns running;
    private final PhaseLog phases;
    private final SessionTies ties;
    private final SessionPorts ports;

    SessionControls(
            EffectFactories<SessionEvent, SessionState> effects,
            OpenTurns running,
            PhaseLog phases,
            SessionTies ties,
            SessionPorts ports) {
        this.effects = effects;
        this.running = running;
        this.phases = phases;
        this.ties = ties;
        this.ports = ports;
    }

    ReplyEffect<SessionEvent, SessionState> onClose(@Nullable SessionState state, AgentSession.Close close) {
        if (state == null) {
            return effects.reply(close.replyTo(), new AgentSession.NoSuchSession());
        }
        SessionPhase before = phases.of(state);
        List<SessionEvent> events = List.copyOf(
                state.close(close.reason(), ports.clock().instant()).stream().toList());
        return effects.persist(events)
                .thenRun((SessionState next) -> {
                    phases.changed(before, next, "closed: " + close.reason());
                    ties.tellKeepers(next, ports.retention().afterClose(state));
                    if (!events.isEmpty()) {
                        ties.closeChildren(next);
                    }
                })
                .thenReply(close.replyTo(), next -> new AgentSession.Closed());
    }

    ReplyEffect<SessionEvent, SessionState> onTakeControl(@Nullable SessionState state, AgentSession.TakeControl take) {
        if (state == null) {
            return effects.reply(take.replyTo(), new AgentSession.NoSuchSession());
        }
        Controls.Answer answer = decided(state, take);
        if (answer instanceof Controls.Taken taken
                && take.control() instanceof Control.Fork fork
                && !taken.events().isEmpty()) {
            ties.openFork(state, fork, taken.taken(), (reply, failure) -> new AgentSession.ForkReplied(take, reply));
            return effects.noReply();
        }
        return carriedOut(state, take, answer);
    }

    /** The session may have changed meanwhile, so that it decides anew. */
    ReplyEffect<SessionEvent, SessionState> onForkReplied(
            @Nullable SessionState state, AgentSession.ForkReplied replied) {
        AgentSession.TakeControl take = replied.fork();
        if (state == null || replied.reply() == null) {
            return effects.reply(
                    take.replyTo(),
                    new AgentSession.ControlRefused(
                            AgentSession.ControlProblem.UNAVAILABLE, "the forked session did not answer"));
        }
        return replied.reply().opened()
                ? carriedOut(state, take, decided(state, take))
                : effects.reply(
                        take.replyTo(),
                        new AgentSession.ControlRefused(
                                AgentSession.ControlProblem.CONFLICT, "there is a session of the forked one's name"));
    }

    private Controls.Answer decided(SessionState state, AgentSession.TakeControl take) {
        return Controls.decide(
                state,
                take.control(),
                take.request(),
                running.busy(),
                ports.clock().instant());
    }

    private ReplyEffect<SessionEvent, SessionState> carriedOut(
            SessionState state, AgentSession.TakeControl take, Controls.Answer answer) {
        if (answer instanceof Controls.Unknown unknown) {
            return effects.reply(
                    take.replyTo(),
                    new AgentSession.ControlRefused(
                            AgentSession.ControlProblem.NOT_FOUND, "the session has no " + unknown.what()));
        } else if (answer instanceof Controls.Conflict conflict) {
            return effects.reply(
                    take.replyTo(),
                    new AgentSession.ControlRefused(AgentSession.ControlProblem.CONFLICT, conflict.reason()));
        }
        Controls.Taken taken = (Controls.Taken) answer;
        SessionPhase before = phases.of(state);
        return effects.persist(taken.events())
                .thenRun((SessionState next) -> {
                    phases.changed(before, next, take.control().getClass().getSimpleName());
                    ties.tellKeepers(next, ports.retention().afterControl(state, next, taken));
                    if (next.closed() && !state.closed()) {
                        ties.closeChildren(next);
                    }
                })
                .thenReply(
                        take.replyTo(),
                        next -> new AgentSession.ControlTaken(
                                taken.taken(), taken.events().isEmpty(), next.treeRoot(), asked(state, next, taken)));
    }

    /** Leases of the session's own that are asked for. */
    private List<LeaseId> asked(SessionState before, SessionState after, Controls.Taken taken) {
        return ports.retention().afterControl(before, after, taken).stream()
                .filter(action -> action instanceof LeaseAction.Ask ask && !ask.shared())
                .map(action -> ((LeaseAction.Ask) action).terms().id())
                .toList();
    }

    ReplyEffect<SessionEvent, SessionState> onOpenFork(@Nullable SessionState state, AgentSession.OpenFork open) {
        if (state != null) {
            boolean repeated = Objects.equals(state.forkOf(), open.opened().forkOf());
            return effects.reply(open.replyTo(), new AgentSession.ForkReply(repeated));
        }
        return effects.persist(open.opened())
                .thenRun((SessionState next) ->
                        ties.tellKeepers(next, ports.retention().afterFork(next)))
                .thenReply(open.replyTo(), next -> new AgentSession.ForkReply(true));
    }
}
