package replay;

import agents.plan.GapPolicy;
import agents.plan.WaitingLine;
import agents.session.GapHint;
import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.util.List;
import kv.LeaseId;
import kv.Prefix;
import kv.PromptBlocks;
import kv.SequenceHash;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import replay.trace.Trace;
import replay.trace.TracedTurn;
import router.retention.LeaseTerms;
import workers.status.TimingModel;

/**
 * What sessions do about retention: at the end of a turn that called tools, the policy is asked and the keeper told; the lease
 * on the shorter prefix is given up afterwards. One line of prompts per lineage of the trace; tools have no names there.
 *
 * <p>Thread-safety: confined to its run.
 */
final class SessionSide {
    private static final List<String> TOOLS = List.of("tool");

    private final Trace trace;
    private final GapPolicy policy;
    private final EventQueue events;
    private final LeaseDesk keeper;
    private final TimingModel timing;
    private final long bytesPerToken;
    private final String model;
    private final RetentionFigures figures;
    private final Line[] lines;
    private final int[] turnsLeft;
    private final int[] turnsOver;

    /** A lineage's state; everything is of its last turn. */
    private static final class Line {
        private GapPolicy.@Nullable Gap gap;
        private @Nullable LeaseTerms lease;
        private double endedMillis;
        private long turns;
        private boolean busy;
    }

    /** A turn that is over, as its session knows it. */
    record Ended(
            int turn,
            PromptBlocks prompt,
            @Nullable WorkerId worker,
            double arrivedMillis,
            double firstTokenMillis,
            int cachedTokens) {}

    SessionSide(
            Trace trace,
            int lineages,
            GapPolicy policy,
            EventQueue events,
            LeaseDesk keeper,
            TimingModel timing,
            long bytesPerToken,
            String model,
            RetentionFigures figures) {
        this.trace = trace;
        this.policy = policy;
        this.events = events;
        this.keeper = keeper;
        this.timing = timing;
        this.bytesPerToken = bytesPerToken;
        this.model = model;
        this.figures = figures;
        lines = new Line[lineages];
        for (int i = 0; i < lineages; i++) {
            lines[i] = new Line();
        }
        turnsLeft = new int[trace.sessionNames().size()];
        turnsOver = new int[turnsLeft.length];
        trace.turns().forEach(turn -> turnsLeft[turn.session()]++);
    }

    /** A turn has begun. */
    void begun(int lineage) {
        lines[lineage].busy = true;
    }

    /** A turn is over, served or not. */
    void ended(int lineage, Ended ended, double nowMillis) {
        TracedTurn traced = trace.turns().get(ended.turn());
        Line line = lines[lineage];
        line.busy = false;
        if (line.gap != null) {
            policy.onReturn(line.gap, VirtualTime.duration(Math.max(0, ended.arrivedMillis() - line.endedMillis)));
            line.gap = null;
        }
        LeaseTerms before = line.lease;
        if (before != null
                && before.prefix().begins(ended.prompt())
                && before.home() != null
                && before.home().equals(ended.worker())
                && ended.cachedTokens()
                        >= before.prefix().blocks() * ended.prompt().blockSizeTokens()) {
            figures.leaseUsed();
        }
        line.endedMillis = nowMillis;
        line.turns++;
        line.lease = traced.callsTools() ? ask(lineage, line, traced, ended, nowMillis) : null;
        LeaseId now = line.lease == null ? null : line.lease.id();
        if (before != null && !before.id().equals(now)) {
            keeper.end(before.id(), nowMillis);
        }
        turnsOver[traced.session()]++;
        if (--turnsLeft[traced.session()] == 0) {
            policy.onClosed(new SessionId(trace.sessionNames().get(traced.session())), turnsOver[traced.session()]);
        }
    }

    private @Nullable LeaseTerms ask(int lineage, Line line, TracedTurn traced, Ended ended, double nowMillis) {
        PromptBlocks prompt = ended.prompt();
        if (prompt.size() == 0 || Double.isNaN(ended.firstTokenMillis())) {
            return null;
        }
        SessionId session = new SessionId(trace.sessionNames().get(traced.session()));
        GapPolicy.Gap gap = new GapPolicy.Gap(
                session, traced.lineage(), TOOLS, traced.inputTokens(), line.turns, queued(traced, ended));
        line.gap = gap;
        GapPolicy.Keep keep = policy.atGap(gap);
        if (keep.nothing()) {
            return null;
        }
        WaitingLine waiting = new WaitingLine(
                TenantId.DEFAULT,
                session,
                session,
                false,
                lineage,
                model,
                new Prefix(prompt.size(), new SequenceHash(prompt.hashAt(prompt.size() - 1))),
                prompt.blockSizeTokens(),
                null,
                ended.worker());
        LeaseTerms terms = waiting.terms(keep, bytesPerToken);
        keeper.ask(terms, keep.remaining(), prompt, nowMillis);
        policy.hotAgain(gap, GapHint.NONE)
                .ifPresent(after -> moveLater(line, terms, after, nowMillis, keeper::prefetch));
        policy.coldAfter(gap, GapHint.NONE)
                .ifPresent(after -> moveLater(line, terms, after, nowMillis, keeper::demote));
        return terms;
    }

    private interface Move {
        void begin(LeaseId lease, double nowMillis);
    }

    private void moveLater(Line line, LeaseTerms terms, Duration after, double nowMillis, Move move) {
        events.at(nowMillis + VirtualTime.millis(after), now -> {
            if (!line.busy && terms.equals(line.lease)) {
                move.begin(terms.id(), now);
            }
        });
    }

    private Duration queued(TracedTurn traced, Ended ended) {
        double prefill = timing.prefillMillis(traced.inputTokens() - ended.cachedTokens(), ended.cachedTokens());
        return VirtualTime.duration(Math.max(0, ended.firstTokenMillis() - ended.arrivedMillis() - prefill));
    }
}
