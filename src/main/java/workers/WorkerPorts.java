package workers;

import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import kv.Incarnation;
import kv.WorkerId;
import metrics.Metrics;

/**
 * What workers need from outside.
 *
 * <p>Thread-safety: all parts are safe for concurrent use.
 *
 * @param engines a client for each engine
 * @param events opens an engine's event streams
 * @param incarnations draws a random incarnation
 * @param nanoTime monotonic clock, as {@link System#nanoTime}
 */
public record WorkerPorts(
        Function<WorkerId, EngineClient> engines,
        KvEventSource.Factory events,
        Supplier<Incarnation> incarnations,
        Metrics metrics,
        LongSupplier nanoTime) {}
