package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.Done;
import akka.actor.ExtendedActorSystem;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.remote.RemoteActorRefProvider;
import akka.remote.testkit.Blackhole$;
import akka.remote.testkit.Direction;
import akka.remote.testkit.SetThrottle;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import scala.jdk.javaapi.FutureConverters;
import testkit.ConcurrentTest;

/**
 * Nodes that are all alive lose each other: their network is cut, and each still reaches the store. With the timings of production, which
 * are bound to each other.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class CutIT {
    private static final Config CUTTABLE = ConfigFactory.parseString("akka.remote.artery.advanced.test-mode = on");

    @TempDir
    Path temporary;

    private final List<ActorSystem<Void>> nodes = new ArrayList<>();

    @AfterEach
    void endAll() {
        nodes.forEach(ActorSystem::terminate);
        nodes.forEach(node -> node.getWhenTerminated().toCompletableFuture().join());
    }

    @ConcurrentTest
    void ofTwoNodesThatLoseEachOtherOneGoesOn() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            cluster(store, 2);

            cut(nodes.subList(0, 1), nodes.subList(1, 2));

            ActorSystem<Void> survivor = onlyOneSideGoesOn(1);
            assertEquals(
                    List.of(owner(survivor)),
                    StoreClient.query(store.connection(), "SELECT owner FROM survivor_lease"));
        }
    }

    @ConcurrentTest
    void ofThreeNodesOneSideGoesOn() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            cluster(store, 3);
            List<ActorSystem<Void>> two = List.copyOf(nodes.subList(1, 3));

            cut(nodes.subList(0, 1), two);

            // The two ask first, unless a busy machine keeps them from noticing for longer than the one waits for them.
            List<ActorSystem<Void>> survivors = Eventually.get(() -> {
                List<ActorSystem<Void>> alive = alive();
                assertTrue(alive.equals(two) || alive.equals(List.of(nodes.get(0))), () -> alive.size() + " go on");
                for (ActorSystem<Void> node : alive) {
                    awaitMembers(node, alive.size());
                }
                return alive;
            });
            assertTrue(survivors.stream()
                    .map(CutIT::owner)
                    .toList()
                    .containsAll(StoreClient.query(store.connection(), "SELECT owner FROM survivor_lease")));
        }
    }

    /** Each time the leader, which holds the lease at the time of the cut. */
    @ConcurrentTest
    void oneAfterTheOtherMayBeLostDownToTheLast() throws Exception {
        try (RealStore store = RealStore.in(temporary)) {
            cluster(store, 4);
            nodes.sort(
                    Comparator.comparing(node -> Cluster.get(node).selfMember().address(), Member.addressOrdering()));

            for (int lost = 1; lost < nodes.size(); lost++) {
                cut(nodes.subList(lost - 1, lost), nodes.subList(lost, nodes.size()));
                onlyOneSideGoesOn(nodes.size() - lost);
            }
        }
    }

    private void cluster(RealStore store, int size) throws Exception {
        for (int i = 0; i < size; i++) {
            ActorSystem<Void> node =
                    ActorSystem.create(Behaviors.empty(), "cut", CUTTABLE.withFallback(store.bareNode()));
            nodes.add(node);
            Cluster.get(node)
                    .manager()
                    .tell(Join.create(Cluster.get(nodes.get(0)).selfMember().address()));
        }
        for (ActorSystem<Void> node : nodes) {
            awaitMembers(node, size);
        }
    }

    private static void awaitMembers(ActorSystem<Void> node, int size) throws Exception {
        Eventually.get(() -> {
            List<Member> members = StreamSupport.stream(
                            Cluster.get(node).state().getMembers().spliterator(), false)
                    .toList();
            assertEquals(size, members.size());
            assertEquals(
                    size,
                    members.stream()
                            .filter(member -> member.status().equals(MemberStatus.up()))
                            .count());
            return Done.getInstance();
        });
    }

    private static void cut(List<ActorSystem<Void>> one, List<ActorSystem<Void>> other) {
        for (ActorSystem<Void> left : one) {
            for (ActorSystem<Void> right : other) {
                loseEverything(left, right);
                loseEverything(right, left);
            }
        }
    }

    private static void loseEverything(ActorSystem<Void> from, ActorSystem<Void> to) {
        RemoteActorRefProvider remote =
                (RemoteActorRefProvider) ((ExtendedActorSystem) Adapter.toClassic(from)).provider();
        FutureConverters.asJava(remote.transport()
                        .managementCommand(new SetThrottle(
                                Cluster.get(to).selfMember().address(),
                                Direction.Both$.MODULE$,
                                Blackhole$.MODULE$.getInstance())))
                .toCompletableFuture()
                .join();
    }

    private ActorSystem<Void> onlyOneSideGoesOn(int size) throws Exception {
        return Eventually.get(() -> {
            List<ActorSystem<Void>> alive = alive();
            assertEquals(size, alive.size());
            for (ActorSystem<Void> node : alive) {
                awaitMembers(node, size);
            }
            return alive.get(0);
        });
    }

    private List<ActorSystem<Void>> alive() {
        return nodes.stream()
                .filter(node -> !node.getWhenTerminated().toCompletableFuture().isDone())
                .toList();
    }

    private static String owner(ActorSystem<Void> node) {
        return Cluster.get(node).selfMember().address().hostPort();
    }
}
