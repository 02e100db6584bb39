package cluster;

import frontend.Scrape;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import kv.WorkerId;
import metrics.Metric;
import metrics.Metrics;
import router.Router;
import workers.WorkerStatus;
import workers.status.CopyRoom;

/**
 * The process's metrics with what workers and router answer when they are read: asked then, so that nothing is asked while
 * nobody looks.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class FleetMetrics implements Scrape {
    private final Metrics metrics;
    private final Supplier<CompletionStage<List<WorkerStatus>>> workers;
    private final Supplier<CompletionStage<Router.Status>> router;
    private final Map<WorkerId, WorkerStatus> seen = new ConcurrentHashMap<>();
    /** Of workers that copy, as last told: one that its server's end or its own keeps from telling has what it had. */
    private final Map<WorkerId, CopyRoom> rooms = new ConcurrentHashMap<>();

    private volatile int waitingTurns;

    FleetMetrics(
            Metrics metrics,
            Supplier<CompletionStage<List<WorkerStatus>>> workers,
            Supplier<CompletionStage<Router.Status>> router) {
        this.metrics = metrics;
        this.workers = workers;
        this.router = router;
        metrics.gauge(Metric.TURNS_WAITING, () -> waitingTurns);
    }

    @Override
    public CompletionStage<String> text() {
        return workers.get()
                .thenAccept(statuses -> statuses.forEach(this::see))
                .thenCombine(router.get(), (done, status) -> waitingTurns = status.waitingTurns())
                .handle((done, silent) -> metrics.scrape());
    }

    private void see(WorkerStatus status) {
        if (seen.put(status.worker(), status) == null) {
            gauge(Metric.WORKER_UP, status, each -> each.state().accepting() ? 1 : 0);
            gauge(Metric.WORKER_REQUESTS, status, each -> each.load().runningRequests(), "running");
            gauge(Metric.WORKER_REQUESTS, status, each -> each.load().waitingRequests(), "waiting");
            gauge(Metric.WORKER_REQUESTS, status, WorkerStatus::admittedTurns, "admitted");
            gauge(Metric.WORKER_BLOCKS, status, each -> each.load().deviceBlocksUsed(), "used");
            gauge(Metric.WORKER_BLOCKS, status, each -> each.load().deviceBlocksCached(), "cached");
            gauge(Metric.WORKER_BLOCKS, status, each -> each.load().deviceBlocksTotal(), "total");
            gauge(Metric.WORKER_BLOCKS, status, WorkerStatus::hostBlocks, "host");
            gauge(Metric.WORKER_BLOCKS, status, WorkerStatus::diskBlocks, "disk");
        }
        CopyRoom room = status.copies();
        if (room != null && rooms.put(status.worker(), room) == null) {
            gauge(
                    Metric.COPIES_BYTES,
                    status,
                    each -> rooms.getOrDefault(each.worker(), room).bytes(),
                    "taken");
            gauge(
                    Metric.COPIES_BYTES,
                    status,
                    each -> rooms.getOrDefault(each.worker(), room).budgetBytes(),
                    "budget");
        }
    }

    private void gauge(Metric metric, WorkerStatus first, ToDoubleFunction<WorkerStatus> value, String... state) {
        WorkerId worker = first.worker();
        String[] labels = new String[1 + state.length];
        labels[0] = worker.url();
        System.arraycopy(state, 0, labels, 1, state.length);
        metrics.gauge(metric, () -> value.applyAsDouble(seen.getOrDefault(worker, first)), labels);
    }
}
