package workers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import java.time.Duration;
import java.util.List;
import kv.Epoch;
import kv.Incarnation;
import kv.LeaseId;
import kv.Receipt;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import testkit.ActorTestKitExtension;
import workers.holds.HoldEnd;
import workers.status.WorkerState;

/** Holds of what the engine's events have yet to tell of. */
class HoldsAndEventsTest extends HoldFixture {
    @RegisterExtension
    static final ActorTestKitExtension kit = ActorTestKitExtension.withManualTime();

    HoldsAndEventsTest() {
        super(kit);
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
    void aHoldOfWhatWasJustComputedWaitsForTheEventsThatTellOfIt() {
        compute(1);
        tell(asked(1, 3, 1, LONG));
        events.publish(Payloads.stored(2, 1));
        keeper.expectNoMessage(Duration.ofMillis(10));

        events.publish(Payloads.stored(3, 2));

        assertEquals(new Receipt.Accepted(), answer());
    }

    /** What is refused for draining counts as being there. */
    @Test
    void aDrainingWorkerSaysThatItHasNotWhatNobodyTellsOf() {
        worker.tell(new Worker.SetDraining(true, statuses.getRef()));
        assertEquals(WorkerState.DRAINING, statuses.receiveMessage().state());

        aHoldOfWhatNobodyTellsOfIsRefusedAfterTwoHeartbeats();
    }

    @Test
    void aHoldOfWhatNobodyTellsOfIsRefusedAfterTwoHeartbeats() {
        compute(1);
        tell(asked(1, 3, 1, LONG));
        int looks = engine.probes.get();
        pass(Duration.ofSeconds(1));
        await(() -> assertEquals(looks + 1, engine.probes.get()));
        keeper.expectNoMessage(Duration.ofMillis(10));

        pass(Duration.ofSeconds(1));

        assertEquals(new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT), answer());
    }

    @Test
    void aHoldForAnEarlierLifeIsNotWaitedFor() {
        worker.tell(new Worker.HoldPrefix(asked(1, 3, 1, LONG), new Incarnation(9, 9), ++orders, keeper.getRef()));

        assertEquals(new Receipt.Rejected(Receipt.Reason.STALE_INCARNATION), answer());
    }

    @Test
    void r7WhatTheEngineHasIsUnknownOnceItsEventsCannotBeFollowedAnyMore() {
        compute(2);
        hold(1, 2, 1, LONG);
        Incarnation before = incarnation();

        events.breakOff();

        assertEquals(
                HoldEnd.INCARNATION_OVER,
                keeper.expectMessageClass(RetentionNews.HoldEnded.class).reason());
        assertNotEquals(before, incarnation());
        assertEquals(0, status().load().deviceBlocksCached());
    }

    @Test
    void holdsAreAnsweredOnceTheEventsAreFollowedAgain() {
        compute(2);
        events.breakOff();
        await(() -> assertEquals(0, status().load().deviceBlocksCached()));
        tell(asked(1, 2, 1, LONG));
        keeper.expectNoMessage(Duration.ofMillis(10));

        await(() -> {
            pass(Duration.ofMillis(100));
            assertEquals(0, events.asked());
        });
        events.answer();

        assertEquals(new Receipt.Accepted(), answer());
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
                keeper.expectMessageClass(RetentionNews.WarmAnswered.class).receipt());
        assertEquals(new Receipt.Accepted(), hold(1, 2, 1, LONG), "it can be held at once");
    }

    @Test
    void eventsThatDoNotComeAreNotWaitedFor() {
        warm(2);
        await(() -> assertTrue(engine.orders.contains("warm"), engine.orders::toString));

        await(() -> {
            pass(Duration.ofSeconds(1));
            keeper.expectMessageClass(RetentionNews.WarmAnswered.class, Duration.ofMillis(10));
        });
    }

    @Test
    void whatAClientThrowsInsteadOfDoingHasFailedAndItsWorkerLives() {
        engine.throwing = true;
        Incarnation before = incarnation();

        warm(2);

        assertEquals(
                new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED),
                keeper.expectMessageClass(RetentionNews.WarmAnswered.class).receipt());
        assertEquals(before, incarnation());
    }

    @Test
    void whatAnotherEngineHasIsTakenOverFromIt() {
        warm(2, new WorkerId("http://holder"));

        await(() -> assertEquals(
                List.of("pull from http://holder", "warm"),
                engine.orders.subList(engine.orders.size() - 2, engine.orders.size())));
    }

    /** Asks for a prefix to be computed, of a conversation whose prompt it begins. */
    private void warm(int lastBlock) {
        warm(lastBlock, null);
    }

    private void warm(int lastBlock, @Nullable WorkerId source) {
        InferenceRequest request = new InferenceRequest(
                new TurnId("before"),
                "sim-echo",
                new SessionContext(TenantId.DEFAULT, new SessionId("s"), null, false),
                List.of(),
                ToolChoice.AUTO,
                true,
                List.of(Message.text(Role.USER, "go")),
                Sampling.DEFAULT,
                null,
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
                source,
                1,
                keeper.getRef()));
    }
}
