package router;

import inference.TurnId;
import java.time.Duration;
import java.util.List;
import kv.Incarnation;
import kv.PrefixIndex;
import kv.PromptBlocks;
import kv.WorkerId;
import router.placement.KeptPrefix;
import router.placement.PauseSettings;
import router.placement.PlacementSettings;
import router.placement.Placer;
import router.placement.RouteRequest;
import router.queue.BusyThreshold;
import router.queue.QueuePolicy;
import router.queue.QueueSettings;
import testkit.PublishedStrategies;
import testkit.Transfers;
import workers.status.AnswerExtras;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.TimingModel;

/** What the tests of the router's actors share. */
final class RouterFixture {
    static final WorkerId A = new WorkerId("http://a");
    static final WorkerId B = new WorkerId("http://b");
    static final Incarnation LIFE = new Incarnation(1, 1);
    static final EngineFacts ONE_SLOT =
            new EngineFacts(List.of("m"), 16, 100, 8192, 1, 10_000, EngineCapabilities.NONE);
    static final Duration MAX_WAIT = Duration.ofSeconds(30);

    private RouterFixture() {}

    static Placer placer(PrefixIndex index) {
        return new Placer(
                index,
                new PlacementSettings(
                        "least-loaded",
                        1,
                        PublishedStrategies.SETTINGS,
                        new QueueSettings(QueuePolicy.FCFS, 0.001, 10, MAX_WAIT, Duration.ofSeconds(10)),
                        new BusyThreshold(1, 1),
                        TimingModel.MEASURED,
                        Transfers.MODEL,
                        Duration.ofSeconds(10),
                        new PauseSettings("none", 1, Duration.ZERO, 3, 1.5),
                        60));
    }

    static RouteRequest request(String turn, int strictPriority, long... chain) {
        PromptBlocks blocks = PromptBlocks.of(16, chain);
        return new RouteRequest(
                new TurnId(turn),
                "m",
                5,
                blocks,
                blocks.tokens() + 3,
                20,
                0,
                strictPriority,
                null,
                0,
                KeptPrefix.NOTHING,
                AnswerExtras.NONE,
                RouteRequest.NOBODY);
    }
}
