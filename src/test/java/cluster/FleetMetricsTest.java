package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import kv.WorkerId;
import metrics.Metrics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import router.Router;
import workers.WorkerStatus;
import workers.status.CopyRoom;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

class FleetMetricsTest {
    private final Metrics metrics = new Metrics();
    private CompletionStage<List<WorkerStatus>> workers = CompletableFuture.completedStage(List.of());
    private CompletionStage<Router.Status> router = CompletableFuture.completedStage(new Router.Status(0, 0));
    private final FleetMetrics fleet = new FleetMetrics(metrics, () -> workers, () -> router);

    @Test
    void everyReadingShowsWhatWorkersAndRouterSayThen() {
        workers = CompletableFuture.completedStage(
                List.of(worker("http://a", WorkerState.READY, 1, 40), worker("http://b", WorkerState.JOINING, 0, 0)));
        router = CompletableFuture.completedStage(new Router.Status(1, 7));
        assertEquals(
                List.of(
                        "holdfast_route_queue_waiting 7.0",
                        "holdfast_worker_blocks{state=\"used\",worker=\"http://a\"} 40.0",
                        "holdfast_worker_requests{state=\"running\",worker=\"http://a\"} 1.0",
                        "holdfast_worker_up{worker=\"http://a\"} 1.0",
                        "holdfast_worker_up{worker=\"http://b\"} 0.0"),
                lines("waiting 7", "used\",worker=\"http://a", "running\",worker=\"http://a", "up{")
                        .toList());

        workers = CompletableFuture.completedStage(List.of(worker("http://a", WorkerState.UNREACHABLE, 0, 3)));
        assertEquals(
                List.of(
                        "holdfast_worker_blocks{state=\"used\",worker=\"http://a\"} 3.0",
                        "holdfast_worker_up{worker=\"http://a\"} 0.0"),
                lines("used\",worker=\"http://a", "up{worker=\"http://a").toList());
    }

    @Test
    void whatCopiesTakeIsShownOfWorkersThatCopyAndStaysWhileTheySayNothing() {
        workers = CompletableFuture.completedStage(List.of(worker("http://a", null), worker("http://b", null)));
        assertEquals(List.of(), lines("copies").toList());
        workers = CompletableFuture.completedStage(
                List.of(worker("http://a", new CopyRoom(30, 5L << 40)), worker("http://b", null)));
        lines("copies");
        workers = CompletableFuture.completedStage(List.of(worker("http://a", new CopyRoom(70, 5L << 40))));
        List<String> both = List.of(
                "holdfast_worker_copies_bytes{state=\"budget\",worker=\"http://a\"} 5.49755813888E12",
                "holdfast_worker_copies_bytes{state=\"taken\",worker=\"http://a\"} 70.0");
        assertEquals(both, lines("copies").toList());
        workers = CompletableFuture.completedStage(List.of(worker("http://a", null)));
        assertEquals(both, lines("copies").toList());
    }

    @Test
    void aRouterThatDoesNotAnswerHidesNothingElse() {
        router = CompletableFuture.failedStage(new IllegalStateException("silent"));
        workers = CompletableFuture.completedStage(List.of(worker("http://a", WorkerState.READY, 1, 40)));
        assertTrue(lines("up{worker=\"http://a\"} 1.0").findAny().isPresent());
    }

    private Stream<String> lines(String... parts) {
        return fleet.text()
                .toCompletableFuture()
                .join()
                .lines()
                .filter(line -> line.startsWith("holdfast_") && Stream.of(parts).anyMatch(line::contains));
    }

    private static WorkerStatus worker(String url, WorkerState state, int running, int used) {
        return worker(url, state, running, used, null);
    }

    private static WorkerStatus worker(String url, @Nullable CopyRoom copies) {
        return worker(url, WorkerState.READY, 0, 0, copies);
    }

    private static WorkerStatus worker(
            String url, WorkerState state, int running, int used, @Nullable CopyRoom copies) {
        return new WorkerStatus(
                new WorkerId(url),
                state,
                null,
                null,
                new WorkerLoad(running, 0, used, 0, 0, 100, 0),
                0,
                "",
                0,
                0,
                List.of(),
                List.of(),
                copies);
    }
}
