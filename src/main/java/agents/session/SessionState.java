package agents.session;

import agents.session.SessionEvent.Advance;
import agents.session.SessionEvent.ChildLinked;
import agents.session.SessionEvent.CloseReason;
import agents.session.SessionEvent.Controlled;
import agents.session.SessionEvent.Fork;
import agents.session.SessionEvent.RootLearned;
import agents.session.SessionEvent.SessionClosed;
import agents.session.SessionEvent.SessionOpened;
import agents.session.SessionEvent.TurnCompleted;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import inference.PromptFingerprint;
import inference.SessionId;
import inference.TenantId;
import inference.TurnId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Everything durable about one session. Operations return the events to persist and change nothing; {@link #apply} is the
 * only transition and never fails, whatever limits an event was written under. Also the durable schema of snapshots.
 *
 * <p>Invariants: (I1) frontier ids are distinct and below {@code nextFrontier}. (I2) no list is longer than its limit.
 * (I3) turns are in the order of their numbers, the last is {@code totalTurns}.
 *
 * <p>Thread-safety: immutable.
 *
 * @param closedAt null while open
 * @param totalTurns ended turns ever, those no longer in {@code turns} included
 * @param frontiers lines of prompts in the order they were opened
 * @param turns most recent turns, oldest first
 * @param children child sessions, oldest first
 * @param controls latest lifecycle requests that had a name, oldest first
 * @param forkOf session from which it forked, null when it began with nothing
 * @param root session at the top of the tree as it was learned; null while that is the parent, or the session itself
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SessionState(
        TenantId tenant,
        SessionId id,
        @Nullable SessionId parent,
        Instant openedAt,
        @Nullable Instant closedAt,
        long totalTurns,
        int nextFrontier,
        List<Frontier> frontiers,
        List<TurnRecord> turns,
        List<SessionId> children,
        @Nullable SessionId root,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) @JsonSetter(nulls = Nulls.AS_EMPTY) List<Controlled> controls,
        @Nullable SessionId forkOf) {
    public SessionState {
        frontiers = List.copyOf(frontiers);
        turns = List.copyOf(turns);
        children = List.copyOf(children);
        controls = List.copyOf(controls);
    }

    /** A session without a past, or with that of the line from which it forked. */
    public static SessionState opened(SessionOpened event) {
        return new SessionState(
                event.tenant(),
                event.session(),
                event.parent(),
                event.at(),
                null,
                0,
                event.line() == null ? 0 : 1,
                event.line() == null ? List.of() : List.of(event.line()),
                List.of(),
                List.of(),
                null,
                List.of(),
                event.forkOf());
    }

    /** Session at the top of the tree, as far as it is known. */
    public SessionId treeRoot() {
        if (root != null) {
            return root;
        }
        return parent == null ? id : parent;
    }

    public boolean closed() {
        return closedAt != null;
    }

    /** What the session is doing while the given number of turns run. */
    public SessionPhase phase(int runningTurns) {
        if (closed()) {
            return SessionPhase.CLOSED;
        }
        if (runningTurns > 0) {
            return SessionPhase.REASONING;
        }
        boolean acting = frontiers.stream().anyMatch(frontier -> frontier.live() && frontier.acting());
        return acting ? SessionPhase.ACTING : SessionPhase.IDLE;
    }

    /** How a prompt continues this session. */
    public FrontierMatch match(String model, int blockSizeTokens, List<PromptFingerprint> chain) {
        return FrontierMatch.find(frontiers, model, blockSizeTokens, chain);
    }

    /**
     * Records a turn's end. Empty when it is recorded already: a turn id is recorded once as completed, and once per other
     * outcome before that, so that a client may retry a cancelled or failed turn under its old id.
     *
     * @param busy frontiers on which other turns run now; they are not superseded
     */
    public Optional<TurnCompleted> complete(TurnResult result, Set<Integer> busy) {
        return TurnEnds.complete(this, result, busy);
    }

    /** Whether the answers to a turn's request that have ended are all complete, each by its latest end. */
    public boolean answered(TurnId turn) {
        Map<TurnId, TurnOutcome> latest = new HashMap<>();
        turns.stream()
                .filter(other -> other.id().firstChoice().equals(turn.firstChoice()))
                .forEach(other -> latest.put(other.id(), other.outcome()));
        return latest.values().stream().allMatch(outcome -> outcome == TurnOutcome.COMPLETED);
    }

    /** Records a turn of which only the beginning is known. */
    public TurnCompleted lost(TurnId turn, FrontierMatch match, Instant startedAt, Instant noticedAt) {
        return TurnEnds.lost(this, turn, match, startedAt, noticedAt);
    }

    /** Links a child; empty when it is linked already. */
    public Optional<ChildLinked> link(SessionId child, Instant at) {
        return children.contains(child) ? Optional.empty() : Optional.of(new ChildLinked(child, at));
    }

    /**
     * Takes a better known place in the tree; empty when it is as known. A session that nobody named a parent for, because it was
     * opened by its child, takes the first one. Nobody is below itself, whatever clients say.
     *
     * @param spawner parent as it is said now, null when nothing is said
     * @param top root of the parent's tree, null when that was not asked
     */
    public Optional<RootLearned> place(@Nullable SessionId spawner, @Nullable SessionId top, Instant at) {
        boolean unplaced = parent == null && totalTurns == 0;
        SessionId newParent = unplaced && spawner != null && !spawner.equals(id) ? spawner : null;
        SessionId newRoot = top != null && !top.equals(id) ? top : newParent != null ? newParent : treeRoot();
        boolean known = newParent == null && newRoot.equals(treeRoot());
        return known ? Optional.empty() : Optional.of(new RootLearned(newParent, newRoot, at));
    }

    /** Closes the session; empty when it is closed already. */
    public Optional<SessionClosed> close(CloseReason reason, Instant at) {
        return closed() ? Optional.empty() : Optional.of(new SessionClosed(reason, at));
    }

    /** The state after an event. */
    public SessionState apply(SessionEvent event, SessionLimits limits) {
        if (event instanceof TurnCompleted ended) {
            return ended(ended, limits);
        }
        if (event instanceof ChildLinked linked) {
            return with(parent, root, closedAt, newest(children, linked.child(), limits.children()));
        }
        if (event instanceof Controlled controlled) {
            return controlled(controlled, limits);
        }
        if (event instanceof RootLearned learned) {
            return with(learned.parent() == null ? parent : learned.parent(), learned.root(), closedAt, children);
        }
        if (event instanceof SessionClosed over) {
            return with(parent, root, over.at(), children);
        }
        return opened((SessionOpened) event);
    }

    private SessionState with(
            @Nullable SessionId parent,
            @Nullable SessionId root,
            @Nullable Instant closedAt,
            List<SessionId> children) {
        return new SessionState(
                tenant,
                id,
                parent,
                openedAt,
                closedAt,
                totalTurns,
                nextFrontier,
                frontiers,
                turns,
                children,
                root,
                controls,
                forkOf);
    }

    private SessionState ended(TurnCompleted event, SessionLimits limits) {
        TurnRecord turn = event.turn();
        Advance advance = event.advance();
        return new SessionState(
                tenant,
                id,
                parent,
                openedAt,
                closedAt,
                turn.number(),
                advance == null ? nextFrontier : Math.max(nextFrontier, turn.frontier() + 1),
                advance == null ? frontiers : advanced(turn, advance, limits),
                newest(turns, turn, limits.turns()),
                children,
                root,
                controls,
                forkOf);
    }

    private SessionState controlled(Controlled event, SessionLimits limits) {
        KeptPoint kept = event.kept();
        List<Frontier> next = frontiers.stream()
                .map(line -> {
                    boolean about = event.frontiers().contains(line.id());
                    if (about && event.control() instanceof Control.Compact) {
                        return line.superseded();
                    }
                    return about && kept != null ? line.keeping(kept) : line;
                })
                .toList();
        return new SessionState(
                tenant,
                id,
                parent,
                openedAt,
                closedAt,
                totalTurns,
                nextFrontier,
                next,
                turns,
                children,
                root,
                event.request() == null ? controls : newest(controls, event, limits.controls()),
                forkOf);
    }

    private List<Frontier> advanced(TurnRecord turn, Advance advance, SessionLimits limits) {
        List<Frontier> next = new ArrayList<>();
        boolean known = false;
        for (Frontier frontier : frontiers) {
            if (frontier.id() == turn.frontier()) {
                next.add(frontier.advanced(turn, advance, limits.checkpoints()));
                known = true;
            } else {
                next.add(advance.superseded().contains(frontier.id()) ? frontier.superseded() : frontier);
            }
        }
        if (!known) {
            next.add(Frontier.open(turn, advance, origin(advance), limits.checkpoints()));
        }
        Comparator<Frontier> leastValuable =
                Comparator.comparing(Frontier::live).thenComparing(Frontier::lastTurn);
        while (next.size() > limits.frontiers()) {
            next.remove(next.stream().min(leastValuable).orElseThrow());
        }
        return next;
    }

    private @Nullable Frontier origin(Advance advance) {
        Fork fork = advance.fork();
        return fork == null
                ? null
                : frontiers.stream()
                        .filter(frontier -> frontier.id() == fork.frontier())
                        .findFirst()
                        .orElse(null);
    }

    private static <T> List<T> newest(List<T> list, T added, int limit) {
        List<T> all = Stream.concat(list.stream(), Stream.of(added)).toList();
        return all.subList(Math.max(0, all.size() - limit), all.size());
    }

    /** When the last turn ended, null before the first did. */
    public @Nullable Instant lastTurnAt() {
        return turns.isEmpty() ? null : turns.get(turns.size() - 1).endedAt();
    }
}
