package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;
import testkit.ToolSession;

/** Subagents that start together compute what they share once. */
class FanoutIT {
    private static final int TRIALS = 40;
    private static final int SIBLINGS = 8;
    private static final int SHARED_TOKENS = 30_000;

    @TempDir
    Path dataDir;

    @Test
    void eightSiblingsOnOneUncachedPrefixComputeItOnceInNineteenOfTwentyTrials() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(SIBLINGS);
        try (NodeProcess node = NodeProcess.start(dataDir, NodeProcess.freePort())) {
            List<Integer> computed = new ArrayList<>();
            for (int trial = 0; trial < TRIALS; trial++) {
                String shared = ToolSession.text("trial " + trial, SHARED_TOKENS);
                List<CompletableFuture<ToolSession.Prompt>> turns = new ArrayList<>();
                for (int i = 0; i < SIBLINGS; i++) {
                    ToolSession sibling = new ToolSession(shared, "I am " + i, 1);
                    turns.add(CompletableFuture.supplyAsync(() -> sibling.turn(node), threads));
                }
                computed.add((int) turns.stream()
                        .map(CompletableFuture::join)
                        .filter(prompt -> prompt.cached() < SHARED_TOKENS / 2)
                        .count());
            }
            long once = computed.stream().filter(prefills -> prefills == 1).count();
            assertTrue(once >= 0.95 * TRIALS, () -> "full prefills per trial: " + computed);
            assertEquals(0, node.interrupt());
        } finally {
            threads.shutdown();
        }
    }
}
