package agents.plan;

import agents.session.Frontier;
import agents.session.SessionEvent.Advance;
import agents.session.SessionEvent.TurnCompleted;
import agents.session.SessionState;
import agents.session.TurnResult;
import inference.ConversationRef;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import kv.LeaseId;
import kv.SequenceHash;

/**
 * Which leases a session wants, turn by turn: one for each live line of prompts that waits for its tools, none for any
 * other. A lease on a longer prefix is asked for before the shorter one is given up, so that shared blocks stay.
 *
 * <p>Also teaches the gap model, which all sessions of a node share.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class SessionLeases {
    private final RetentionPlanner planner;
    private final ToolCallGaps gaps;

    public SessionLeases(RetentionPlanner planner, ToolCallGaps gaps) {
        this.planner = planner;
        this.gaps = gaps;
    }

    /**
     * What to tell the keeper when a turn's end is durable.
     *
     * @param before the session without the turn
     * @param after the session with it
     */
    public List<LeaseAction> afterTurn(
            SessionState before, SessionState after, TurnCompleted ended, TurnResult result) {
        learn(before, ended);
        if (after.closed()) {
            return List.of(new LeaseAction.EndAll());
        }
        List<LeaseAction> actions = new ArrayList<>();
        Advance advance = ended.advance();
        if (advance != null && advance.tools()) {
            line(after, ended.turn().frontier())
                    .flatMap(line -> wish(after, line, result))
                    .ifPresent(wish -> actions.add(new LeaseAction.Ask(wish.terms(), wish.remaining())));
        }
        Set<LeaseId> wanted = waiting(after);
        waiting(before).stream()
                .filter(lease -> !wanted.contains(lease))
                .forEach(lease -> actions.add(new LeaseAction.End(lease)));
        return actions;
    }

    private void learn(SessionState before, TurnCompleted ended) {
        Long gapMillis = ended.turn().gapMillis();
        if (gapMillis == null) {
            return;
        }
        line(before, ended.turn().frontier())
                .map(Frontier::calls)
                .ifPresent(calls -> gaps.observe(before.id().value(), calls, Duration.ofMillis(gapMillis)));
    }

    private Optional<RetentionPlanner.Wish> wish(SessionState session, Frontier line, TurnResult result) {
        ConversationRef conversation = result.conversation() == null
                ? null
                : new ConversationRef(session.tenant(), line.model(), result.conversation());
        GapDistribution gap = gaps.predict(session.id().value(), result.calls());
        return planner.atGap(session, line, gap, conversation);
    }

    private static Optional<Frontier> line(SessionState session, int frontier) {
        return session.frontiers().stream()
                .filter(line -> line.id() == frontier)
                .findFirst();
    }

    /** Leases of the lines that wait for their tools, in the order of the lines. */
    private static Set<LeaseId> waiting(SessionState session) {
        Set<LeaseId> names = new LinkedHashSet<>();
        for (Frontier line : session.frontiers()) {
            SequenceHash tail = line.tip().tail();
            if (line.live() && line.acting() && tail != null) {
                names.add(RetentionPlanner.lease(session.tenant(), session.id(), line.id(), tail));
            }
        }
        return names;
    }
}
