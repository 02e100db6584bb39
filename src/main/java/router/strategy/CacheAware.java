package router.strategy;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Most overlap first; the shortest queue instead whenever the fleet is out of balance. Re-implemented from the SGLang
 * gateway's policy of this name in its form with KV events ({@code model_gateway/src/policies/cache_aware.rs}): balanced,
 * the order is (overlap blocks, fewest requests, smallest cache); the total of a worker is its rank, 0 is best.
 */
public final class CacheAware implements RoutingStrategy {
    static final String NAME = "cache-aware";
    private final Thresholds thresholds;

    /**
     * What counts as out of balance; any one suffices.
     *
     * @param overloadShare KV usage of the fullest worker above this, 0 to 1; 1 turns it off
     * @param spreadShare difference of KV usage between the fullest and the emptiest worker above this; 1 turns it off
     * @param spreadRequests difference of in-flight requests above this, together with {@code spreadRatio}
     * @param spreadRatio most requests above this multiple of the least
     */
    public record Thresholds(double overloadShare, double spreadShare, int spreadRequests, double spreadRatio) {
        public Thresholds {
            if (!(overloadShare >= 0 && spreadShare >= 0 && spreadRequests >= 0 && spreadRatio >= 1)) {
                throw new IllegalArgumentException("cache-aware thresholds are out of range: " + overloadShare + ", "
                        + spreadShare + ", " + spreadRequests + ", " + spreadRatio);
            }
        }
    }

    CacheAware(Thresholds thresholds) {
        this.thresholds = thresholds;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> terms() {
        return List.of("overlapBlocks", "requests", "residentBlocks", "outOfBalance");
    }

    @Override
    public Choice choose(TurnView turn, List<Candidate> candidates) {
        boolean outOfBalance = outOfBalance(candidates);
        Comparator<Candidate> byLoad = Comparator.comparingInt(Candidate::requests);
        Comparator<Candidate> order = outOfBalance
                ? byLoad
                : Comparator.<Candidate>comparingInt(
                                candidate -> -candidate.held().blocks())
                        .thenComparing(byLoad)
                        .thenComparingInt(CacheAware::residentBlocks);
        List<Integer> ranked = IntStream.range(0, candidates.size())
                .boxed()
                .sorted(Comparator.comparing(candidates::get, order))
                .toList();
        double[] totals = new double[candidates.size()];
        double[][] terms = new double[totals.length][];
        for (int rank = 0; rank < totals.length; rank++) {
            int index = ranked.get(rank);
            Candidate candidate = candidates.get(index);
            totals[index] = rank;
            terms[index] = new double[] {
                candidate.held().blocks(), candidate.requests(), residentBlocks(candidate), outOfBalance ? 1 : 0
            };
        }
        return new Choice(ranked.get(0), totals, terms);
    }

    private boolean outOfBalance(List<Candidate> candidates) {
        int most = 0;
        int least = Integer.MAX_VALUE;
        double fullest = 0;
        double emptiest = 1;
        for (Candidate candidate : candidates) {
            most = Math.max(most, candidate.requests());
            least = Math.min(least, candidate.requests());
            double usage = candidate.load().deviceBlocksUsed()
                    / (double) Math.max(1, candidate.load().deviceBlocksTotal());
            fullest = Math.max(fullest, usage);
            emptiest = Math.min(emptiest, usage);
        }
        return fullest > thresholds.overloadShare
                || fullest - emptiest > thresholds.spreadShare
                || (most - least > thresholds.spreadRequests && most > thresholds.spreadRatio * least);
    }

    private static int residentBlocks(Candidate candidate) {
        return candidate.load().deviceBlocksUsed() + candidate.load().deviceBlocksCached();
    }
}
