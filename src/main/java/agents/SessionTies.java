package agents;

import agents.plan.LeaseAction;
import agents.session.Control;
import agents.session.Frontier;
import agents.session.SessionEvent.CloseReason;
import agents.session.SessionEvent.Controlled;
import agents.session.SessionEvent.SessionOpened;
import agents.session.SessionKey;
import agents.session.SessionState;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.TimerScheduler;
import inference.SessionId;
import java.time.Duration;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import router.LeaseKeeper;

/**
 * Whom a session keeps informed: its parent and children, and the keeper of its tree's leases. Nobody waits for them: what came
 * of a lease is in the keeper's ledger, where the next turn asks, and where it fell short, with the keeper for who asks for receipts.
 *
 * <p>Thread-safety: confined to its session.
 */
final class SessionTies {
    private final ActorContext<AgentSession.Command> context;
    private final AgentSettings.Session settings;
    private final SessionPorts ports;
    private final TimerScheduler<AgentSession.Command> timers;
    private boolean parentKnows;

    SessionTies(
            ActorContext<AgentSession.Command> context,
            TimerScheduler<AgentSession.Command> timers,
            AgentSettings.Session settings,
            SessionPorts ports) {
        this.context = context;
        this.timers = timers;
        this.settings = settings;
        this.ports = ports;
    }

    /** The session begins, perhaps another one under the name, or has got a parent: the tree is to learn of it. */
    void placedAnew(SessionState state) {
        parentKnows = false;
        tellRoot(state);
    }

    void parentKnows() {
        parentKnows = true;
    }

    /** Links a session to its parent, unless the parent has answered already. */
    void tellParent(SessionState state) {
        SessionId parent = state.parent();
        if (parent != null && !parent.equals(state.id()) && !parentKnows) {
            Question.ask(
                    context,
                    session(state, parent),
                    settings.askTimeout(),
                    replyTo -> new AgentSession.LinkChild(state.tenant(), parent, state.id(), replyTo),
                    (AgentSession.@Nullable ChildKnown known, @Nullable Throwable failure) ->
                            new AgentSession.ParentReplied(known));
        }
    }

    /** Tells the children which tree they are in now. */
    void tellRoot(SessionState state) {
        state.children().forEach(child -> session(state, child).tell(new AgentSession.LearnRoot(state.treeRoot())));
    }

    /** The session is over, and those that it spawned with it. */
    void closeChildren(SessionState state) {
        state.children().forEach(child -> session(state, child)
                .tell(new AgentSession.Close(
                        CloseReason.PARENT_OVER, context.getSystem().ignoreRef())));
    }

    /** Opens another session that goes on from a line of this one. */
    void openFork(
            SessionState state,
            Control.Fork fork,
            Controlled taken,
            BiFunction<AgentSession.@Nullable ForkReply, @Nullable Throwable, AgentSession.Command> replied) {
        Frontier line = state.frontiers().stream()
                .filter(one -> taken.frontiers().contains(one.id()))
                .findFirst()
                .orElseThrow();
        SessionOpened opened =
                new SessionOpened(state.tenant(), fork.child(), null, taken.at(), state.id(), line.forked());
        Question.ask(
                context,
                session(state, fork.child()),
                settings.askTimeout(),
                replyTo -> new AgentSession.OpenFork(opened, replyTo),
                replied);
    }

    private RecipientRef<AgentSession.Command> session(SessionState state, SessionId other) {
        return ports.sessions().apply(new SessionKey(state.tenant(), other).entityId());
    }

    /** Tells the keeper of the session's tree, and those of what it shares with other sessions. */
    void tellKeepers(SessionState state, List<LeaseAction> actions) {
        for (LeaseAction action : actions) {
            if (action instanceof LeaseAction.Ask ask) {
                keeper(state, ask.terms().root())
                        .tell(new LeaseKeeper.Grant(
                                ask.terms(),
                                ask.remaining(),
                                ask.shared() ? state.id() : null,
                                context.getSystem().ignoreRef()));
            } else if (action instanceof LeaseAction.Prefetch prefetch) {
                timers.cancel("demote " + prefetch.line()); // who is expected back sooner than was thought
                moveLater("prefetch", prefetch.line(), new LeaseKeeper.Prefetch(prefetch.lease()), prefetch.after());
            } else if (action instanceof LeaseAction.Demote demote) {
                moveLater("demote", demote.line(), new LeaseKeeper.Demote(demote.lease()), demote.after());
            } else if (action instanceof LeaseAction.Leave leave) {
                keeper(state, leave.root()).tell(new LeaseKeeper.Release(leave.lease(), state.id()));
            } else if (action instanceof LeaseAction.End end) {
                keeper(state, state.treeRoot()).tell(new LeaseKeeper.Release(end.lease(), null));
            } else {
                keeper(state, state.treeRoot())
                        .tell(new LeaseKeeper.ReleaseSession(state.tenant(), state.treeRoot(), state.id()));
            }
        }
    }

    /** A timer for each line of prompts: its next gap replaces it. */
    private void moveLater(String what, int line, LeaseKeeper.Command order, Duration after) {
        timers.startSingleTimer(what + " " + line, new AgentSession.MoveDue(line, order), after);
    }

    /** What the keeper no longer has, as of a line that has gone on or is dead, is not moved. */
    void tellKeeper(SessionState state, LeaseKeeper.Command order) {
        keeper(state, state.treeRoot()).tell(order);
    }

    private RecipientRef<LeaseKeeper.Command> keeper(SessionState state, SessionId root) {
        return ports.keepers().apply(state.tenant(), root);
    }
}
