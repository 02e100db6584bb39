package agents.plan;

import agents.session.Frontier;
import agents.session.NextPrompt;
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
import java.util.function.LongToDoubleFunction;
import kv.LeaseId;
import kv.Prefix;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;

/**
 * Which leases a session wants, turn by turn: a policy decides for each live line of prompts that waits for its tools, and for
 * a guess at a line's next prompt when one was asked for; no other has any. A lease on a longer prefix is asked for before the
 * shorter one is given up, so that shared blocks stay.
 *
 * <p>Also tells the policy, which all sessions of a node share, how long gaps were.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class SessionLeases {
    private final GapPolicy policy;
    private final LongToDoubleFunction prefillMillis;
    private final long bytesPerToken;

    /** @param prefillMillis what computing a prompt of so many tokens from nothing is expected to cost */
    public SessionLeases(GapPolicy policy, LongToDoubleFunction prefillMillis, long bytesPerToken) {
        this.policy = policy;
        this.prefillMillis = prefillMillis;
        this.bytesPerToken = bytesPerToken;
    }

    /** Those of a policy by its name. */
    public static SessionLeases of(RetentionSettings settings, LongToDoubleFunction prefillMillis) {
        return new SessionLeases(
                GapPolicies.create(settings.policy(), settings, prefillMillis),
                prefillMillis,
                settings.bytesPerToken());
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
            policy.onClosed(after.id(), ended.turn().number());
            return List.of(new LeaseAction.EndAll());
        }
        List<LeaseAction> actions = new ArrayList<>();
        Advance advance = ended.advance();
        if (advance != null && advance.tools()) {
            line(after, ended.turn().frontier())
                    .flatMap(line -> wish(after, line, result))
                    .ifPresent(actions::add);
        }
        NextPrompt next = result.guess();
        if (next != null) {
            line(before, ended.turn().frontier()).ifPresent(line -> endGuess(before, line, actions));
            line(after, ended.turn().frontier())
                    .flatMap(line -> guess(after, line, result, next))
                    .ifPresent(actions::add);
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
                .filter(line -> line.calls() != null)
                .ifPresent(line -> policy.onReturn(gap(before, line, Duration.ZERO), Duration.ofMillis(gapMillis)));
    }

    private Optional<LeaseAction.Ask> wish(SessionState session, Frontier line, TurnResult result) {
        GapPolicy.Keep keep = policy.atGap(gap(session, line, queued(result)));
        ConversationRef conversation = result.conversation() == null
                ? null
                : new ConversationRef(session.tenant(), line.model(), result.conversation());
        return keep.nothing()
                ? Optional.empty()
                : waiting(session, line, conversation)
                        .map(waiting -> new LeaseAction.Ask(waiting.terms(keep, bytesPerToken), keep.remaining()));
    }

    /**
     * To compute the next prompt where the line ran last, and to keep it there: worth what its new part costs to compute. Empty
     * when that fills no block.
     */
    private Optional<LeaseAction.Ask> guess(SessionState session, Frontier line, TurnResult result, NextPrompt next) {
        GapPolicy.Keep keep = policy.atGap(gap(session, line, queued(result)));
        if (keep.nothing() || next.prefix().blocks() <= line.tip().blocks()) {
            return Optional.empty();
        }
        double whole = prefillMillis.applyAsDouble(next.tokens());
        double saved = whole - prefillMillis.applyAsDouble(line.tip().tokens());
        ConversationRef conversation = new ConversationRef(session.tenant(), line.model(), next.conversation());
        return waiting(session, line, conversation)
                .map(waiting -> new LeaseAction.Ask(
                        waiting.guess(next.prefix(), keep.density() * saved / whole, bytesPerToken), keep.remaining()));
    }

    /** The guess has come true or not; one that a session made before it stopped guessing ends at its deadline. */
    private static void endGuess(SessionState session, Frontier line, List<LeaseAction> actions) {
        SequenceHash tail = line.tip().tail();
        if (tail != null) {
            actions.add(new LeaseAction.End(WaitingLine.guess(session.tenant(), session.id(), line.id(), tail)));
        }
    }

    private static Optional<WaitingLine> waiting(
            SessionState session, Frontier line, @Nullable ConversationRef conversation) {
        return Optional.ofNullable(line.tip().tail())
                .map(tail -> new WaitingLine(
                        session.tenant(),
                        session.id(),
                        session.treeRoot(),
                        session.parent() != null,
                        line.id(),
                        line.model(),
                        new Prefix(line.tip().blocks(), tail),
                        line.blockSizeTokens(),
                        conversation,
                        line.lastWorker()));
    }

    private static GapPolicy.Gap gap(SessionState session, Frontier line, Duration queued) {
        List<String> tools = line.calls() == null ? List.of() : line.calls();
        return new GapPolicy.Gap(session.id(), line.id(), tools, line.tip().tokens(), line.turns(), queued);
    }

    /** What a turn waited for its first token beyond the prefill of what was not cached. */
    private Duration queued(TurnResult result) {
        if (result.timeToFirstToken() == null) {
            return Duration.ZERO;
        }
        int uncached = result.usage().inputTokens() - result.usage().cachedTokens();
        Duration prefill = Duration.ofNanos((long) (prefillMillis.applyAsDouble(Math.max(0, uncached)) * 1e6));
        Duration rest = result.timeToFirstToken().minus(prefill);
        return rest.isNegative() ? Duration.ZERO : rest;
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
                names.add(WaitingLine.lease(session.tenant(), session.id(), line.id(), tail));
            }
        }
        return names;
    }
}
