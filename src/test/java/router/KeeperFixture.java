package router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.ROOT;
import static router.retention.Ledgers.START;
import static router.retention.Ledgers.terms;

import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import inference.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import kv.Incarnation;
import kv.Receipt;
import metrics.Metrics;
import router.LeaseKeeper.Command;
import router.LeaseKeeper.Resumed;
import router.retention.Lease;
import router.retention.LeaseAnswer;
import router.retention.LeaseState;
import router.retention.Ledgers;
import testkit.ActorTestKitExtension;
import workers.RetentionNews;
import workers.Worker;
import workers.status.ColderTiers;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/** A keeper, the worker that it gives orders to, and a clock. */
abstract class KeeperFixture {
    static final LeaseSettings SETTINGS = new LeaseSettings(
            4,
            Ledgers.SETTINGS,
            Duration.ofSeconds(1),
            Duration.ofMillis(500),
            Duration.ofSeconds(10),
            Duration.ofMinutes(10),
            Duration.ofSeconds(5),
            3,
            Duration.ofMillis(10),
            Duration.ofMillis(100));
    static final Config CONFIG = ConfigFactory.parseString(
                    """
                    akka.actor.testkit.typed.single-expect-default = 20s
                    akka.test.single-expect-default = 20s
                    """)
            .withFallback(ManualTime.config())
            .withFallback(EventSourcedBehaviorTestKit.config())
            .withFallback(ConfigFactory.parseResources("serialization.conf"))
            .withFallback(ConfigFactory.load())
            .resolve();
    static final EngineFacts FACTS =
            new EngineFacts(List.of("m"), 16, 100, 8192, 4, 10_000, new EngineCapabilities(true, null, 0));
    static final EngineFacts PULLING = new EngineFacts(
            List.of("m"),
            16,
            100,
            8192,
            4,
            10_000,
            new EngineCapabilities(true, null, 0, new ColderTiers(0, 0, false, false, true)));
    static final Incarnation LIFE = new Incarnation(1, 1);

    private final ActorTestKitExtension kit;
    final ManualTime time;
    private final AtomicReference<Instant> now = new AtomicReference<>(START);
    final Metrics metrics = new Metrics();
    final WorkerRoster roster = new WorkerRoster();
    final TestProbe<Worker.Command> worker;
    final TestProbe<LeaseAnswer> answers;
    final TestProbe<Resumed> resumes;

    KeeperFixture(ActorTestKitExtension kit) {
        this.kit = kit;
        this.time = ManualTime.get(kit.kit().system());
        this.worker = kit.kit().createTestProbe();
        this.answers = kit.kit().createTestProbe();
        this.resumes = kit.kit().createTestProbe();
        roster.joined(A, LIFE, FACTS, WorkerState.READY, WorkerLoad.idle(100));
    }

    Behavior<Command> behavior(String partition) {
        InstantSource clock = now::get;
        return LeaseKeeper.create(
                partition,
                SETTINGS,
                new KeeperPorts(id -> worker.getRef(), roster::live, () -> Ledgers.NAME, metrics, clock));
    }

    void passes(Duration duration) {
        now.updateAndGet(before -> before.plus(duration));
        time.timePasses(duration);
    }

    void answer(Worker.HoldPrefix asked, Receipt receipt) {
        asked.keeper()
                .tell(new RetentionNews.HoldAnswered(
                        A, asked.hold().lease(), asked.hold().epoch(), asked.incarnation(), asked.order(), receipt));
    }

    Worker.HoldPrefix asked() {
        return worker.expectMessageClass(Worker.HoldPrefix.class);
    }

    Resumed resume(ActorRef<Command> keeper) {
        keeper.tell(new LeaseKeeper.Resume(TenantId.DEFAULT, ROOT, ROOT, resumes.getRef()));
        return resumes.receiveMessage();
    }

    /** A keeper's lease, once the store has what is known of it. */
    Lease stored(ActorRef<Command> keeper) {
        TestProbe<LeaseKeeper.LeaseList> lists = kit.kit().createTestProbe();
        keeper.tell(new LeaseKeeper.GetLeases(TenantId.DEFAULT, null, 1, lists.getRef()));
        return lists.receiveMessage().leases().get(0).lease();
    }

    /** A keeper with one lease that A holds. */
    ActorRef<Command> holding(String partition) {
        ActorRef<Command> keeper = kit.kit().spawn(behavior(partition));
        keeper.tell(new LeaseKeeper.Grant(terms(1, 1), MINUTE, null, answers.getRef()));
        answers.expectMessageClass(LeaseAnswer.Granted.class);
        answer(asked(), new Receipt.Accepted());
        answers.awaitAssert(() -> {
            assertEquals(LeaseState.HELD, stored(keeper).state());
            return true;
        });
        return keeper;
    }
}
