package router.strategy;

import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;

/**
 * A worker that could take one turn.
 *
 * <p>Thread-safety: immutable.
 *
 * @param load what the worker last said; late by its coalescing interval
 * @param held blocks of this turn's prompt that the worker's caches hold
 * @param kept what leases keep of the prompt for this worker
 * @param activity what this router has in flight there
 * @param busy whether the turn would have to wait before it may be sent there
 */
public record Candidate(
        WorkerId worker, EngineFacts facts, WorkerLoad load, Held held, Kept kept, Activity activity, boolean busy) {

    /**
     * Leading blocks of the prompt by the hottest tier that completes them: each count excludes the hotter ones.
     *
     * @param device blocks readable at once
     * @param remote blocks in storage shared by the fleet
     */
    public record Held(int device, int host, int disk, int remote) {
        /** Nothing of the prompt. */
        public static final Held NOTHING = new Held(0, 0, 0, 0);

        public int blocks() {
            return device + host + disk + remote;
        }
    }

    /**
     * What leases keep of the prompt, and what of it can be had without computing it.
     *
     * @param held leading blocks that the worker promised to keep for the turn's own session, or has in that session's slot
     * @param copied blocks beyond {@link Held} that a stored copy or another worker would bring
     * @param loadMillis time to bring them, and what lies in colder tiers, to the device
     * @param pullFrom the worker to take them from; null for a copy, or when there are none
     */
    public record Kept(int held, int copied, double loadMillis, @Nullable WorkerId pullFrom) {
        /** No lease is on any beginning of the prompt. */
        public static final Kept NOTHING = new Kept(0, 0, 0);

        /** Nothing comes from another worker. */
        public Kept(int held, int copied, double loadMillis) {
            this(held, copied, loadMillis, null);
        }
    }

    /**
     * In-flight work of this router on the worker, this turn excluded.
     *
     * @param requests turns placed and not over
     * @param prefillingRequests those of them without a first token
     * @param prefillTokens uncached prompt tokens of the prefilling ones
     * @param prefillMillis predicted time until the last of them is prefilled
     * @param blocks blocks of the turns in flight; a block shared by prompts counts once
     * @param newBlocks blocks that this turn would add to {@code blocks}
     * @param computingBlocks leading blocks of this turn's prompt that others' prefills there will have left when they are done
     * @param claimedBlocks kept free there for sessions that are away, see the router's pause policy
     * @param allocatedBlocksPerSecond recent rate of blocks that placed turns had to fill
     * @param prefillShare share of its recent time that the worker had to prefill this router's turns; above 1 when it fell behind
     */
    public record Activity(
            int requests,
            int prefillingRequests,
            long prefillTokens,
            double prefillMillis,
            int blocks,
            int newBlocks,
            int computingBlocks,
            int claimedBlocks,
            double allocatedBlocksPerSecond,
            double prefillShare) {
        /** Nothing runs and the turn shares nothing. */
        public static Activity idle(int newBlocks) {
            return new Activity(0, 0, 0, 0, 0, newBlocks, 0, 0, 0, 0);
        }
    }

    /** Turns in flight: this router's own, or more when the worker says so because other routers use it too. */
    public int requests() {
        return Math.max(activity.requests(), load.requests());
    }

    /** Blocks in use by turns in flight, by the larger of the router's and the worker's account. */
    public int usedBlocks() {
        return Math.max(activity.blocks(), load.deviceBlocksUsed());
    }

    /** Leading prompt tokens that need no prefill, loaded ones included. */
    public int cachedTokens(TurnView turn) {
        return Math.min((held.blocks() + kept.copied()) * turn.blockSizeTokens(), turn.inputTokens());
    }

    /** Blocks in the device's memory that are promised to others. */
    public int heldForOthers() {
        return Math.max(0, load.deviceBlocksHeld() - kept.held());
    }
}
