package replay;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongSupplier;
import replay.trace.Trace;
import router.placement.PlacementSettings;

/**
 * Replay of a trace under pairs of a routing strategy and a retention policy, each over a fleet of its own in virtual time. Same inputs, same
 * figures, however many run at once; only decision times are the wall clock's.
 *
 * <p>Thread-safety: immutable.
 *
 * @param placement production's settings; policies, seed and timing are replaced, and no turn is refused for waiting
 * @param retention production's settings; the policy is replaced
 * @param logged whether decisions are logged
 * @param nanoClock wall clock that times decisions
 */
public record OfflineReplay(
        Trace trace,
        ReplaySettings settings,
        PlacementSettings placement,
        RetentionRules retention,
        boolean logged,
        LongSupplier nanoClock) {

    /**
     * Runs every pair.
     *
     * @param retentions names of retention policies
     * @param atOnce pairs that run in parallel, at least 1
     * @param onTurnEnded called for each ended turn of each pair, by any thread
     * @throws IllegalArgumentException for an unknown policy or a block size that the trace cannot give
     */
    public Comparison run(List<String> strategies, List<String> retentions, int atOnce, Runnable onTurnEnded)
            throws InterruptedException {
        strategies.forEach(name -> KnownNames.checkStrategy(name, placement));
        retentions.forEach(name -> KnownNames.checkRetention(name, retention));
        Prompts prompts = new Prompts(trace, settings.blockSizeTokens());
        ExecutorService threads = Executors.newFixedThreadPool(atOnce);
        try {
            List<Future<PolicyOutcome>> started = new ArrayList<>();
            for (String retained : retentions) {
                for (String strategy : strategies) {
                    // Its fleet is made when it begins: those of all pairs at once would fill gigabytes.
                    started.add(threads.submit(() -> run(prompts, strategy, retained, onTurnEnded)));
                }
            }
            List<PolicyOutcome> outcomes = new ArrayList<>();
            for (Future<PolicyOutcome> outcome : started) {
                outcomes.add(outcome.get());
            }
            return Comparison.of(
                    trace,
                    settings.blockSizeTokens(),
                    settings.workers(),
                    settings.seed(),
                    conditions(),
                    outcomes,
                    List.of("prompt and answer are larger than a worker's " + settings.blocksPerWorker()
                            + " blocks (--blocks-per-worker)"));
        } catch (ExecutionException e) {
            throw new IllegalStateException("a policy's run failed", e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }

    private PolicyOutcome run(Prompts prompts, String strategy, String retained, Runnable onTurnEnded) {
        PlacementSettings own = placement
                .with(strategy, retained, settings.seed(), settings.timingModel())
                .patient();
        return new PolicyRun(trace, prompts, settings, own, retention.with(retained), logged, nanoClock, onTurnEnded)
                .run();
    }

    /** Links are as configured: the timing's speed-up comes on top of them, as it does for passes. */
    private List<Comparison.Condition> conditions() {
        return List.of(
                new Comparison.Condition("mode", "offline"),
                new Comparison.Condition("timing", settings.timing()),
                new Comparison.Condition("timingSpeedup", settings.timingModel().speedup()),
                new Comparison.Condition("blockSizeTokens", settings.blockSizeTokens()),
                new Comparison.Condition("blocksPerWorker", settings.blocksPerWorker()),
                new Comparison.Condition("hostBlocksPerWorker", settings.hostBlocksPerWorker()),
                new Comparison.Condition("diskBlocksPerWorker", settings.diskBlocksPerWorker()),
                new Comparison.Condition("remoteBlocks", settings.remoteBlocks()),
                new Comparison.Condition("pulls", settings.pulls()),
                new Comparison.Condition(
                        "linkBytesPerToken", placement.transfers().bytesPerToken()),
                new Comparison.Condition(
                        "hostBytesPerSecond", (long) placement.transfers().hostBytesPerSecond()),
                new Comparison.Condition(
                        "diskBytesPerSecond", (long) placement.transfers().diskBytesPerSecond()),
                new Comparison.Condition(
                        "networkBytesPerSecond", (long) placement.transfers().networkBytesPerSecond()),
                new Comparison.Condition("maxSequences", settings.maxSequences()),
                new Comparison.Condition("maxBatchedTokens", settings.maxBatchedTokens()),
                new Comparison.Condition("load", trace.arrivals() ? "recorded arrivals" : "closed loop"),
                new Comparison.Condition("sessions", trace.arrivals() ? 0 : settings.sessions()),
                new Comparison.Condition("gapCapSeconds", settings.gapCapSeconds()),
                new Comparison.Condition("eventDelayMillis", settings.eventDelayMillis()),
                new Comparison.Condition("loadIntervalMillis", settings.loadIntervalMillis()),
                new Comparison.Condition("controlDelayMillis", settings.controlDelayMillis()),
                new Comparison.Condition("holdBudgetShare", retention.budgetShare()),
                new Comparison.Condition("expectedOutputTokens", settings.expectedOutputTokens()),
                new Comparison.Condition(
                        "queuePolicy", placement.queue().policy().name()),
                new Comparison.Condition(
                        "slackSecondsPerToken", placement.queue().slackSecondsPerToken()),
                new Comparison.Condition(
                        "busyResidentShare", String.valueOf(placement.busy().residentShare())),
                new Comparison.Condition(
                        "busyPrefillFactor", String.valueOf(placement.busy().prefillFactor())));
    }
}
