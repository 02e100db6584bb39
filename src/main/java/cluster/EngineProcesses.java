package cluster;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

/**
 * The simulated engines of a one-command node. All end with this process, however it ends.
 *
 * <p><em>Thread-safety:</em> safe.
 */
public final class EngineProcesses implements AutoCloseable {

    private final List<EngineProcess> engines;
    private final List<CompletableFuture<EngineAddress>> starting;

    private EngineProcesses(List<EngineProcess> engines) {
        this.engines = List.copyOf(engines);
        this.starting = engines.stream().map(EngineProcess::start).toList();
    }

    /**
     * Launches all engines at once and returns without waiting for them.
     *
     * @param command the program of an engine, to which ports are appended when it is started again
     */
    public static EngineProcesses launch(List<String> command, Path logs, EngineProcessSettings settings) {
        return new EngineProcesses(IntStream.rangeClosed(1, settings.count())
                .mapToObj(number -> new EngineProcess(number, command, logs, settings))
                .toList());
    }

    /**
     * Waits until all serve.
     *
     * @throws StartFailure if one does not in time; the others keep running until {@link #close}
     */
    public List<EngineAddress> awaitReady() {
        return IntStream.range(0, engines.size()).mapToObj(this::awaitReady).toList();
    }

    /** Process ids of the engines, in order. */
    public List<Long> pids() {
        return engines.stream().map(EngineProcess::pid).toList();
    }

    /** Ends all engines and waits for them. */
    @Override
    public void close() {
        engines.forEach(EngineProcess::askToStop);
        engines.forEach(EngineProcess::awaitStop);
    }

    private EngineAddress awaitReady(int index) {
        EngineProcess engine = engines.get(index);
        try {
            return starting.get(index).join();
        } catch (CompletionException failure) {
            if (failure.getCause() instanceof TimeoutException) {
                throw new StartFailure(
                        engine.name() + " did not serve in time (holdfast.cluster.engines.ready-timeout): see "
                                + engine.logFile(),
                        failure);
            }
            throw failure.getCause() instanceof StartFailure known ? known : failure;
        }
    }
}
