package replay;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import kv.CacheOwner;
import kv.Incarnation;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.sim.SimFabric;
import workers.sim.SimSettings;
import workers.sim.SimTiers;
import workers.status.ColderTiers;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.TransferModel;

/**
 * The engines of one run, all alike and numbered from 0, and the network between them.
 *
 * <p>Thread-safety: confined to its run.
 */
final class SimulatedFleet {
    private final List<Member> members = new ArrayList<>();
    private final Map<WorkerId, SimulatedWorker> engines = new HashMap<>();

    /** @param cache its incarnation's low half is the engine's number */
    record Member(CacheOwner cache, EngineFacts facts, SimulatedWorker engine) {}

    /** @param links what placement predicts with */
    SimulatedFleet(
            ReplaySettings settings,
            TransferModel links,
            String model,
            EventQueue events,
            SimulatedWorker.Owner owner) {
        SimSettings engine = new SimSettings(
                settings.blockSizeTokens(),
                settings.blocksPerWorker(),
                settings.maxSequences(),
                settings.maxBatchedTokens(),
                (int) Math.min(Integer.MAX_VALUE, (long) settings.blocksPerWorker() * settings.blockSizeTokens()));
        SimTiers tiers = tiers(settings, links);
        SimFabric fabric = new SimFabric(
                settings.remoteBlocks(),
                links.networkBytesPerSecond() * settings.timingModel().speedup());
        EngineFacts facts = facts(settings, engine, tiers != null, model);
        for (int number = 0; number < settings.workers(); number++) {
            SimulatedWorker worker =
                    new SimulatedWorker(number, events, engine, settings.timingModel(), tiers, fabric, owner);
            WorkerId id = new WorkerId("http://worker-" + number);
            engines.put(id, worker);
            members.add(new Member(new CacheOwner(id, new Incarnation(0, number), 0), facts, worker));
        }
    }

    private static EngineFacts facts(ReplaySettings settings, SimSettings engine, boolean moves, String model) {
        return new EngineFacts(
                List.of(model),
                engine.blockSizeTokens(),
                engine.deviceBlocks(),
                engine.maxBatchedTokens(),
                engine.maxSequences(),
                engine.contextTokens(),
                new EngineCapabilities(
                        true,
                        null,
                        0,
                        new ColderTiers(
                                settings.hostBlocksPerWorker(),
                                settings.diskBlocksPerWorker(),
                                moves,
                                moves,
                                settings.pulls())));
    }

    /** Memory beyond the device and a network; null for neither. */
    private static @Nullable SimTiers tiers(ReplaySettings settings, TransferModel links) {
        boolean deviceAlone =
                settings.hostBlocksPerWorker() + settings.diskBlocksPerWorker() == 0 && settings.remoteBlocks() == 0;
        return deviceAlone && !settings.pulls()
                ? null
                : new SimTiers(
                                settings.hostBlocksPerWorker(),
                                settings.diskBlocksPerWorker(),
                                true,
                                Math.toIntExact(links.bytesPerToken()),
                                links.hostBytesPerSecond(),
                                links.diskBytesPerSecond(),
                                links.networkBytesPerSecond())
                        .faster(settings.timingModel().speedup());
    }

    List<Member> members() {
        return Collections.unmodifiableList(members);
    }

    Member get(int number) {
        return members.get(number);
    }

    SimulatedWorker engine(WorkerId worker) {
        return Objects.requireNonNull(engines.get(worker));
    }

    /** Time that each engine spent in passes. */
    double[] busyMillis() {
        return members.stream()
                .mapToDouble(member -> member.engine().busyMillis())
                .toArray();
    }
}
