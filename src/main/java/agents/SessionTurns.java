package agents;

import agents.session.FrontierMatch;
import agents.session.SessionEvent;
import agents.session.SessionEvent.CloseReason;
import agents.session.SessionEvent.SessionOpened;
import agents.session.SessionLimits;
import agents.session.SessionPhase;
import agents.session.SessionState;
import agents.session.TurnResult;
import akka.persistence.typed.javadsl.EffectFactories;
import akka.persistence.typed.javadsl.ReplyEffect;
import inference.SessionContext;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a session's turns begin and end: the part of its behavior that says how a prompt continues the session, and that records
 * what came of it.
 *
 * <p>Thread-safety: confined to its session.
 */
final class SessionTurns {
    private final EffectFactories<SessionEvent, SessionState> effects;
    private final OpenTurns running;
    private final PhaseLog phases;
    private final SessionTies ties;
    private final SessionLimits limits;
    private final SessionPorts ports;

    SessionTurns(
            EffectFactories<SessionEvent, SessionState> effects,
            OpenTurns running,
            PhaseLog phases,
            SessionTies ties,
            SessionLimits limits,
            SessionPorts ports) {
        this.effects = effects;
        this.running = running;
        this.phases = phases;
        this.ties = ties;
        this.limits = limits;
        this.ports = ports;
    }

    ReplyEffect<SessionEvent, SessionState> onBeginTurn(@Nullable SessionState state, AgentSession.BeginTurn begin) {
        OpenTurns.OpenTurn other = running.get(begin.turn());
        if (other != null && !other.owner().equals(begin.owner())) {
            return effects.reply(begin.replyTo(), new AgentSession.TurnRunning());
        }
        List<SessionEvent> events = new ArrayList<>();
        boolean opens = state == null || state.closed();
        SessionState known = state == null || opens ? opened(begin.session(), begin.startedAt(), events) : state;
        Optional<SessionEvent.RootLearned> placed = known.place(begin.session().parent(), null, begin.startedAt());
        placed.ifPresent(events::add);
        SessionState session = placed.map(event -> known.apply(event, limits)).orElse(known);
        SessionPhase before = phases.of(session);
        FrontierMatch match = session.match(begin.model(), begin.blockSizeTokens(), begin.chain());
        if (other == null) {
            running.begun(
                    begin.turn(), new OpenTurns.OpenTurn(begin.session(), match, begin.startedAt(), begin.owner()));
        }
        begin.replyTo()
                .tell(new AgentSession.TurnBegun(
                        match.kind(),
                        match.matchedMessages(),
                        match.point() == null ? 0 : match.point().blocks(),
                        match.frontier() == null ? null : match.frontier().lastWorker(),
                        session.treeRoot()));
        phases.changed(before, session, "turn begun");
        if (events.isEmpty()) {
            return effects.noReply();
        }
        return effects.persist(events)
                .thenRun((SessionState next) -> {
                    ties.placedAnew(next);
                    ties.tellParent(next);
                })
                .thenNoReply();
    }

    ReplyEffect<SessionEvent, SessionState> onCompleteTurn(
            @Nullable SessionState state, AgentSession.CompleteTurn complete) {
        TurnResult result = complete.result();
        List<SessionEvent> events = new ArrayList<>();
        SessionState session = state == null ? opened(complete.session(), result.startedAt(), events) : state;
        SessionPhase before = phases.of(session);
        Optional<SessionEvent.TurnCompleted> ended = session.complete(result, running.busyBeside(result.id()));
        ended.ifPresent(events::add);
        SessionState recorded = ended.map(event -> session.apply(event, limits)).orElse(session);
        // A last request that failed will be tried again, with whichever of its answers.
        boolean over = complete.session().last() && !running.answerBeside(result.id());
        if (over && recorded.answered(result.id())) {
            session.close(CloseReason.FINAL_TURN, result.endedAt()).ifPresent(events::add);
        }
        return effects.persist(events)
                .thenRun((SessionState next) -> {
                    running.ended(result.id());
                    phases.changed(before, next, "turn " + result.outcome().label());
                    ties.tellParent(next);
                    ended.ifPresent(
                            event -> ties.tellKeepers(next, ports.retention().afterTurn(session, next, event, result)));
                    if (next.closed() && !session.closed()) {
                        ties.closeChildren(next);
                    }
                })
                .thenReply(complete.replyTo(), next -> new AgentSession.TurnRecorded());
    }

    ReplyEffect<SessionEvent, SessionState> onTurnLost(@Nullable SessionState state, AgentSession.TurnLost lost) {
        OpenTurns.OpenTurn turn = running.get(lost.turn());
        if (turn == null) {
            return effects.noReply();
        }
        List<SessionEvent> events = new ArrayList<>();
        SessionState session = state == null ? opened(turn.session(), turn.startedAt(), events) : state;
        SessionPhase before = phases.of(session);
        events.add(session.lost(
                lost.turn(), turn.match(), turn.startedAt(), ports.clock().instant()));
        return effects.persist(events)
                .thenRun((SessionState next) -> {
                    running.ended(lost.turn());
                    phases.changed(before, next, "turn lost");
                })
                .thenNoReply();
    }

    private static SessionState opened(SessionContext session, Instant at, List<SessionEvent> events) {
        SessionOpened opened = new SessionOpened(session.tenant(), session.id(), session.parent(), at, null, null);
        events.add(opened);
        return SessionState.opened(opened);
    }
}
