package router.strategy;

import java.util.List;
import workers.status.ColderTiers;
import workers.status.TimingModel;
import workers.status.TransferModel;

/**
 * Expected milliseconds that a placement costs the whole fleet, this turn and its neighbours alike; the least wins.
 *
 * <p>Every term is a time, so none needs a weight against another:
 * <ul>
 *   <li><b>wait</b>: until the prefills queued there are done, or until enough running turns end for this one to fit into
 *       memory, whichever is longer;
 *   <li><b>prefill</b>: of the tokens that are not cached there, chunk by chunk;
 *   <li><b>load</b>: of what is counted as cached but is not on the device: from a colder tier, a stored copy or another worker;
 *   <li><b>interference</b>: that prefill again for each turn decoding there, which stands still meanwhile, scaled by
 *       {@link Settings#interference}, and for those that will come while the worker has this and all else to prefill:
 *       {@link Settings#crowding} times the share of its recent time that it prefilled;
 *   <li><b>eviction</b>: prefill of the cached blocks that this turn would push out, times the chance that they are needed
 *       again. A block pushed out after a long residence is unlikely to be: the chance is
 *       {@code horizon / (horizon + residence)}, the residence being the cache's blocks over the recent rate of new ones. Blocks
 *       held for other sessions go last, and are sure to be needed: somebody has said so. Where tiers below the device catch what
 *       it drops, that is needed again for a load, and for a prefill only with the chance after a residence in all of them. In an
 *       engine of private slots a turn takes over, once all are taken, one of them with the conversation in it, which would have to do
 *       the same to come back.
 * </ul>
 *
 * <p>Who decodes now must not be all that interference counts. A worker that thrashes is short of turns that decode, because they
 * wait for their prefills; to the cold turn it would look the cheapest, and thrash more.
 *
 * <p>Left out on purpose: how fast the answer decodes there. Which worker is the emptiest changes within one answer, and a
 * session that follows it leaves copies of its context behind on every worker.
 *
 * <p>The eviction term is what tells two workers without overlap apart, and what makes moving a session cost more than its
 * own prefill when memory is short: its new home must drop somebody else's blocks.
 */
public final class Joint implements RoutingStrategy {
    static final String NAME = "joint";
    private final Settings settings;
    private final TimingModel timing;
    private final TransferModel transfers;

    /**
     * The strategy's parameters.
     *
     * @param interference share of a prefill's time that each decoding neighbour is held up, 0 to 1
     * @param crowding turns that a worker which does nothing but prefill is taken to hold up, besides those decoding; 0 or more
     * @param reuseHorizonSeconds residence after which an evicted block is needed again with chance one half
     */
    public record Settings(double interference, double crowding, double reuseHorizonSeconds) {
        public Settings {
            if (!(interference >= 0 && interference <= 1 && crowding >= 0 && reuseHorizonSeconds > 0)) {
                throw new IllegalArgumentException("joint settings are out of range: " + interference + ", " + crowding
                        + ", " + reuseHorizonSeconds + " s");
            }
        }
    }

    /** @param transfers at the speed of {@code timing} */
    Joint(Settings settings, TimingModel timing, TransferModel transfers) {
        this.settings = settings;
        this.timing = timing;
        this.transfers = transfers;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> terms() {
        return List.of("waitMillis", "prefillMillis", "loadMillis", "interferenceMillis", "evictionMillis");
    }

    @Override
    public boolean waitsForItsChoice() {
        return true;
    }

    @Override
    public boolean waitsForSiblings() {
        return true;
    }

    @Override
    public Choice choose(TurnView turn, List<Candidate> candidates) {
        double[] totals = new double[candidates.size()];
        double[][] terms = new double[totals.length][];
        for (int i = 0; i < totals.length; i++) {
            terms[i] = terms(turn, candidates.get(i));
            for (double term : terms[i]) {
                totals[i] += term;
            }
        }
        return Choice.least(totals, terms);
    }

    private double[] terms(TurnView turn, Candidate candidate) {
        int cached = candidate.cachedTokens(turn);
        double prefill = prefillMillis(timing, turn.inputTokens() - cached, cached, candidate);
        int decoding = Math.max(0, candidate.requests() - candidate.activity().prefillingRequests());
        return new double[] {
            Math.max(candidate.activity().prefillMillis(), memoryWaitMillis(turn, candidate)),
            prefill,
            candidate.kept().loadMillis(),
            prefill
                    * (settings.interference * decoding
                            + settings.crowding * candidate.activity().prefillShare()),
            evictionMillis(turn, candidate)
        };
    }

    /** Prefill of {@code newTokens} behind {@code cached} ones, in as many passes as the worker's batch budget needs. */
    private static double prefillMillis(TimingModel timing, int newTokens, int cached, Candidate candidate) {
        int budget = candidate.facts().maxBatchedTokens();
        int passes = (newTokens + budget - 1) / budget;
        return passes * timing.passMillis() + timing.prefillMillis(newTokens, cached);
    }

    /**
     * Time until running turns, which end at an even pace over the time of a decode, have freed what this turn lacks. What is kept
     * for sessions that are away is as good as used: they come back.
     */
    private double memoryWaitMillis(TurnView turn, Candidate candidate) {
        int capacity = candidate.facts().deviceBlocks();
        int used = candidate.usedBlocks() + candidate.activity().claimedBlocks();
        int lacking = used + candidate.activity().newBlocks() + turn.outputBlocks() - capacity;
        if (lacking <= 0 || used == 0) {
            return 0;
        }
        double turnover =
                turn.expectedOutputTokens() * timing.decodeMillis((double) Math.min(used, capacity) / capacity);
        return turnover * lacking / used;
    }

    private double evictionMillis(TurnView turn, Candidate candidate) {
        if (candidate.facts().capabilities().privateSlots() > 0) {
            return rebuildMillis(turn, conversationInSeat(candidate));
        }
        int evicted = evictedFromPool(turn, candidate);
        if (evicted == 0) {
            return 0;
        }
        int held = candidate.heldForOthers();
        int free = Math.max(0, candidate.load().deviceBlocksCached() - held);
        int promised = Math.min(held, Math.max(0, evicted - free));
        int idle = Math.max(1, candidate.facts().deviceBlocks() - candidate.usedBlocks() - held);
        double soon = chanceOfReturn(idle, candidate);
        double late = chanceOfReturn(idle + colderBlocks(candidate), candidate);
        return late * rebuildMillis(turn, evicted - promised)
                + (soon - late) * returnMillis(turn, evicted - promised, candidate)
                + returnMillis(turn, promised, candidate);
    }

    /** Chance that what leaves a memory of so many blocks, filled at the worker's rate, is needed again. */
    private double chanceOfReturn(int blocks, Candidate candidate) {
        double residenceSeconds = blocks / Math.max(1e-9, candidate.activity().allocatedBlocksPerSecond());
        return settings.reuseHorizonSeconds / (settings.reuseHorizonSeconds + residenceSeconds);
    }

    private static int colderBlocks(Candidate candidate) {
        ColderTiers tiers = candidate.facts().capabilities().tiers();
        return tiers.hostBlocks() + tiers.diskBlocks();
    }

    /** What having blocks again takes that the device drops: a load where a tier below it catches them, or a prefill. */
    private double returnMillis(TurnView turn, int blocks, Candidate candidate) {
        long tokens = (long) blocks * turn.blockSizeTokens();
        double load =
                transfers.reloadMillis(tokens, candidate.facts().capabilities().tiers());
        return Math.min(load, rebuildMillis(turn, blocks));
    }

    private static int evictedFromPool(TurnView turn, Candidate candidate) {
        int resident = candidate.usedBlocks() + candidate.load().deviceBlocksCached();
        int filled =
                turn.promptBlocks() + turn.outputBlocks() - candidate.held().device();
        return Math.max(
                0, Math.min(filled, resident + filled - candidate.facts().deviceBlocks()));
    }

    /** Blocks of the average conversation that has to leave its slot for this turn; 0 when one is empty or the turn's own. */
    private static int conversationInSeat(Candidate candidate) {
        int taken = Math.max(candidate.load().seatsTaken(), candidate.requests());
        int idle = taken - candidate.requests();
        boolean own = candidate.kept().held() > 0;
        return own || idle <= 0 || taken < candidate.facts().capabilities().privateSlots()
                ? 0
                : candidate.load().deviceBlocksCached() / idle;
    }

    /** Prefill of evicted blocks, as deep in their prompts as this turn's end is in its own. */
    private double rebuildMillis(TurnView turn, int blocks) {
        int tokens = blocks * turn.blockSizeTokens();
        return timing.prefillMillis(tokens, Math.max(0, turn.inputTokens() - tokens));
    }
}
