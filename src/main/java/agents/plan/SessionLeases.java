package agents.plan;

import agents.session.Control;
import agents.session.Controls;
import agents.session.Frontier;
import agents.session.GapHint;
import agents.session.KeptPoint;
import agents.session.NextPrompt;
import agents.session.SessionEvent.Advance;
import agents.session.SessionEvent.TurnCompleted;
import agents.session.SessionState;
import agents.session.TurnResult;
import inference.PromptFingerprint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongToDoubleFunction;
import kv.KvTier;
import kv.LeaseId;
import org.jspecify.annotations.Nullable;
import router.retention.LeaseTerms;

/**
 * Which leases a session wants. A policy decides how long each live line of prompts is kept: while its tools keep it away, and
 * by the rules of each class once its turn ended in none. A guess at a line's next prompt is computed and kept when one was asked
 * for. What somebody asked for by name or by a cache mark is kept besides, on from each turn that reads it; and the system prompt
 * is shared with all sessions that begin with it. A lease on a longer prefix is asked for before the shorter one is given up, so
 * that shared blocks stay. A line that is dead keeps nothing. What a session keeps for itself after a turn is worth more or less
 * by the turn's priority.
 *
 * <p>Also tells the policy, which all sessions of a node share, how long gaps were.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class SessionLeases {
    private final GapPolicy policy;
    private final LongToDoubleFunction prefillMillis;
    private final RetentionSettings settings;

    /** @param prefillMillis what computing a prompt of so many tokens from nothing is expected to cost */
    public SessionLeases(GapPolicy policy, LongToDoubleFunction prefillMillis, RetentionSettings settings) {
        this.policy = policy;
        this.prefillMillis = prefillMillis;
        this.settings = settings;
    }

    /** Those of a policy by its name. */
    public static SessionLeases of(RetentionSettings settings, LongToDoubleFunction prefillMillis) {
        return new SessionLeases(
                GapPolicies.create(settings.policy(), settings, prefillMillis), prefillMillis, settings);
    }

    /**
     * What to tell the keepers when a turn's end is durable.
     *
     * @param before the session without the turn
     * @param after the session with it
     */
    public List<LeaseAction> afterTurn(
            SessionState before, SessionState after, TurnCompleted ended, TurnResult result) {
        learn(before, ended);
        if (after.closed()) {
            policy.onClosed(after.id(), ended.turn().number());
            return afterClose(before);
        }
        Advance advance = ended.advance();
        if (advance == null) {
            return List.of();
        }
        List<LeaseAction.Ask> asks = line(after, ended.turn().frontier())
                .map(line -> wishes(after, line, advance.tools(), result))
                .orElse(List.of());
        List<LeaseAction> actions = replacing(before, after, ended.turn().frontier(), asks);
        if (advance.tools()) {
            line(after, ended.turn().frontier())
                    .ifPresent(line ->
                            moves(actions, after, line, gap(after, line, queued(result)), result.expectedGap()));
        }
        NextPrompt next = result.guess();
        if (next != null) {
            // The guess before has come true or not; one made before a session stopped guessing ends at its deadline.
            line(before, ended.turn().frontier())
                    .map(line -> leases(before, line).guessName())
                    .ifPresent(guess -> actions.add(new LeaseAction.End(guess)));
            line(after, ended.turn().frontier())
                    .flatMap(line -> guess(after, line, result, next))
                    .ifPresent(actions::add);
        }
        return actions;
    }

    private void learn(SessionState before, TurnCompleted ended) {
        Long gapMillis = ended.turn().gapMillis();
        if (gapMillis == null) {
            return;
        }
        line(before, ended.turn().frontier()).ifPresent(line -> {
            GapPolicy.Gap gap = gap(before, line, Duration.ZERO);
            if (line.calls() != null) {
                policy.onReturn(gap, Duration.ofMillis(gapMillis));
            } else if (!line.acting()) {
                policy.onUserReturn(gap, Duration.ofMillis(gapMillis));
            }
        });
    }

    /**
     * To compute the next prompt where the line ran last, and to keep it there: worth what its new part costs to compute. Empty
     * when that fills no block.
     */
    private Optional<LeaseAction.Ask> guess(SessionState session, Frontier line, TurnResult result, NextPrompt next) {
        GapHint hint = result.expectedGap();
        GapPolicy.Keep keep =
                policy.atGap(gap(session, line, queued(result)), hint).weighed(hint.priority());
        if (keep.nothing() || next.prefix().blocks() <= line.tip().blocks()) {
            return Optional.empty();
        }
        double whole = prefillMillis.applyAsDouble(next.tokens());
        double saved = whole - prefillMillis.applyAsDouble(line.tip().tokens());
        return Optional.ofNullable(leases(session, line).guess(next, keep.density() * saved / whole))
                .map(terms -> new LeaseAction.Ask(terms, keep.remaining()));
    }

    private List<LeaseAction.Ask> wishes(SessionState session, Frontier line, boolean tools, TurnResult result) {
        LineLeases leases = leases(session, line);
        List<LeaseAction.Ask> asks = new ArrayList<>();
        GapPolicy.Gap gap = gap(session, line, queued(result));
        GapHint hint = result.expectedGap();
        GapPolicy.Keep keep = GapPolicy.Keep.NOTHING;
        if (tools) {
            keep = policy.atGap(gap, hint);
            GapPolicy.Keep weighed = keep.weighed(hint.priority());
            // One of several answers may have been cut off after another called the tools.
            PromptFingerprint answered = result.conversation();
            add(asks, weighed, leases.gap(weighed, answered == null ? line.tip().fingerprint() : answered));
        } else if (session.parent() == null) {
            // A child that calls no more tools has reported to its parent.
            keep = policy.atIdle(gap.of(leases.idleTokens()), hint);
            GapPolicy.Keep weighed = keep.weighed(hint.priority());
            add(asks, weighed, leases.idle(weighed));
        }
        asks.addAll(kept(session, line, keep.density(), hint.priority()));
        GapPolicy.Keep system = keep(settings.systemLease(), line.system().tokens(), 0, 1);
        if (!policy.keepsNothing()) {
            add(asks, system, leases.system(system));
        }
        return asks;
    }

    /**
     * To have a line in a colder tier once the device has become too dear for it, and what lies there on the device again when the
     * policy expects the line back.
     */
    private void moves(
            List<LeaseAction> actions, SessionState session, Frontier line, GapPolicy.Gap gap, GapHint hint) {
        gapLease(session, line).ifPresent(lease -> {
            policy.hotAgain(gap, hint)
                    .ifPresent(after -> actions.add(new LeaseAction.Prefetch(line.id(), lease, after)));
            policy.coldAfter(gap, hint)
                    .ifPresent(after -> actions.add(new LeaseAction.Demote(line.id(), lease, after)));
        });
    }

    private Optional<LeaseId> gapLease(SessionState session, Frontier line) {
        return Optional.ofNullable(leases(session, line).gapName());
    }

    /**
     * What somebody asked to be kept of a line, for as long from now.
     *
     * @param ofLine density of what the line is kept for anyway: whoever reads the line reads its beginnings
     * @param priority that a harness gave the line
     */
    private List<LeaseAction.Ask> kept(SessionState session, Frontier line, double ofLine, int priority) {
        List<LeaseAction.Ask> asks = new ArrayList<>();
        for (KeptPoint point : line.kept() == null ? List.<KeptPoint>of() : line.kept()) {
            int copies = point.copies() == null ? settings.minCopies() : point.copies();
            GapPolicy.Keep keep = keep(point.ttl(), point.blocks() * line.blockSizeTokens(), ofLine, copies)
                    .weighed(priority);
            add(asks, keep, leases(session, line).kept(point, keep));
        }
        return asks;
    }

    /** Kept for its whole time, for sure. */
    private GapPolicy.Keep keep(Duration ttl, int tokens, double leastDensity, int copies) {
        double density = ttl.isZero() || tokens == 0
                ? 0
                : Density.of(1, prefillMillis.applyAsDouble(tokens), tokens, settings.bytesPerToken(), ttl);
        return new GapPolicy.Keep(ttl, Math.max(leastDensity, density), KvTier.DEVICE, copies);
    }

    private static void add(List<? super LeaseAction.Ask> asks, GapPolicy.Keep keep, @Nullable LeaseTerms terms) {
        if (terms != null && !keep.nothing()) {
            asks.add(new LeaseAction.Ask(terms, keep.remaining()));
        }
    }

    /**
     * What to tell the keepers when a control is durable.
     *
     * @param before the session without it
     * @param after the session with it
     */
    public List<LeaseAction> afterControl(SessionState before, SessionState after, Controls.Taken done) {
        if (done.events().isEmpty()) {
            return List.of();
        }
        if (after.closed()) {
            return afterClose(before);
        }
        Control control = done.taken().control();
        if (control instanceof Control.Compact) {
            return replacing(before, after, -1, List.of());
        }
        return done.taken().frontiers().stream()
                .flatMap(id -> line(after, id).stream())
                .flatMap(line -> wishes(after, line, control).stream())
                .toList();
    }

    private List<LeaseAction> wishes(SessionState session, Frontier line, Control control) {
        GapPolicy.Gap gap = gap(session, line, Duration.ZERO);
        if (control instanceof Control.Keep) {
            GapPolicy.Keep away =
                    line.calls() == null ? policy.atIdle(gap, GapHint.NONE) : policy.atGap(gap, GapHint.NONE);
            return List.copyOf(kept(session, line, away.density(), 0));
        }
        List<LeaseAction> actions = new ArrayList<>();
        if (control instanceof Control.Stall stall) {
            Duration expected = stall.expectedMillis() == null ? null : Duration.ofMillis(stall.expectedMillis());
            GapPolicy.Gap stalled = gap.of(stall.tool() == null ? gap.tools() : List.of(stall.tool()));
            GapHint hint = new GapHint(expected, null, 0);
            keep(actions, session, line, policy.atGap(stalled, hint));
            moves(actions, session, line, stalled, hint);
        } else if (control instanceof Control.Resume) {
            // The shortest lease: it only has to bring the prefix back where it is gone.
            keep(actions, session, line, policy.atGap(gap, new GapHint(Duration.ZERO, null, 0)));
            gapLease(session, line)
                    .ifPresent(lease -> actions.add(new LeaseAction.Prefetch(line.id(), lease, Duration.ZERO)));
        }
        return actions;
    }

    private void keep(List<LeaseAction> actions, SessionState session, Frontier line, GapPolicy.Keep keep) {
        add(actions, keep, leases(session, line).gap(keep, line.tip().fingerprint()));
    }

    /** What a fork asks for in its own name, so that it outlives the session that it left. */
    public List<LeaseAction> afterFork(SessionState forked) {
        List<LeaseAction> asks = new ArrayList<>();
        for (Frontier line : forked.frontiers()) {
            GapPolicy.Keep keep = policy.atGap(gap(forked, line, Duration.ZERO), GapHint.NONE);
            LeaseTerms terms = leases(forked, line).gap(keep, line.tip().fingerprint());
            if (terms != null && !keep.nothing()) {
                asks.add(new LeaseAction.Ask(terms, keep.remaining()));
            }
        }
        return asks;
    }

    /** Asks for something, and ends what no live line has any more. */
    private List<LeaseAction> replacing(
            SessionState before, SessionState after, int changed, List<LeaseAction.Ask> asks) {
        List<LeaseAction> actions = new ArrayList<>(asks);
        Set<LeaseId> wanted = new LinkedHashSet<>();
        asks.forEach(ask -> wanted.add(ask.terms().id()));
        after.frontiers().stream()
                .filter(line -> line.live() && line.id() != changed)
                .forEach(line -> wanted.addAll(leases(after, line).names()));
        names(before, LineLeases::names).stream()
                .filter(lease -> !wanted.contains(lease))
                .forEach(lease -> actions.add(new LeaseAction.End(lease)));
        Set<LeaseId> shared = names(after, LineLeases::sharedNames);
        names(before, LineLeases::sharedNames).stream()
                .filter(lease -> !shared.contains(lease))
                .forEach(lease -> actions.add(new LeaseAction.Leave(lease)));
        return actions;
    }

    /** What to tell when a session is closed. */
    public List<LeaseAction> afterClose(SessionState before) {
        List<LeaseAction> actions = new ArrayList<>(List.of(new LeaseAction.EndAll()));
        names(before, LineLeases::sharedNames).forEach(lease -> actions.add(new LeaseAction.Leave(lease)));
        return actions;
    }

    private Set<LeaseId> names(SessionState session, Function<LineLeases, Set<LeaseId>> which) {
        Set<LeaseId> names = new LinkedHashSet<>();
        session.frontiers().stream()
                .filter(Frontier::live)
                .forEach(line -> names.addAll(which.apply(leases(session, line))));
        return names;
    }

    private LineLeases leases(SessionState session, Frontier line) {
        return new LineLeases(session, line, settings.bytesPerToken());
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
}
