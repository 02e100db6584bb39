package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.Done;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.AskPattern;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import com.typesafe.config.ConfigFactory;
import inference.SessionId;
import inference.TenantId;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import kv.Epoch;
import kv.Incarnation;
import kv.KvTier;
import kv.LeaseId;
import kv.LedgerId;
import kv.Prefix;
import kv.Receipt;
import kv.RetentionClass;
import kv.SequenceHash;
import kv.WorkerId;
import metrics.Metrics;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import router.KeeperPorts;
import router.LeaseKeeper;
import router.LeaseKeeper.ShownLease;
import router.LeaseSettings;
import router.Leases;
import router.WorkerRoster;
import router.retention.Lease;
import router.retention.LeaseAnswer;
import router.retention.LeaseState;
import router.retention.LeaseTerms;
import workers.RetentionNews;
import workers.Worker;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** Leases on the real store: nothing accepted is gone after a restart, and every holder is asked again. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class LeaseStoreIT {
    private static final Duration ASK = Duration.ofSeconds(20);
    private static final WorkerId WORKER = new WorkerId("http://w");
    private static final Incarnation LIFE = new Incarnation(1, 2);
    private static final int LEASES = 60;

    @TempDir
    static Path temporary;

    private static RealStore store;

    @BeforeAll
    static void startTheStore() throws Exception {
        store = RealStore.in(temporary);
    }

    @AfterAll
    static void stopTheStore() {
        store.close();
    }

    /** One node with nothing but keepers, and a worker that accepts every hold. */
    private static final class Node implements AutoCloseable {
        final ActorSystem<Void> system;
        final Leases leases;
        private final WorkerRoster roster = new WorkerRoster();
        private final ActorRef<Worker.Command> worker;
        private final LeaseSettings settings =
                Settings.of(ConfigFactory.load().resolve()).leases();
        final Queue<Worker.HoldPrefix> asked = new ConcurrentLinkedQueue<>();

        Node() throws Exception {
            system = ActorSystem.create(Behaviors.empty(), "leases", store.bareNode());
            Cluster cluster = Cluster.get(system);
            cluster.manager().tell(Join.create(cluster.selfMember().address()));
            Eventually.get(() -> {
                assertEquals(MemberStatus.up(), cluster.selfMember().status());
                return Done.getInstance();
            });
            roster.joined(
                    WORKER,
                    LIFE,
                    new EngineFacts(List.of("m"), 16, 1000, 8192, 8, 100_000, new EngineCapabilities(true, null, 0)),
                    WorkerState.READY,
                    WorkerLoad.idle(1000));
            worker = system.systemActorOf(
                    Behaviors.receiveMessage((Worker.Command command) -> {
                        if (command instanceof Worker.HoldPrefix hold) {
                            asked.add(hold);
                            hold.keeper()
                                    .tell(new RetentionNews.HoldAnswered(
                                            WORKER,
                                            hold.hold().lease(),
                                            hold.hold().epoch(),
                                            hold.incarnation(),
                                            hold.order(),
                                            new Receipt.Accepted()));
                        }
                        return Behaviors.same();
                    }),
                    "worker",
                    Props.empty());
            leases = Leases.init(system, settings, ports());
        }

        <R> R ask(SessionId root, Function<ActorRef<R>, LeaseKeeper.Command> question) {
            return ask(leases.ref(TenantId.DEFAULT, root), question);
        }

        <R> R ask(RecipientRef<LeaseKeeper.Command> keeper, Function<ActorRef<R>, LeaseKeeper.Command> question) {
            return AskPattern.ask(keeper, question::apply, ASK, system.scheduler())
                    .toCompletableFuture()
                    .join();
        }

        /** A keeper that no sharding keeps alone on its partition. */
        ActorRef<LeaseKeeper.Command> keeper(String partition, String name) {
            return system.systemActorOf(LeaseKeeper.create(partition, settings, ports()), name, Props.empty());
        }

        private KeeperPorts ports() {
            return new KeeperPorts(
                    id -> worker, roster::live, () -> new LedgerId(1), new Metrics(), InstantSource.system());
        }

        List<Lease> list() {
            return leases.list(TenantId.DEFAULT, null, 2 * LEASES).toCompletableFuture().join().stream()
                    .map(ShownLease::lease)
                    .toList();
        }

        @Override
        public void close() {
            system.terminate();
            system.getWhenTerminated().toCompletableFuture().join();
        }
    }

    private static LeaseKeeper.Grant grant(int number, ActorRef<LeaseAnswer> replyTo) {
        return new LeaseKeeper.Grant(terms(number), Duration.ofMinutes(50), null, replyTo);
    }

    private static LeaseTerms terms(int number) {
        SessionId session = new SessionId("session-" + number);
        return new LeaseTerms(
                new LeaseId(1, number),
                TenantId.DEFAULT,
                session,
                session,
                "m",
                new Prefix(10, new SequenceHash(number)),
                16,
                1024,
                RetentionClass.HISTORY,
                50,
                1,
                1,
                List.of(KvTier.DEVICE),
                null,
                WORKER);
    }

    @Test
    void everyAcceptedLeaseIsBackAfterARestartAndAssertedAnew() throws Exception {
        List<Lease> before;
        try (Node node = new Node()) {
            for (int i = 0; i < LEASES; i++) {
                LeaseTerms terms = terms(i);
                LeaseAnswer answer = node.ask(
                        terms.root(), replyTo -> new LeaseKeeper.Grant(terms, Duration.ofMinutes(50), null, replyTo));
                assertInstanceOf(LeaseAnswer.Granted.class, answer);
            }
            before = Eventually.get(() -> {
                List<Lease> held = node.list();
                assertEquals(
                        LEASES,
                        held.stream()
                                .filter(lease -> lease.state() == LeaseState.HELD)
                                .count());
                return held;
            });
        }
        try (Node node = new Node()) {
            for (int i = 0; i < LEASES; i++) {
                SessionId session = new SessionId("session-" + i);
                LeaseKeeper.Resumed resumed = node.ask(
                        session, replyTo -> new LeaseKeeper.Resume(TenantId.DEFAULT, session, session, replyTo));
                assertEquals(1, resumed.leases().size());
                assertTrue(resumed.reasserted(), () -> "R8: before the next turn of " + session);
                LeaseId lease = resumed.leases().get(0).id();
                assertTrue(
                        node.asked.stream().anyMatch(hold -> hold.hold().lease().equals(lease)));
            }
            List<Lease> after = new ArrayList<>(node.list());
            assertEquals(before, after);
            Eventually.get(() -> {
                assertTrue(node.asked.size() >= LEASES, "asked " + node.asked.size());
                return Done.getInstance();
            });
            assertTrue(node.asked.stream().allMatch(hold -> hold.hold().epoch().equals(new Epoch(2))));
        }
    }

    @Test
    void r3AKeeperThatWasReplacedEndsInsteadOfBeginningAnotherLife() throws Exception {
        try (Node node = new Node()) {
            ActorRef<LeaseKeeper.Command> past = node.keeper("of-two", "past");
            node.<LeaseAnswer>ask(past, replyTo -> grant(LEASES + 1, replyTo));
            Eventually.get(() -> {
                LeaseKeeper.LeaseList leases =
                        node.ask(past, replyTo -> new LeaseKeeper.GetLeases(TenantId.DEFAULT, null, 10, replyTo));
                assertEquals(LeaseState.HELD, leases.leases().get(0).lease().state());
                return leases;
            });
            ActorRef<LeaseKeeper.Command> present = node.keeper("of-two", "present");
            node.<LeaseAnswer>ask(present, replyTo -> grant(LEASES + 2, replyTo));

            past.tell(grant(LEASES + 3, node.system.ignoreRef()));

            TestProbe.create(node.system).expectTerminated(past, ASK);
            node.<LeaseAnswer>ask(present, replyTo -> grant(LEASES + 4, replyTo));
            LeaseKeeper.LeaseList leases =
                    node.ask(present, replyTo -> new LeaseKeeper.GetLeases(TenantId.DEFAULT, null, 10, replyTo));
            assertEquals(
                    Set.of(
                            terms(LEASES + 1).id(),
                            terms(LEASES + 2).id(),
                            terms(LEASES + 4).id()),
                    leases.leases().stream().map(shown -> shown.lease().id()).collect(Collectors.toSet()));
            assertTrue(node.asked.stream()
                    .filter(hold -> hold.hold().lease().low() > LEASES)
                    .allMatch(hold -> hold.hold().epoch().value() <= 2));
        }
    }
}
