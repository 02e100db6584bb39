package router;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.Adapter;
import akka.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import akka.persistence.testkit.javadsl.PersistenceTestKit;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import cluster.Settings;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import inference.ConversationRef;
import inference.PromptFingerprint;
import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
import router.retention.LeaseTerms;
import workers.RetentionNews;
import workers.Worker;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * What leases add to a turn in messages, bytes and stored events: a keeper is told what {@code agents.SessionTies} tells it in a
 * tool loop, its worker answers, and every message is counted as it would cross between nodes.
 */
public final class LeaseCostReport {
    private static final int TURNS = 100;
    private static final int BLOCKS = 6_250;
    private static final Duration LEASE = Duration.ofMinutes(10);
    private static final WorkerId WORKER = new WorkerId("http://10.0.0.17:8000");
    private static final Incarnation LIFE = new Incarnation(0x0123456789abcdefL, 0x123456789abcdef0L);
    private static final SessionId SESSION = new SessionId("0192f3c4-7b1a-7c3e-9d55-3f2a41d0c8b7");

    private final Map<String, Count> messages = new TreeMap<>();
    private final Map<String, Count> events = new TreeMap<>();
    private final Serialization serialization;
    private final TestProbe<Worker.Command> worker;
    private final TestProbe<LeaseKeeper.Resumed> resumes;
    private final ActorTestKit kit;
    private final ActorRef<LeaseKeeper.Command> keeper;

    /** How many, and how long together. */
    private record Count(int number, long bytes) {
        Count plus(Count other) {
            return new Count(number + other.number, bytes + other.bytes);
        }
    }

    private LeaseCostReport(ActorTestKit kit) {
        this.kit = kit;
        serialization = SerializationExtension.get(Adapter.toClassic(kit.system()));
        worker = kit.createTestProbe();
        resumes = kit.createTestProbe();
        WorkerRoster roster = new WorkerRoster();
        roster.joined(
                WORKER,
                LIFE,
                new EngineFacts(List.of("m"), 16, 130_000, 8192, 64, 131_072, new EngineCapabilities(true, null, 0)),
                WorkerState.READY,
                WorkerLoad.idle(130_000));
        keeper = kit.spawn(LeaseKeeper.create(
                "cost",
                Settings.of(ConfigFactory.load().resolve()).leases(),
                new KeeperPorts(
                        id -> worker.getRef(),
                        roster::live,
                        () -> new LedgerId(1),
                        new Metrics(),
                        InstantSource.system())));
    }

    /** Takes nothing. */
    public static void main(String[] args) {
        Config config = ConfigFactory.parseString("akka.loglevel = WARNING")
                .withFallback(EventSourcedBehaviorTestKit.config())
                .withFallback(ConfigFactory.parseResources("serialization.conf"))
                .withFallback(ConfigFactory.load())
                .resolve();
        ActorTestKit kit = ActorTestKit.create("LeaseCostReport", config);
        try {
            new LeaseCostReport(kit).run();
        } finally {
            kit.shutdownTestKit();
        }
    }

    private void run() {
        turn(1);
        messages.clear();
        PersistenceTestKit journal = PersistenceTestKit.create(kit.system());
        int before = journal.persistedInStorage("LeaseKeeper|cost").size();
        for (int turn = 2; turn <= TURNS + 1; turn++) {
            turn(turn);
        }
        journal.persistedInStorage("LeaseKeeper|cost").stream().skip(before).forEach(event -> count(events, event));
        print("message", messages);
        print("stored event", events);
    }

    /** A session comes back from a tool, and calls the next: its lease and that of its system prompt. */
    private void turn(int number) {
        tell(new LeaseKeeper.Resume(TenantId.DEFAULT, SESSION, SESSION, resumes.getRef()));
        count(messages, resumes.receiveMessage());
        LeaseTerms line = terms(number, SESSION, BLOCKS + 64 * number, RetentionClass.HISTORY);
        LeaseTerms system =
                terms(0, new SessionId("system/5cc48b021ed0d4356ad34196a5309bad"), 128, RetentionClass.SYSTEM);
        tell(new LeaseKeeper.Grant(line, LEASE, null, kit.system().ignoreRef()));
        hold();
        tell(new LeaseKeeper.Grant(system, LEASE, SESSION, kit.system().ignoreRef()));
        if (number == 1) {
            hold(); // A renewal that gains little time is not stored and asks for nothing.
        } else {
            tell(new LeaseKeeper.Release(new LeaseId(7, number - 1), null));
            count(messages, worker.expectMessageClass(Worker.ReleaseHold.class));
        }
    }

    private void hold() {
        Worker.HoldPrefix asked = worker.expectMessageClass(Worker.HoldPrefix.class);
        count(messages, asked);
        RetentionNews.HoldAnswered answer = new RetentionNews.HoldAnswered(
                WORKER, asked.hold().lease(), asked.hold().epoch(), LIFE, asked.order(), new Receipt.Accepted());
        count(messages, answer);
        asked.keeper().tell(answer);
    }

    private static LeaseTerms terms(long number, SessionId session, int blocks, RetentionClass retentionClass) {
        return new LeaseTerms(
                new LeaseId(7, number),
                TenantId.DEFAULT,
                session,
                session,
                "m",
                new Prefix(blocks, new SequenceHash(0x5cc48b021ed0d435L + number)),
                16,
                2_097_152,
                retentionClass,
                50,
                1.0e-9,
                1,
                List.of(KvTier.DEVICE, KvTier.DISK),
                new ConversationRef(TenantId.DEFAULT, "m", new PromptFingerprint(number, ~number)),
                WORKER);
    }

    private void tell(LeaseKeeper.Command command) {
        count(messages, command);
        keeper.tell(command);
    }

    private void count(Map<String, Count> counts, Object message) {
        int bytes = serialization.serialize(message).get().length;
        counts.merge(message.getClass().getSimpleName(), new Count(1, bytes), Count::plus);
    }

    private static void print(String what, Map<String, Count> counts) {
        System.out.printf("| %s | per turn | bytes each |%n|---|---:|---:|%n", what);
        counts.forEach((name, count) -> System.out.printf(
                "| `%s` | %.2f | %d |%n", name, (double) count.number() / TURNS, count.bytes() / count.number()));
        Count all = counts.values().stream().reduce(new Count(0, 0), Count::plus);
        System.out.printf("| all | %.2f | %d a turn |%n%n", (double) all.number() / TURNS, all.bytes() / TURNS);
    }
}
