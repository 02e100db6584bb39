package agents.session;

import agents.session.SessionEvent.Advance;
import com.fasterxml.jackson.annotation.JsonInclude;
import inference.PromptFingerprint;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import kv.RetentionClass;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * The tip of one line of prompts, with the earlier points from which another line may fork.
 *
 * <p>Invariants: (I1) checkpoints cover strictly more messages from first to last; the last is the tip. (I2) every
 * checkpoint covers the tip's own beginning.
 *
 * <p>Thread-safety: immutable.
 *
 * @param forkedFrom frontier it left, null when it did not
 * @param system end of tool definitions and leading system messages
 * @param checkpoints ends of its prompts, at least one
 * @param live false once superseded; a turn that extends it makes it live again
 * @param acting whether its last turn ended in tool calls
 * @param calls tools that the last turn called, null when it called none, or when those are not known
 * @param turns turns that advanced it
 * @param lastTurn number of the last of them
 * @param lastWorker where that ran
 * @param reasoning what the tip replays of its open tool loop's reasoning, null for none
 * @param kept beginnings that somebody asked to be kept, deepest first, null for none
 * @param dropsReasoning whether the line was seen to drop reasoning once its tool loop had closed
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Frontier(
        int id,
        @Nullable Integer forkedFrom,
        String model,
        int blockSizeTokens,
        Checkpoint system,
        List<Checkpoint> checkpoints,
        boolean live,
        boolean acting,
        @Nullable List<String> calls,
        long turns,
        long lastTurn,
        Instant lastEndedAt,
        @Nullable WorkerId lastWorker,
        @Nullable OpenReasoning reasoning,
        @Nullable List<KeptPoint> kept,
        @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean dropsReasoning) {
    public Frontier {
        checkpoints = List.copyOf(checkpoints);
        calls = calls == null ? null : List.copyOf(calls);
        kept = kept == null ? null : List.copyOf(kept);
    }

    /** The newest prompt's end. */
    public Checkpoint tip() {
        return last(checkpoints);
    }

    /** Deepest own checkpoint, or else the system one, that a prompt's fingerprints contain. O(checkpoints). */
    Optional<Checkpoint> deepestIn(List<PromptFingerprint> chain) {
        for (int i = checkpoints.size() - 1; i >= 0; i--) {
            if (covers(chain, checkpoints.get(i))) {
                return Optional.of(checkpoints.get(i));
            }
        }
        return Optional.of(system).filter(point -> point.tokens() > 0 && covers(chain, point));
    }

    private static boolean covers(List<PromptFingerprint> chain, Checkpoint point) {
        return point.messages() < chain.size() && chain.get(point.messages()).equals(point.fingerprint());
    }

    /** Whether a prompt begins with the tip's messages without the reasoning in them. */
    boolean continuedWithoutReasoning(List<PromptFingerprint> chain) {
        int messages = tip().messages();
        return reasoning != null
                && reasoning.without() != null
                && messages < chain.size()
                && chain.get(messages).equals(reasoning.without());
    }

    /**
     * The line cut into segments, from the first block on. Reasoning of a tool loop that is over but still replayed is part of
     * the history.
     */
    public List<Segment> segments(boolean subagent) {
        RetentionClass rest = subagent ? RetentionClass.SUBAGENT : RetentionClass.HISTORY;
        Checkpoint tip = tip();
        Checkpoint end = reasoning == null ? tip : reasoning.before();
        List<Segment> segments = new ArrayList<>();
        segments.add(new Segment(RetentionClass.SYSTEM, 0, system.blocks(), system.tail()));
        segments.add(new Segment(rest, system.blocks(), end.blocks(), end.tail()));
        if (end.blocks() < tip.blocks()) {
            segments.add(new Segment(RetentionClass.REASONING, end.blocks(), tip.blocks(), tip.tail()));
        }
        return segments;
    }

    /** A new line. */
    static Frontier open(TurnRecord turn, Advance advance, @Nullable Frontier origin, int maxCheckpoints) {
        List<Checkpoint> shared = new ArrayList<>();
        Integer forkedFrom = null;
        if (advance.fork() != null) {
            int depth = Math.min(advance.fork().messages(), advance.tip().messages() - 1);
            forkedFrom = advance.fork().frontier();
            if (origin != null) {
                origin.checkpoints.stream()
                        .filter(point -> point.messages() <= depth)
                        .forEach(shared::add);
            }
        }
        return at(turn, advance, forkedFrom, shared, 1, false, marked(List.of(), 0, advance), maxCheckpoints);
    }

    /** This line after one more turn on it. */
    Frontier advanced(TurnRecord turn, Advance advance, int maxCheckpoints) {
        List<Checkpoint> rest = new ArrayList<>(checkpoints);
        Integer shared = advance.shared();
        rest.removeIf(
                point -> point.messages() >= advance.tip().messages() || (shared != null && point.messages() > shared));
        int known = shared == null ? tip().blocks() : (rest.isEmpty() ? system : last(rest)).blocks();
        return at(
                turn,
                advance,
                forkedFrom,
                rest,
                turns + 1,
                dropsReasoning || shared != null,
                marked(kept == null ? List.of() : kept, known, advance),
                maxCheckpoints);
    }

    private static Checkpoint last(List<Checkpoint> points) {
        return points.get(points.size() - 1);
    }

    private static @Nullable List<KeptPoint> marked(List<KeptPoint> before, int known, Advance advance) {
        List<KeptPoint> after = KeptPoint.after(before, known, advance.marks() == null ? List.of() : advance.marks());
        return after.isEmpty() ? null : after;
    }

    private static Frontier at(
            TurnRecord turn,
            Advance advance,
            @Nullable Integer forkedFrom,
            List<Checkpoint> before,
            long turns,
            boolean dropsReasoning,
            @Nullable List<KeptPoint> kept,
            int maxCheckpoints) {
        before.add(advance.tip());
        return new Frontier(
                turn.frontier(),
                forkedFrom,
                advance.model(),
                advance.blockSizeTokens(),
                advance.system(),
                before.subList(Math.max(0, before.size() - maxCheckpoints), before.size()),
                true,
                advance.tools(),
                advance.calls(),
                turns,
                turn.number(),
                turn.endedAt(),
                turn.worker(),
                advance.reasoning(),
                kept,
                dropsReasoning);
    }

    /** This line, dead: what was to be kept of it is not any more. */
    Frontier superseded() {
        return with(id, false, turns, lastTurn, null);
    }

    /** This line as the first of a session that has had no turn. */
    public Frontier forked() {
        return with(0, true, 0, 0, null);
    }

    /** This line with one more beginning to keep. */
    Frontier keeping(KeptPoint point) {
        return with(
                id,
                live,
                turns,
                lastTurn,
                KeptPoint.after(kept == null ? List.of() : kept, tip().blocks(), List.of(point)));
    }

    private Frontier with(int id, boolean live, long turns, long lastTurn, @Nullable List<KeptPoint> kept) {
        return new Frontier(
                id,
                forkedFrom,
                model,
                blockSizeTokens,
                system,
                checkpoints,
                live,
                acting,
                calls,
                turns,
                lastTurn,
                lastEndedAt,
                lastWorker,
                reasoning,
                kept,
                dropsReasoning);
    }
}
