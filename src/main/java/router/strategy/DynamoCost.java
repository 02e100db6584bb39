package router.strategy;

import java.util.List;

/**
 * Prefill cost after overlap credit plus decode load, in blocks; the least wins and equal ones are drawn. Re-implemented
 * from the published selector and its tuning guide (ai-dynamo/dynamo, {@code lib/kv-router/src/scheduling/selector.rs} at
 * 01690d42, configuration-and-tuning guide at f6c16fe0):
 *
 * <pre>
 * rawPrefill = (prefill tokens in flight + input tokens) / B
 * decay      = 1 / (1 + k · (prefill tokens in flight − least over candidates) / B / request blocks)
 * credit     = device·decay·deviceBlocks + host·hostBlocks + disk·diskBlocks + shared·sharedBlocksBeyondDevice
 * prefill    = scale · max(0, rawPrefill − credit)
 * decode     = blocks in flight with this request's, shared prompt blocks once
 * cost       = prefill + decode + perRequest · requests
 * </pre>
 *
 * With a temperature above 0 the worker is drawn from the softmax of {@code −cost / ((max − min) · temperature)}. Of the
 * published formula it leaves out preferred taints (no worker here has any). There, a turn waits only while all workers are
 * busy, and then goes to its choice even if that one still is; here nothing is sent to a busy worker, so a turn waits for its
 * choice.
 */
public final class DynamoCost implements RoutingStrategy {
    static final String NAME = "dynamo-cost";
    private final Weights weights;
    private final Draws draws;

    /**
     * Weights of the cost.
     *
     * @param deviceCredit credit per overlapping device block
     * @param hostCredit credit per overlapping host block
     * @param diskCredit credit per overlapping disk block
     * @param sharedCredit credit per block in shared storage beyond the worker's own
     * @param prefillScale weight of the prefill cost against the decode cost
     * @param loadDecay how fast the device credit falls with prefill load; 0 for never
     * @param perRequest cost of each request in flight
     * @param temperature 0 for the least cost, above for a softmax draw
     */
    public record Weights(
            double deviceCredit,
            double hostCredit,
            double diskCredit,
            double sharedCredit,
            double prefillScale,
            double loadDecay,
            double perRequest,
            double temperature) {
        public Weights {
            double[] all = {
                deviceCredit, hostCredit, diskCredit, sharedCredit, prefillScale, loadDecay, perRequest, temperature
            };
            for (double weight : all) {
                if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
                    throw new IllegalArgumentException("a weight of dynamo-cost is finite and at least 0: " + weight);
                }
            }
        }

        /** Prefill in flight on the candidate with this turn's, less the credit for what it holds. */
        double prefillBlocks(TurnView turn, Candidate candidate, long leastPrefillTokens) {
            double blockSize = turn.blockSizeTokens();
            long inFlight = candidate.activity().prefillTokens();
            double excessBlocks = (inFlight - leastPrefillTokens) / blockSize;
            double decay = 1 / (1 + loadDecay * excessBlocks / Math.max(1, turn.promptBlocks()));
            Candidate.Held held = candidate.held();
            double credit = deviceCredit * decay * held.device()
                    + hostCredit * held.host()
                    + diskCredit * held.disk()
                    + sharedCredit * held.remote();
            double rawPrefill = (inFlight + turn.inputTokens()) / blockSize;
            return prefillScale * Math.max(0, rawPrefill - credit);
        }
    }

    DynamoCost(Weights weights, long seed) {
        this.weights = weights;
        this.draws = new Draws(seed, NAME);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> terms() {
        return List.of("prefillBlocks", "decodeBlocks", "requestBlocks");
    }

    @Override
    public boolean waitsForItsChoice() {
        return true;
    }

    @Override
    public Choice choose(TurnView turn, List<Candidate> candidates) {
        long leastPrefill = leastPrefillTokens(candidates);
        double[] totals = new double[candidates.size()];
        double[][] terms = new double[totals.length][];
        for (int i = 0; i < totals.length; i++) {
            Candidate candidate = candidates.get(i);
            Candidate.Activity activity = candidate.activity();
            double prefill = weights.prefillBlocks(turn, candidate, leastPrefill);
            double decode = activity.blocks() + activity.newBlocks();
            double requests = weights.perRequest * candidate.requests();
            terms[i] = new double[] {prefill, decode, requests};
            totals[i] = prefill + decode + requests;
        }
        return weights.temperature > 0 ? softmax(totals, terms) : Choice.leastAtRandom(totals, terms, draws.at(0));
    }

    @Override
    public void taken(TurnView turn, Choice choice, List<Candidate> candidates) {
        draws.next();
    }

    static long leastPrefillTokens(List<Candidate> candidates) {
        long least = Long.MAX_VALUE;
        for (Candidate candidate : candidates) {
            least = Math.min(least, candidate.activity().prefillTokens());
        }
        return least;
    }

    private Choice softmax(double[] totals, double[][] terms) {
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (double total : totals) {
            least = Math.min(least, total);
            most = Math.max(most, total);
        }
        double range = most > least ? (most - least) * weights.temperature : 1;
        return Choice.softmax(totals, terms, -range, draws.at(0));
    }
}
