package router.placement;

import inference.TurnId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.status.EngineFacts;

/**
 * Runs no more sessions than engines have room for, and pauses the others between two turns. A session is reasoning while it has a turn
 * here and acting in between; active or paused in either. Every 5 s:
 * <ol>
 *   <li>Paused sessions are resumed into the room below 85 % of the workers' memory: those that wait with a turn, then those that wait
 *       with their first, then acting ones, the smallest first.
 *   <li>A worker whose active sessions fill 95 % of its memory pauses some until they fill 80 %: the smallest acting ones at once; when
 *       these do not do, the smallest reasoning ones as soon as their turn is over.
 * </ol>
 *
 * A session's size is its prompt and expected answer plus 100 tokens. When the room to resume into is measured, an acting one's fades by
 * half each second. A new session waits behind paused ones that wait, and when there is no room. After 1800 s a turn waits no longer.
 *
 * <p>Re-implemented from the ThunderAgent paper and {@code ThunderAgent/scheduler/router.py}. Differences: nobody tells when a session is
 * over, so acting ones are forgotten after 1800 s, and new sessions do not wait behind paused ones without a turn; prompts that sessions
 * share count for each; where a resumed session runs is the placement strategy's business; the published demotion between 80 % and 95 %
 * only changes a priority that the published queue ignores (inferred), and is left out. Every router accounts for its own sessions.
 *
 * @see <a href="https://arxiv.org/abs/2602.13692">ThunderAgent</a>
 */
final class PauseResume implements PausePolicy {
    private static final long TICK_NANOS = 5_000_000_000L;
    private static final Duration FORCED_AFTER = Duration.ofMinutes(30);
    private static final double PAUSE_ABOVE = 0.95;
    private static final double PAUSE_DOWN_TO = 0.80;
    private static final double RESUME_BELOW = 0.85;
    private static final int TOKENS_PER_SESSION = 100;
    private static final double HALF_LIFE_NANOS = 1e9;

    /** In the order in which they came. */
    private final Map<Long, Program> programs = new LinkedHashMap<>();

    private final Map<TurnId, Program> turns = new HashMap<>();
    private final Map<WorkerId, Long> capacityTokens = new LinkedHashMap<>();
    private long lastTickNanos = Long.MIN_VALUE;

    /** A session; {@code sinceNanos} is when it began to wait or to act. */
    private static final class Program {
        private final long affinity;
        private @Nullable WorkerId worker;
        private long tokens;
        private int openTurns;
        private int steps;
        private boolean waiting;
        private boolean paused;
        private boolean marked;
        private long sinceNanos;

        Program(long affinity) {
            this.affinity = affinity;
        }

        boolean acting() {
            return openTurns == 0;
        }

        boolean waitedTooLong(long nowNanos) {
            return waiting && nowNanos - sinceNanos >= FORCED_AFTER.toNanos();
        }

        /** Those that wait with a turn first, then those that wait with their first, then acting ones. */
        int resumeGroup() {
            return !waiting ? 2 : steps == 0 ? 1 : 0;
        }
    }

    @Override
    public boolean admits(RouteRequest turn, Room room, Duration waited, long nowNanos) {
        Program program = programs.get(turn.affinity());
        return program == null || !program.paused || waited.compareTo(FORCED_AFTER) >= 0;
    }

    @Override
    public void arrived(RouteRequest turn, long nowNanos) {
        boolean known = programs.containsKey(turn.affinity());
        boolean waitsBehind = !known && programs.values().stream().anyMatch(other -> other.paused && other.waiting);
        Program program = programs.computeIfAbsent(turn.affinity(), Program::new);
        long tokens = turn.inputTokens() + (long) turn.expectedOutputTokens() + TOKENS_PER_SESSION;
        if (!known) {
            program.paused = !capacityTokens.isEmpty() && (waitsBehind || room(nowNanos) < tokens);
        }
        program.tokens = tokens;
        program.openTurns++;
        program.waiting = true;
        program.sinceNanos = nowNanos;
        turns.put(turn.turn(), program);
    }

    @Override
    public void placed(RouteRequest turn, Room room, long nowNanos) {
        EngineFacts facts = room.facts();
        capacityTokens.put(room.worker(), (long) facts.deviceBlocks() * facts.blockSizeTokens());
        Program program = turns.get(turn.turn());
        if (program != null) {
            program.worker = room.worker();
            program.steps++;
            program.waiting = false;
            program.paused = false;
        }
        tick(nowNanos);
    }

    @Override
    public void ended(TurnId turn, boolean callsTools, long nowNanos) {
        Program program = turns.remove(turn);
        if (program == null) {
            return;
        }
        program.openTurns--;
        if (program.acting()) {
            program.waiting = false;
            program.sinceNanos = nowNanos;
            program.paused |= program.marked;
            program.marked = false;
            if (program.steps == 0) {
                programs.remove(program.affinity);
            }
        }
    }

    @Override
    public boolean tick(long nowNanos) {
        if (lastTickNanos != Long.MIN_VALUE && nowNanos - lastTickNanos < TICK_NANOS) {
            return false;
        }
        lastTickNanos = nowNanos;
        programs.values()
                .removeIf(program -> program.acting() && nowNanos - program.sinceNanos >= FORCED_AFTER.toNanos());
        boolean resumed = resume(nowNanos);
        capacityTokens.forEach(this::pause);
        return resumed;
    }

    private boolean resume(long nowNanos) {
        List<Program> paused = new ArrayList<>(programs.values());
        paused.removeIf(program -> !program.paused);
        paused.sort(Comparator.comparingInt(Program::resumeGroup).thenComparingLong(program -> program.tokens));
        double room = room(nowNanos);
        boolean resumed = false;
        for (Program program : paused) {
            if (program.tokens <= room || program.waitedTooLong(nowNanos)) {
                program.paused = false;
                room -= program.tokens;
                resumed = true;
            }
        }
        return resumed;
    }

    private void pause(WorkerId worker, long capacity) {
        List<Program> active = new ArrayList<>(programs.values());
        active.removeIf(program -> program.paused || program.marked || !worker.equals(program.worker));
        double used = active.stream().mapToLong(program -> program.tokens).sum();
        if (used < PAUSE_ABOVE * capacity) {
            return;
        }
        active.sort(Comparator.<Program, Boolean>comparing(program -> !program.acting())
                .thenComparingLong(program -> program.tokens));
        for (Program program : active) {
            if (used < PAUSE_DOWN_TO * capacity) {
                return;
            }
            used -= program.tokens;
            program.paused = program.acting();
            program.marked = !program.acting();
        }
    }

    /** Tokens that may be resumed on all workers together. */
    private double room(long nowNanos) {
        Map<WorkerId, Double> rooms = new HashMap<>();
        capacityTokens.forEach((worker, capacity) -> rooms.put(worker, RESUME_BELOW * capacity));
        double unplaced = 0;
        for (Program program : programs.values()) {
            if (program.paused) {
                continue;
            }
            double fading =
                    program.acting() ? StrictMath.pow(2, -(nowNanos - program.sinceNanos) / HALF_LIFE_NANOS) : 1;
            WorkerId worker = program.worker;
            if (worker == null) {
                unplaced += program.tokens;
            } else {
                rooms.merge(worker, -program.tokens * fading, Double::sum);
            }
        }
        double room = 0;
        for (WorkerId worker : capacityTokens.keySet()) {
            room += Math.max(0, rooms.getOrDefault(worker, 0.0));
        }
        return room - unplaced;
    }
}
