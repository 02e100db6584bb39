package workers;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import kv.WorkerId;

/**
 * How workers look after their engines.
 *
 * <p>Thread-safety: immutable.
 *
 * @param blockSizeTokens tokens in a block; engines must agree
 * @param heartbeatInterval between two probes of an engine
 * @param failedProbes consecutive probes that must fail until an engine counts as unreachable, at least 1
 * @param admissionValidity how long an admission lives without a sign of life of its turn
 * @param turnsPerSlot turns admitted at once per sequence that the engine runs at once; above 1 lets the engine queue
 * @param loadInterval shortest time between two reports of a changed load
 * @param updateWindow updates a router may be sent before it acknowledges one, at least 1
 * @param updateHashes block hashes in one update, at least 1; bounds a message's size at about 10 bytes each
 * @param backlogHashes block hashes kept for a router that does not keep up; beyond, it gets a snapshot later
 * @param engines all engines of the cluster; a worker of any other URL ends
 */
public record WorkerSettings(
        int blockSizeTokens,
        Duration heartbeatInterval,
        int failedProbes,
        Duration admissionValidity,
        double turnsPerSlot,
        Duration loadInterval,
        int updateWindow,
        int updateHashes,
        int backlogHashes,
        FeedSettings events,
        HoldSettings holds,
        List<EngineEndpoint> engines) {
    public WorkerSettings {
        engines = List.copyOf(engines);
        if (blockSizeTokens < 1 || failedProbes < 1 || updateWindow < 1 || updateHashes < 1 || backlogHashes < 1) {
            throw new IllegalArgumentException("a worker's limits are at least 1");
        }
        if (!(turnsPerSlot > 0)) {
            throw new IllegalArgumentException("turns per slot are above 0, got " + turnsPerSlot);
        }
        if (engines.stream().map(EngineEndpoint::worker).distinct().count() < engines.size()) {
            throw new IllegalArgumentException("holdfast.workers.engines: an engine's URL stands twice");
        }
    }

    /** The endpoint of an engine, if there is such an engine. */
    public Optional<EngineEndpoint> engine(WorkerId worker) {
        return engines.stream().filter(engine -> engine.worker().equals(worker)).findFirst();
    }
}
