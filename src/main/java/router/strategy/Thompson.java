package router.strategy;

import inference.TurnId;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * Contextual Thompson sampling: each worker's chance to be chosen follows what it has lately paid off in like situations.
 * Re-implemented from NVIDIA/NeMo-Agent-Toolkit, {@code external/dynamo/components/router.py} (read at f99e7522) with the values of
 * its {@code config.yaml}:
 *
 * <pre>
 * score = (θ·x + 0.10/(1 + reuse·iat) · Beta(α, β)
 *          + (0.30 + 0.08·reuse + 0.20·iat)(0.5 + 0.5·overlap)   if the session stays
 *          − (0.10 + 0.04·reuse + 0.03·iat))                     if it leaves
 *       · 1 / (1 + 1.0·memory + 1.5·queue + 0.45·work + 0.4·cost·memory + 0.2·cost·queue)
 * </pre>
 *
 * with θ from the worker's {@link BanditArm}, and the worker drawn from the softmax of the scores at temperature
 * {@code 1/(1 + reuse·iat)} within 0.15 to 2. {@code cost} is decode class plus uncached tokens / 1024, {@code work} the sum of reuse ·
 * cost · iat of the worker's sessions. The reward of a turn is {@code 1/(1 + latency / smoothed latency of like turns)}; a turn that fails
 * or is not over in time earns 0.
 *
 * <p>The published router is told by the client how often a session will be back (reuse), how soon (iat) and how long answers are. Here a
 * session is expected to have a configured number of turns and as many again once it has had them, it comes back at the middle pace (iat =
 * 1), and answers are classed by the expected output: below 256 tokens, below 1024, above (ours). Latency is of the whole turn, as published
 * for answers of unknown length. Each turn has random numbers of its own, so a turn that waits for its choice does not hold up
 * others.
 */
public final class Thompson implements RoutingStrategy {
    static final String NAME = "thompson";
    private static final int FEATURES = 9;
    private static final double NANOS_PER_MILLI = 1e6;
    /** Expected time between a session's turns: high is 1.5, middle 1, low 0.6; nobody tells. */
    private static final double PACE = 1;
    /** Random numbers that one candidate may use of a turn's. */
    private static final int DRAWS_PER_WORKER = 1 << 16;

    private final Settings settings;
    private final Draws draws;
    private final Map<WorkerId, BanditArm> arms = new HashMap<>();
    private final RewardBaselines baselines;
    private final RecentSessions<Session> sessions;
    /** Turns in flight in the order of their placement. */
    private final Map<TurnId, Pending> pending = new LinkedHashMap<>();

    /** A session's last worker, the turns still expected of it, and what they are expected to cost there. */
    private record Session(WorkerId worker, int turnsLeft, double work) {}

    private record Pending(WorkerId worker, double[] features, int decodeClass, int prefillClass, long placedNanos) {}

    /**
     * The strategy's parameters.
     *
     * @param exploration v: how far θ is drawn from its mean, 0 or more
     * @param forgetting γ: what is left of older rewards after another one, above 0 and at most 1
     * @param smoothing weight of the newest latency in the baselines, above 0 and at most 1
     * @param timeoutSeconds time after which a turn that is not over earns 0
     * @param expectedTurns turns that a session is expected to have
     * @param sessionSeconds time without a turn after which a session is forgotten
     */
    public record Settings(
            double exploration,
            double forgetting,
            double smoothing,
            double timeoutSeconds,
            int expectedTurns,
            double sessionSeconds) {
        public Settings {
            if (!(exploration >= 0
                    && forgetting > 0
                    && forgetting <= 1
                    && smoothing > 0
                    && smoothing <= 1
                    && timeoutSeconds > 0
                    && expectedTurns >= 1
                    && sessionSeconds > 0)) {
                throw new IllegalArgumentException("a parameter of thompson is out of range");
            }
        }
    }

    Thompson(Settings settings, long seed) {
        this.settings = settings;
        this.draws = new Draws(seed, NAME);
        this.baselines = new RewardBaselines(settings.smoothing);
        this.sessions = new RecentSessions<>(settings.sessionSeconds);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> terms() {
        return List.of("learnedScore", "explorationScore", "affinityScore", "loadFactor");
    }

    @Override
    public boolean lowerWins() {
        return false;
    }

    @Override
    public boolean waitsForItsChoice() {
        return true;
    }

    @Override
    public Choice choose(TurnView turn, List<Candidate> candidates) {
        Context context = context(turn);
        double[] totals = new double[candidates.size()];
        double[][] terms = new double[totals.length][];
        long row = turn.turn().value().hashCode();
        for (int i = 0; i < totals.length; i++) {
            Candidate candidate = candidates.get(i);
            double[] x = features(turn, candidate, context);
            BanditArm arm = arms.get(candidate.worker());
            BanditArm known = arm == null ? new BanditArm(FEATURES, settings.forgetting) : arm;
            BanditArm.Estimate estimate = known.estimate(x);
            Variates variates = new Variates(draws, row, i * DRAWS_PER_WORKER);
            double learned = estimate.mean() + settings.exploration * estimate.deviation() * variates.normal();
            double explored = 0.10 / (1 + context.reuse * PACE) * variates.beta(known.alpha(), known.beta());
            double affinity = affinity(turn, candidate, context);
            double load = loadFactor(turn, candidate, context);
            terms[i] = new double[] {learned, explored, affinity, load};
            totals[i] = (learned + explored + affinity) * load;
        }
        double temperature = Math.min(2, Math.max(0.15, 1 / (1 + context.reuse * PACE)));
        return Choice.softmax(totals, terms, temperature, draws.at(row, totals.length * DRAWS_PER_WORKER));
    }

    @Override
    public void taken(TurnView turn, Choice choice, List<Candidate> candidates) {
        punishLate(turn.nowNanos());
        Context context = context(turn);
        Candidate chosen = candidates.get(choice.index());
        double work = context.reuse * cost(turn, chosen) * PACE;
        pending.put(
                turn.turn(),
                new Pending(
                        chosen.worker(),
                        features(turn, chosen, context),
                        decodeClass(turn),
                        prefillClass(turn, chosen),
                        turn.nowNanos()));
        int turnsLeft = context.reuse == 0 ? settings.expectedTurns : context.reuse;
        sessions.put(turn.affinity(), new Session(chosen.worker(), turnsLeft, work), turn.nowNanos());
    }

    @Override
    public void ended(TurnId turn, boolean answered, long nowNanos) {
        punishLate(nowNanos);
        Pending over = pending.remove(turn);
        if (over != null) {
            double millis = (nowNanos - over.placedNanos) / NANOS_PER_MILLI;
            learn(over, answered ? baselines.reward(over.worker, over.decodeClass, over.prefillClass, millis) : 0);
        }
    }

    private void punishLate(long nowNanos) {
        Iterator<Pending> oldest = pending.values().iterator();
        while (oldest.hasNext()) {
            Pending late = oldest.next();
            if (nowNanos - late.placedNanos < settings.timeoutSeconds * 1e9) {
                return;
            }
            oldest.remove();
            learn(late, 0);
        }
    }

    private void learn(Pending over, double reward) {
        arms.computeIfAbsent(over.worker, worker -> new BanditArm(FEATURES, settings.forgetting))
                .learn(over.features, reward);
    }

    /** What a decision knows besides its candidates; {@code reuse} are the turns expected after this one. */
    private record Context(@Nullable WorkerId home, int reuse, Map<WorkerId, Double> work) {}

    private Context context(TurnView turn) {
        Session session = sessions.get(turn.affinity(), turn.nowNanos());
        Map<WorkerId, Double> work = new HashMap<>();
        for (Session other : sessions.values(turn.nowNanos())) {
            work.merge(other.worker, other.work, Double::sum);
        }
        int turnsLeft = session == null ? settings.expectedTurns : session.turnsLeft;
        return new Context(session == null ? null : session.worker, turnsLeft - 1, work);
    }

    private double[] features(TurnView turn, Candidate candidate, Context context) {
        return new double[] {
            1,
            1 / (1 + memory(candidate) + 1.5 * candidate.requests()),
            overlap(turn, candidate),
            candidate.worker().equals(context.home) ? 1 : 0,
            StrictMath.tanh(0.1 * work(candidate, context)),
            decodeClass(turn) / 3.0,
            StrictMath.tanh(prefill(turn, candidate)),
            PACE / 1.5,
            StrictMath.tanh(0.25 * context.reuse)
        };
    }

    private static double affinity(TurnView turn, Candidate candidate, Context context) {
        if (context.home == null || context.reuse == 0) {
            return 0;
        }
        return candidate.worker().equals(context.home)
                ? (0.30 + 0.08 * context.reuse + 0.20 * PACE) * (0.5 + 0.5 * overlap(turn, candidate))
                : -(0.10 + 0.04 * context.reuse + 0.03 * PACE);
    }

    private static double loadFactor(TurnView turn, Candidate candidate, Context context) {
        double memory = memory(candidate);
        int queue = candidate.requests();
        double cost = cost(turn, candidate);
        double factor = 1
                / (1
                        + memory
                        + 1.5 * queue
                        + 0.45 * work(candidate, context)
                        + 0.4 * cost * memory
                        + 0.2 * cost * queue);
        boolean stays = candidate.worker().equals(context.home) && context.reuse > 0;
        return stays ? Math.max(0.01, factor) : factor;
    }

    private static double work(Candidate candidate, Context context) {
        return Objects.requireNonNullElse(context.work.get(candidate.worker()), 0.0);
    }

    private static double cost(TurnView turn, Candidate candidate) {
        return decodeClass(turn) + prefill(turn, candidate);
    }

    private static double prefill(TurnView turn, Candidate candidate) {
        return (turn.inputTokens() - candidate.cachedTokens(turn)) / 1024.0;
    }

    private static double overlap(TurnView turn, Candidate candidate) {
        return (double) candidate.cachedTokens(turn) / Math.max(1, turn.inputTokens());
    }

    private static double memory(Candidate candidate) {
        return (double) candidate.load().deviceBlocksUsed()
                / Math.max(1, candidate.load().deviceBlocksTotal());
    }

    private static int decodeClass(TurnView turn) {
        return turn.expectedOutputTokens() < 256 ? 1 : turn.expectedOutputTokens() < 1024 ? 2 : 3;
    }

    private static int prefillClass(TurnView turn, Candidate candidate) {
        double prefill = prefill(turn, candidate);
        return prefill < 0.25 ? 1 : prefill < 0.75 ? 2 : 3;
    }
}
