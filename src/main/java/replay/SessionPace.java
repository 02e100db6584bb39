package replay;

import java.util.Arrays;
import replay.trace.Trace;
import replay.trace.TracedTurn;

/**
 * When turns start: at their recorded arrival, or, with a number of sessions kept running, after the turns they wait for.
 * A new session starts at the instant another one ends, in the order of the trace.
 *
 * <p>Thread-safety: confined to its run.
 */
public final class SessionPace {
    private static final double MILLIS_PER_SECOND = 1000;
    private final Trace trace;
    private final double gapCapMillis;
    private final Starter starter;
    /** Turns that wait for a turn: {@code followers[from[i]] … followers[from[i + 1] - 1]} wait for turn i. */
    private final int[] from;

    private final int[] followers;
    private final int[] waitsFor;
    private final double[] readyMillis;
    private final double[] startMillis;
    private final int[] turnsLeft;
    private final double[] sessionStartMillis;
    private final double[] sessionSeconds;
    private int nextSession;

    /** Who starts a turn at a time that is not in the past. */
    public interface Starter {
        void start(int turn, double atMillis);
    }

    /** A pace that has not begun; {@code gapCapSeconds} cuts longer recorded pauses. */
    public SessionPace(Trace trace, double gapCapSeconds, Starter starter) {
        this.trace = trace;
        this.gapCapMillis = gapCapSeconds * MILLIS_PER_SECOND;
        this.starter = starter;
        int turns = trace.turns().size();
        int sessions = trace.sessionNames().size();
        from = new int[turns + 1];
        waitsFor = new int[turns];
        readyMillis = new double[turns];
        startMillis = new double[turns];
        turnsLeft = new int[sessions];
        sessionStartMillis = new double[sessions];
        sessionSeconds = new double[sessions];
        Arrays.fill(sessionSeconds, Double.NaN);
        for (int i = 0; i < turns; i++) {
            TracedTurn turn = trace.turns().get(i);
            turnsLeft[turn.session()]++;
            waitsFor[i] = turn.after().length;
            for (int awaited : turn.after()) {
                from[awaited + 1]++;
            }
        }
        for (int i = 0; i < turns; i++) {
            from[i + 1] += from[i];
        }
        followers = new int[from[turns]];
        int[] at = from.clone();
        for (int i = 0; i < turns; i++) {
            for (int awaited : trace.turns().get(i).after()) {
                followers[at[awaited]++] = i;
            }
        }
    }

    /** Starts the load. */
    public void begin(int sessionsAtOnce) {
        if (trace.arrivals()) {
            for (int i = 0; i < waitsFor.length; i++) {
                start(i, trace.turns().get(i).arrivalSeconds() * MILLIS_PER_SECOND);
            }
            return;
        }
        for (int i = 0; i < sessionsAtOnce; i++) {
            beginNextSession(0);
        }
    }

    /** A turn has ended, well or not. */
    public void ended(int turn, double nowMillis) {
        for (int i = from[turn]; i < from[turn + 1]; i++) {
            int follower = followers[i];
            TracedTurn next = trace.turns().get(follower);
            double ready = nowMillis + Math.min(next.delaySeconds() * MILLIS_PER_SECOND, gapCapMillis);
            readyMillis[follower] = Math.max(readyMillis[follower], ready);
            if (--waitsFor[follower] == 0) {
                double spacing = Math.min(next.spacingSeconds() * MILLIS_PER_SECOND, gapCapMillis);
                start(follower, Math.max(readyMillis[follower], startMillis[next.after()[0]] + spacing));
            }
        }
        int session = trace.turns().get(turn).session();
        if (--turnsLeft[session] == 0) {
            sessionSeconds[session] = (nowMillis - sessionStartMillis[session]) / MILLIS_PER_SECOND;
            if (!trace.arrivals()) {
                beginNextSession(nowMillis);
            }
        }
    }

    /** How long each session took, from its first turn's start to its last turn's end; NaN for one without turns. */
    public double[] sessionSeconds() {
        return sessionSeconds;
    }

    private void beginNextSession(double nowMillis) {
        while (nextSession < turnsLeft.length && turnsLeft[nextSession] == 0) {
            nextSession++;
        }
        if (nextSession == turnsLeft.length) {
            return;
        }
        int session = nextSession++;
        sessionStartMillis[session] = nowMillis;
        for (int i = 0; i < waitsFor.length; i++) {
            TracedTurn turn = trace.turns().get(i);
            if (turn.session() == session && turn.after().length == 0) {
                start(i, nowMillis);
            }
        }
    }

    private void start(int turn, double atMillis) {
        startMillis[turn] = atMillis;
        if (trace.arrivals()) {
            sessionStartMillis[trace.turns().get(turn).session()] = atMillis;
        }
        starter.start(turn, atMillis);
    }
}
