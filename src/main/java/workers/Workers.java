package workers;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.ClusterShardingSettings;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityContext;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import kv.WorkerId;

/**
 * Entry to the cluster's workers: one remembered sharded entity per engine.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class Workers {
    private final ClusterSharding sharding;

    private Workers(ClusterSharding sharding) {
        this.sharding = sharding;
    }

    /** Registers the entity type on this node and wakes the workers of all engines of the settings. */
    public static Workers start(akka.actor.typed.ActorSystem<?> system, WorkerSettings settings, WorkerPorts ports) {
        ClusterSharding sharding = ClusterSharding.get(system);
        sharding.init(Entity.of(Worker.TYPE_KEY, context -> entity(context, settings, ports))
                .withSettings(ClusterShardingSettings.create(system).withRememberEntities(true)));
        Workers workers = new Workers(sharding);
        settings.engines().forEach(engine -> workers.ref(engine.worker()).tell(new Worker.Start()));
        return workers;
    }

    /** The worker of an engine, wherever it lives. */
    public EntityRef<Worker.Command> ref(WorkerId worker) {
        return sharding.entityRefFor(Worker.TYPE_KEY, entityId(worker));
    }

    /** Entity id of an engine's worker. */
    public static String entityId(WorkerId worker) {
        return URLEncoder.encode(worker.url(), StandardCharsets.UTF_8);
    }

    private static Behavior<Worker.Command> entity(
            EntityContext<Worker.Command> context, WorkerSettings settings, WorkerPorts ports) {
        WorkerId worker = new WorkerId(URLDecoder.decode(context.getEntityId(), StandardCharsets.UTF_8));
        Optional<EngineEndpoint> endpoint = settings.engine(worker);
        if (endpoint.isPresent()) {
            return Worker.create(endpoint.get(), settings, ports);
        }
        return Behaviors.setup(actor -> {
            actor.getLog().info("worker {} is forgotten: it stands no longer in workers.engines", worker);
            // Passivation, unlike stopping, takes an entity out of those that are remembered.
            context.getShard().tell(new ClusterSharding.Passivate<>(actor.getSelf()));
            return Behaviors.receiveMessage(message -> Behaviors.same());
        });
    }
}
