package router;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.AskPattern;
import akka.cluster.sharding.typed.ClusterShardingSettings;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import com.dynatrace.hash4j.hashing.Hashing;
import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.IntStream;
import kv.LeaseId;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.LeaseKeeper.LeaseList;
import router.LeaseKeeper.ReceiptList;
import router.LeaseKeeper.RevokeReply;
import router.LeaseKeeper.ShownLease;
import router.retention.Evacuation;

/**
 * Every lease of the cluster, by the root of its session tree.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class Leases {
    private final ActorSystem<?> system;
    private final Function<String, EntityRef<LeaseKeeper.Command>> keepers;
    private final LeaseSettings settings;

    private Leases(
            ActorSystem<?> system, Function<String, EntityRef<LeaseKeeper.Command>> keepers, LeaseSettings settings) {
        this.system = system;
        this.keepers = keepers;
        this.settings = settings;
    }

    /** Starts the sharding of lease keepers on this node and wakes all of them. */
    public static Leases init(ActorSystem<?> system, LeaseSettings settings, KeeperPorts ports) {
        ClusterSharding sharding = ClusterSharding.get(system);
        sharding.init(
                Entity.of(LeaseKeeper.TYPE_KEY, entity -> LeaseKeeper.create(entity.getEntityId(), settings, ports))
                        .withSettings(ClusterShardingSettings.create(system).withRememberEntities(true)));
        Leases leases =
                new Leases(system, partition -> sharding.entityRefFor(LeaseKeeper.TYPE_KEY, partition), settings);
        leases.all().forEach(keeper -> keeper.tell(new LeaseKeeper.Wake()));
        return leases;
    }

    /** The keeper of a session tree's leases. */
    public RecipientRef<LeaseKeeper.Command> ref(TenantId tenant, SessionId root) {
        long hash = Hashing.xxh3_64()
                .hashStream()
                .putString(tenant.value())
                .putString(root.value())
                .getAsLong();
        return keepers.apply(Long.toString(Math.floorMod(hash, (long) settings.partitions())));
    }

    /**
     * Leases of a tenant, open ones before those that ended lately, as many as asked for at most.
     *
     * @param session null for any
     */
    public CompletionStage<List<ShownLease>> list(TenantId tenant, @Nullable SessionId session, int limit) {
        return this.<LeaseList>askAll(replyTo -> new LeaseKeeper.GetLeases(tenant, session, limit, replyTo))
                .thenApply(lists -> openFirst(lists, limit));
    }

    /** What every keeper told as one list, in which what has ended takes no place of what is kept. */
    static List<ShownLease> openFirst(List<LeaseList> lists, int limit) {
        return lists.stream()
                .flatMap(list -> list.leases().stream())
                .sorted(Comparator.comparing(shown -> shown.lease().ending() != null))
                .limit(limit)
                .toList();
    }

    /**
     * Leases of one session, open and lately ended, once their workers have answered, or have not within a time; and where their
     * keeper answered less than was asked for.
     *
     * @param root top of the session's tree
     * @param expected leases that must be among them, or refused
     */
    public CompletionStage<ReceiptList> receipts(
            TenantId tenant, SessionId root, SessionId session, List<LeaseId> expected, Duration within) {
        return AskPattern.ask(
                ref(tenant, root),
                replyTo -> new LeaseKeeper.AwaitReceipts(tenant, root, session, expected, within, replyTo),
                settings.askTimeout().plus(within),
                system.scheduler());
    }

    /** Ends a tenant's lease as an operator; false when there is no such lease. */
    public CompletionStage<Boolean> revoke(TenantId tenant, LeaseId lease) {
        return this.<RevokeReply>askAll(replyTo -> new LeaseKeeper.Revoke(tenant, lease, replyTo))
                .thenApply(replies -> replies.stream().anyMatch(RevokeReply::found));
    }

    /** How far the leases that depend on a draining worker have been moved, of all tenants. */
    public CompletionStage<Evacuation> evacuation(WorkerId worker) {
        return this.<Evacuation>askAll(replyTo -> new LeaseKeeper.GetEvacuation(worker, replyTo))
                .thenApply(all -> all.stream().reduce(Evacuation.NONE, Evacuation::and));
    }

    private <R> CompletionStage<List<R>> askAll(Function<ActorRef<R>, LeaseKeeper.Command> question) {
        CompletionStage<List<R>> all = CompletableFuture.completedFuture(List.of());
        for (EntityRef<LeaseKeeper.Command> keeper : all()) {
            CompletionStage<R> one = AskPattern.ask(keeper, question::apply, settings.askTimeout(), system.scheduler());
            all = all.thenCombine(one, (before, reply) -> {
                List<R> more = new ArrayList<>(before);
                more.add(reply);
                return more;
            });
        }
        return all;
    }

    private List<EntityRef<LeaseKeeper.Command>> all() {
        return IntStream.range(0, settings.partitions())
                .mapToObj(Integer::toString)
                .map(keepers)
                .toList();
    }
}
