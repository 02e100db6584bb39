package agents;

import agents.plan.LeaseAction;
import agents.session.SessionEvent;
import agents.session.SessionEvent.SessionOpened;
import agents.session.SessionState;
import akka.persistence.typed.javadsl.EffectFactories;
import akka.persistence.typed.javadsl.ReplyEffect;
import inference.SessionId;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a session finds its place among those that spawned each other: the part of its behavior that links children and learns
 * the root of its tree, over any depth, from its parent.
 *
 * <p>Thread-safety: confined to its session.
 */
final class SessionTree {
    private final EffectFactories<SessionEvent, SessionState> effects;
    private final SessionTies ties;
    private final InstantSource clock;

    SessionTree(EffectFactories<SessionEvent, SessionState> effects, SessionTies ties, InstantSource clock) {
        this.effects = effects;
        this.ties = ties;
        this.clock = clock;
    }

    ReplyEffect<SessionEvent, SessionState> onLinkChild(@Nullable SessionState state, AgentSession.LinkChild link) {
        Instant now = clock.instant();
        List<SessionEvent> events = new ArrayList<>();
        SessionState session = state;
        if (session == null) {
            SessionOpened opened = new SessionOpened(link.tenant(), link.session(), null, now, null, null);
            events.add(opened);
            session = SessionState.opened(opened);
        }
        session.link(link.child(), now).ifPresent(events::add);
        return effects.persist(events).thenReply(link.replyTo(), next -> new AgentSession.ChildKnown(next.treeRoot()));
    }

    ReplyEffect<SessionEvent, SessionState> onLearnRoot(@Nullable SessionState state, AgentSession.LearnRoot learn) {
        return state == null || state.parent() == null ? effects.noReply() : placed(state, learn.root());
    }

    ReplyEffect<SessionEvent, SessionState> onParentReplied(
            @Nullable SessionState state, AgentSession.ParentReplied replied) {
        if (state == null || replied.reply() == null) {
            return effects.noReply();
        }
        ties.parentKnows();
        return placed(state, replied.reply().root());
    }

    /** What was leased under another root is asked for again by the next turn. */
    private ReplyEffect<SessionEvent, SessionState> placed(SessionState state, SessionId root) {
        Optional<SessionEvent.RootLearned> moved = state.place(null, root, clock.instant());
        if (moved.isEmpty()) {
            return effects.noReply();
        }
        ties.tellKeepers(state, List.of(new LeaseAction.EndAll()));
        return effects.persist(moved.get()).thenRun(ties::tellRoot).thenNoReply();
    }
}
