package workers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import inference.AgentHints;
import inference.ConversationRef;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import inference.Role;
import inference.Sampling;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.ToolChoice;
import inference.TurnId;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import kv.BlockHasher;
import kv.Epoch;
import kv.HashSalt;
import kv.Hold;
import kv.Incarnation;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import kv.RetentionClass;
import kv.SequenceHash;
import kv.WorkerId;
import metrics.Metrics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import testkit.MemoryConversations;
import workers.holds.HoldEnd;
import workers.status.WorkerState;

/** Holds on a worker whose budget is 4 blocks of the engine's 100. Blocks have 2 tokens; block n follows block n - 1. */
class WorkerHoldsTest {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.withManualTime();

    private static final WorkerId ID = new WorkerId("http://127.0.0.1:9001");
    private static final Duration LONG = Duration.ofSeconds(60);

    private long orders;
    private final ManualTime time = ManualTime.get(kit.kit().system());
    private final AtomicLong nanos = new AtomicLong();
    private final ScriptedEngine engine = new ScriptedEngine();
    private final ScriptedEvents events = new ScriptedEvents();
    private final AtomicLong lives = new AtomicLong();
    private final MemoryConversations conversations = new MemoryConversations();
    private final TestProbe<Worker.Status> statuses = kit.kit().createTestProbe();
    private final TestProbe<Worker.RetentionNews> keeper = kit.kit().createTestProbe();
    private ActorRef<Worker.Command> worker;

    @BeforeEach
    void start() {
        engine.answers(ScriptedEngine.HOLDING, 1000, 0, 0);
        worker = spawn();
        awaitEvents();
    }

    @AfterEach
    void stop() {
        kit.kit().stop(worker);
    }

    @Test
    void r1AHoldEndsAtItsDeadlineWithEveryPeerDead() {
        compute(3);
        assertEquals(new Receipt.Accepted(), hold(1, 3, 1, Duration.ofSeconds(10)));
        assertEquals(3, status().load().deviceBlocksHeld());
        engine.fails();
        keeper.stop();

        pass(Duration.ofSeconds(9));
        assertEquals(1, status().holds().size());
        pass(Duration.ofSeconds(1));

        await(() -> assertEquals(List.of(), status().holds()));
        assertEquals(0, status().load().deviceBlocksHeld());
        await(() -> assertEquals(List.of("release all", "hold 1 of 1 2 3", "release 1"), engine.orders));
    }

    @Test
    void r1AWorkerThatStartsAgainReleasesWhatNobodyAssertedAnew() {
        compute(2);
        hold(1, 2, 1, LONG);
        kit.kit().stop(worker);
        engine.orders.clear();
        worker = spawn();
        awaitEvents();

        assertEquals(List.of(), status().holds());
        await(() -> assertEquals(2, status().load().deviceBlocksCached()));
        assertEquals(new Receipt.Accepted(), hold(1, 2, 1, LONG));
        assertEquals(List.of("release all", "hold 1 of 1 2"), engine.orders);
    }

    @Test
    void r2ADenserHoldTakesTheBudgetAndTheCheaperOneIsTold() {
        compute(3);
        branch(11, 13);
        hold(1, 3, 1, LONG);

        tell(asked(2, 13, 2, LONG));

        Worker.HoldEnded ended = keeper.expectMessageClass(Worker.HoldEnded.class);
        assertEquals(new LeaseId(0, 1), ended.lease());
        assertEquals(HoldEnd.REVOKED_FOR_DENSER, ended.reason());
        assertEquals(new Receipt.Accepted(), answer());
        await(() -> assertTrue(engine.orders.contains("release 1"), engine.orders::toString));
        assertEquals(
                new Receipt.Bounded(prefix(1), KvTier.DEVICE, LONG, Receipt.Reason.BUDGET),
                hold(3, 3, 1, LONG),
                "what is left of the budget");
    }

    @Test
    void r3ACommandOfAnEarlierEpochChangesNothing() {
        compute(2);
        hold(1, 2, 1, LONG);

        tell(new Hold(new LeaseId(0, 1), new Epoch(6), prefix(1), RetentionClass.HISTORY, KvTier.DEVICE, 50, 9, LONG));
        assertEquals(new Receipt.Rejected(Receipt.Reason.STALE_EPOCH), answer());
        worker.tell(new Worker.ReleaseHold(new LeaseId(0, 1), new Epoch(6), ++orders));
        assertEquals(2, status().holds().get(0).prefix().blocks());

        worker.tell(new Worker.ReleaseHold(new LeaseId(0, 1), new Epoch(7), ++orders));
        assertEquals(List.of(), status().holds());
    }

    @Test
    void r6RunningTurnsComeFirst() {
        compute(4);
        hold(1, 4, 1, LONG);
        TestProbe<Worker.AdmitReply> admissions = kit.kit().createTestProbe();
        worker.tell(new Worker.AdmitTurn(new TurnId("own"), 100, 20, prefix(4), null, admissions.getRef()));
        admissions.expectMessageClass(Worker.Admitted.class);
        assertEquals(1, status().holds().size(), "there is room for both");

        worker.tell(new Worker.AdmitTurn(new TurnId("other"), 100, 20, null, null, admissions.getRef()));

        admissions.expectMessageClass(Worker.Admitted.class);
        assertEquals(
                HoldEnd.REVOKED_UNDER_PRESSURE,
                keeper.expectMessageClass(Worker.HoldEnded.class).reason());
        assertEquals(List.of(), status().holds());
    }

    @Test
    void r7ARestartedEngineHoldsNothingAndOldClaimsAreRefused() {
        compute(2);
        hold(1, 2, 1, LONG);
        Incarnation before = incarnation();
        engine.answers(ScriptedEngine.HOLDING, 2000, 0, 0);
        pass(Duration.ofSeconds(1));

        Worker.HoldEnded ended = keeper.expectMessageClass(Worker.HoldEnded.class);
        assertEquals(HoldEnd.INCARNATION_OVER, ended.reason());
        assertEquals(before, ended.incarnation());
        await(() -> assertNotEquals(before, incarnation()));
        worker.tell(new Worker.HoldPrefix(asked(1, 2, 1, LONG), before, ++orders, keeper.getRef()));
        assertEquals(new Receipt.Rejected(Receipt.Reason.STALE_INCARNATION), answer());
    }

    @Test
    void anEngineWithoutHoldsIsNotPretendedToHaveThem() {
        engine.answers(ScriptedEngine.FACTS, 1000, 0, 0);
        pass(Duration.ofSeconds(1));
        await(() -> assertEquals(ScriptedEngine.FACTS, status().facts()));
        compute(1);
        engine.orders.clear();

        assertEquals(new Receipt.Unsupported(), hold(1, 1, 1, LONG));
        assertEquals(List.of(), engine.orders);
    }

    @Test
    void whatTheEngineEvictsIsToldWithWhatIsLeft() {
        compute(3);
        hold(1, 3, 1, LONG);

        events.publish(Payloads.removed(3));

        Worker.HoldEnded ended = keeper.expectMessageClass(Worker.HoldEnded.class);
        assertEquals(HoldEnd.EVICTED, ended.reason());
        assertEquals(prefix(2), ended.left());
        assertEquals(2, status().load().deviceBlocksHeld());
    }

    @Test
    void anEngineThatFailsToHoldLeavesNothingBooked() {
        compute(2);
        engine.answersHolds(CompletableFuture.failedFuture(new IOException("connection refused")));

        assertEquals(new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED), hold(1, 2, 1, LONG));
        assertEquals(List.of(), status().holds());
    }

    @Test
    void aHoldThatIsOverBeforeTheEngineAgreedIsNeverAcknowledged() {
        compute(2);
        CompletableFuture<Receipt> late = new CompletableFuture<>();
        engine.answersHolds(late);
        tell(asked(1, 2, 1, Duration.ofSeconds(1)));
        assertEquals(1, status().holds().size());

        pass(Duration.ofSeconds(1));
        assertEquals(new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED), answer());
        late.complete(new Receipt.Accepted());

        await(() -> assertTrue(engine.orders.contains("release 1"), engine.orders::toString));
        assertEquals(List.of(), status().holds());
        keeper.expectNoMessage(Duration.ofMillis(10));
    }

    private ActorRef<Worker.Command> spawn() {
        return kit.kit()
                .spawn(Worker.create(
                        new EngineEndpoint(ID, "tcp://x:1", "tcp://x:2", 1),
                        WorkerTest.settings(),
                        new WorkerPorts(
                                id -> engine,
                                events,
                                conversations,
                                request -> new BlockHasher(2, HashSalt.NONE).hash(tokens(2)),
                                () -> new Incarnation(0, lives.incrementAndGet()),
                                new Metrics(),
                                nanos::get)));
    }

    private void awaitEvents() {
        await(() -> assertEquals(WorkerState.READY, status().state()));
        await(() -> assertEquals(0, events.asked()));
        events.answer();
    }

    @Test
    void aHoldIsAnsweredOnceAWorkerThatStartsAgainKnowsWhatItsEngineHas() {
        compute(2);
        kit.kit().stop(worker);
        worker = spawn();
        await(() -> assertEquals(WorkerState.READY, status().state()));
        await(() -> assertEquals(0, events.asked()));
        worker.tell(new Worker.HoldPrefix(asked(1, 2, 1, LONG), incarnation(), ++orders, keeper.getRef()));
        keeper.expectNoMessage(Duration.ofMillis(10));

        events.answer();

        assertEquals(new Receipt.Accepted(), answer());
    }

    @Test
    void r1WaitingForTheEnginesEventsIsNoPartOfAHold() {
        compute(2);
        kit.kit().stop(worker);
        worker = spawn();
        await(() -> assertEquals(WorkerState.READY, status().state()));
        await(() -> assertEquals(0, events.asked()));
        tell(asked(1, 2, 1, Duration.ofSeconds(10)));
        tell(asked(2, 2, 1, Duration.ofSeconds(3)));
        status();
        nanos.addAndGet(Duration.ofSeconds(4).toNanos());

        events.answer();

        assertEquals(new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT), answer(), "the one that is over");
        assertEquals(new Receipt.Accepted(), answer());
        assertEquals(Duration.ofSeconds(6), status().holds().get(0).remaining());
    }

    @Test
    void r1ALateRepetitionOfACommandDoesNotRestartItsDeadline() {
        compute(2);
        assertEquals(new Receipt.Accepted(), hold(1, 2, 1, Duration.ofSeconds(10)));
        pass(Duration.ofSeconds(9));

        worker.tell(
                new Worker.HoldPrefix(asked(1, 2, 1, Duration.ofSeconds(10)), incarnation(), orders, keeper.getRef()));
        assertEquals(1, status().holds().size());
        pass(Duration.ofSeconds(1));

        await(() -> assertEquals(List.of(), status().holds()));
        Worker.HoldEnded ended = keeper.expectMessageClass(Worker.HoldEnded.class);
        assertEquals(orders, ended.order());
        assertEquals(1, ended.change());
    }

    @Test
    void r3AnOrderThatWasOvertakenHasNoEffect() {
        compute(3);
        hold(1, 3, 1, LONG);
        worker.tell(new Worker.ReleaseHold(new LeaseId(0, 1), new Epoch(7), ++orders));
        await(() -> assertEquals(List.of(), status().holds()));

        worker.tell(new Worker.HoldPrefix(asked(1, 3, 1, LONG), incarnation(), orders - 1, keeper.getRef()));

        assertEquals(new Receipt.Rejected(Receipt.Reason.STALE_EPOCH), answer());
        assertEquals(List.of(), status().holds());
    }

    @Test
    void aWarmedPrefixIsAcknowledgedOnceItsEventsAreHere() {
        warm(2);
        await(() -> assertTrue(engine.orders.contains("warm"), engine.orders::toString));
        events.publish(Payloads.root(1));
        keeper.expectNoMessage(Duration.ofMillis(10));

        events.publish(Payloads.stored(2, 1));

        assertEquals(
                new Receipt.Accepted(),
                keeper.expectMessageClass(Worker.WarmAnswered.class).receipt());
        assertEquals(new Receipt.Accepted(), hold(1, 2, 1, LONG), "it can be held at once");
    }

    @Test
    void eventsThatDoNotComeAreNotWaitedFor() {
        warm(2);
        await(() -> assertTrue(engine.orders.contains("warm"), engine.orders::toString));

        await(() -> {
            pass(Duration.ofSeconds(1));
            keeper.expectMessageClass(Worker.WarmAnswered.class, Duration.ofMillis(10));
        });
    }

    /** Asks for a prefix to be computed, of a conversation whose prompt it begins. */
    private void warm(int lastBlock) {
        InferenceRequest request = new InferenceRequest(
                new TurnId("before"),
                "sim-echo",
                new SessionContext(TenantId.DEFAULT, new SessionId("s"), null, false),
                List.of(),
                ToolChoice.AUTO,
                true,
                List.of(Message.text(Role.USER, "go")),
                Sampling.DEFAULT,
                true,
                AgentHints.NONE,
                List.of());
        ConversationRef conversation = conversations
                .keep(
                        request,
                        PromptFingerprint.chain(request.tools(), request.messages()),
                        Message.text(Role.ASSISTANT, "."))
                .toCompletableFuture()
                .join();
        worker.tell(new Worker.WarmPrefix(
                new LeaseId(0, 1),
                new Epoch(7),
                incarnation(),
                prefix(lastBlock),
                conversation,
                false,
                keeper.getRef()));
    }

    @Test
    void aDrainingWorkerKeepsWhatItHoldsAndTakesNothingNew() {
        compute(3);
        hold(1, 2, 1, LONG);
        worker.tell(new Worker.SetDraining(true, statuses.getRef()));
        assertEquals(WorkerState.DRAINING, statuses.receiveMessage().state());

        assertEquals(new Receipt.Rejected(Receipt.Reason.DRAINING), hold(2, 3, 1, LONG));
        assertEquals(new Receipt.Accepted(), hold(1, 2, 1, LONG), "asserted again");

        worker.tell(new Worker.SetDraining(false, statuses.getRef()));
        assertEquals(WorkerState.READY, statuses.receiveMessage().state());
        assertEquals(new Receipt.Accepted(), hold(2, 3, 1, LONG));
    }

    /** The engine computes blocks 1 to a number. */
    private void compute(int last) {
        events.publish(Payloads.root(1));
        branch(2, last);
    }

    /** The engine computes more blocks, each behind the one before it; block 11 follows block 1. */
    private void branch(int first, int last) {
        for (int block = first; block <= last; block++) {
            events.publish(Payloads.stored(block, parent(block)));
        }
        int expected = last > 10 ? 3 + last - 10 : last;
        await(() -> assertEquals(expected, status().load().deviceBlocksCached()));
    }

    private static int parent(int block) {
        return block == 11 ? 1 : block - 1;
    }

    private Receipt hold(int lease, int lastBlock, double density, Duration remaining) {
        tell(asked(lease, lastBlock, density, remaining));
        return answer();
    }

    private void tell(Hold hold) {
        worker.tell(new Worker.HoldPrefix(hold, incarnation(), ++orders, keeper.getRef()));
    }

    private Receipt answer() {
        return keeper.expectMessageClass(Worker.HoldAnswered.class).receipt();
    }

    private static Hold asked(int lease, int lastBlock, double density, Duration remaining) {
        return new Hold(
                new LeaseId(0, lease),
                new Epoch(7),
                prefix(lastBlock),
                RetentionClass.HISTORY,
                KvTier.DEVICE,
                50,
                density,
                remaining);
    }

    private static int[] tokens(int lastBlock) {
        int[] tokens = new int[0];
        for (int block = lastBlock; block > 0; block = parent(block)) {
            int[] longer = new int[tokens.length + 2];
            longer[0] = block;
            longer[1] = 7;
            System.arraycopy(tokens, 0, longer, 2, tokens.length);
            tokens = longer;
        }
        return tokens;
    }

    private static Prefix prefix(int lastBlock) {
        long[] hashes =
                new BlockHasher(2, HashSalt.NONE).hash(tokens(lastBlock)).toArray();
        return new Prefix(hashes.length, new SequenceHash(hashes[hashes.length - 1]));
    }

    private Incarnation incarnation() {
        return Objects.requireNonNull(status().incarnation());
    }

    private Worker.Status status() {
        worker.tell(new Worker.GetStatus(statuses.getRef()));
        return statuses.receiveMessage();
    }

    private void pass(Duration duration) {
        nanos.addAndGet(duration.toNanos());
        time.timePasses(duration);
    }

    private void await(Runnable assertion) {
        statuses.awaitAssert(() -> {
            assertion.run();
            return true;
        });
    }
}
