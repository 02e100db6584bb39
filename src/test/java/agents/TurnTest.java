package agents;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import agents.session.Conversation;
import agents.session.PromptCache;
import agents.session.PromptRenderer;
import agents.session.SessionKey;
import agents.session.TurnOutcome;
import agents.session.TurnRecord;
import akka.stream.testkit.TestPublisher;
import akka.stream.testkit.TestSubscriber;
import inference.ConversationRef;
import inference.InferenceEvent;
import inference.InferenceEvent.TextDelta;
import inference.InferenceFailure.Kind;
import inference.InferenceRequest;
import inference.Message;
import inference.PlacementReason;
import inference.PromptFingerprint;
import inference.Role;
import inference.TenantId;
import java.time.Duration;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import router.Router;
import router.placement.RouteRequest;
import workers.Worker;

class TurnTest extends TurnFixture {
    @Test
    void anAnswerIsRelayedRecordedAndEverythingFreed() {
        TestSubscriber.Probe<InferenceEvent> client = run(REQUEST);
        TestPublisher.Probe<InferenceEvent> engine = streaming(FIRST);
        nanos.addAndGet(Duration.ofMillis(250).toNanos());
        engine.sendNext(new TextDelta("hi"));
        client.request(10);
        client.expectNext(new TextDelta("hi"));
        router.expectMessage(new Router.FirstToken(REQUEST.turn()));

        engine.sendNext(DONE);
        client.expectNext(DONE);
        client.expectComplete();

        workerAt(FIRST).expectMessage(new Worker.EndTurn(REQUEST.turn()));
        router.expectMessage(new Router.Release(REQUEST.turn(), false));
        TurnRecord turn = recorded();
        assertEquals(TurnOutcome.COMPLETED, turn.outcome());
        assertEquals(FIRST, turn.worker());
        assertEquals(PlacementReason.BUSY, turn.placement());
        assertEquals(USAGE, turn.usage());
        assertEquals(250, turn.ttftMillis());
        ends(TurnOutcome.COMPLETED);

        Message answer = Message.text(Role.ASSISTANT, "hi");
        PromptFingerprint prompt = PromptFingerprint.chain(REQUEST.tools(), REQUEST.messages())
                .get(REQUEST.messages().size());
        ConversationRef whole = new ConversationRef(TenantId.DEFAULT, REQUEST.model(), prompt.followedBy(answer));
        InferenceRequest kept =
                conversations.find(whole).toCompletableFuture().join().orElseThrow();
        assertEquals(answer, kept.messages().get(kept.messages().size() - 1));
    }

    @Test
    void aTurnWhoseTextIsNotKeptIsATurnAllTheSame() {
        conversations.fail();
        TestSubscriber.Probe<InferenceEvent> client = run(REQUEST);
        streaming(FIRST).sendNext(DONE);
        client.request(1);
        client.expectNext(DONE);
        client.expectComplete();
        ends(TurnOutcome.COMPLETED);
    }

    @Test
    void theNextTurnTellsTheRouterWhereItRanAndWhatIsKnown() {
        TestSubscriber.Probe<InferenceEvent> client = run(REQUEST);
        TestPublisher.Probe<InferenceEvent> engine = streaming(FIRST);
        engine.sendNext(DONE);
        client.request(1);
        client.expectNext(DONE);
        router.expectMessage(new Router.Release(REQUEST.turn(), false));
        int known = state().frontiers().get(0).tip().blocks();

        run(Conversation.request("turn-2", "s:Be brief.", "u:hello", "a:hi", "u:and now?"));
        RouteRequest next = placeOn(FIRST);
        assertEquals(FIRST, next.lastWorker());
        assertEquals(known, next.knownBlocks());
        assertEquals(SessionKey.of(REQUEST.session()).affinity(), next.affinity());
        assertEquals(512, next.expectedOutputTokens());
    }

    @Test
    void aTurnIsRoutedOnceItsPromptIsRendered() {
        Queue<Runnable> toRender = new ConcurrentLinkedQueue<>();
        rendering = toRender::add;
        run(REQUEST, sessionProbe.getRef(), this::engine);
        begun();
        router.expectNoMessage();

        Objects.requireNonNull(toRender.poll()).run();
        placeOn(FIRST);
    }

    @Test
    void aPromptThatCannotBeRenderedIsAFaultOfOurs() {
        renderer = new PromptRenderer(
                Conversation.BLOCK,
                model -> {
                    throw new IllegalStateException("no template");
                },
                new PromptCache(0));
        fails(run(REQUEST), Kind.INTERNAL);
        ends(TurnOutcome.INTERNAL);
    }

    @Test
    void aPromptThatNobodyTakesToRenderIsAFaultOfOurs() {
        rendering = task -> {
            throw new RejectedExecutionException("no thread");
        };
        fails(run(REQUEST), Kind.INTERNAL);
        ends(TurnOutcome.INTERNAL);
    }

    @Nested
    class WhenTheClientLeaves {

        @Test
        void whatItsPromptWasIsRecordedOnceThatIsRendered() {
            Queue<Runnable> toRender = new ConcurrentLinkedQueue<>();
            rendering = toRender::add;
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST, sessionProbe.getRef(), TurnTest.this::engine);
            begun();

            client.cancel();
            sessionProbe.expectNoMessage();
            Objects.requireNonNull(toRender.poll()).run();

            var complete = sessionProbe.expectMessageClass(AgentSession.CompleteTurn.class);
            assertEquals(TurnOutcome.CANCELLED, complete.result().outcome());
            router.expectNoMessage();
        }

        @Test
        void theEngineIsCancelledAndEverythingFreed() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST);
            TestPublisher.Probe<InferenceEvent> engine = streaming(FIRST);
            engine.sendNext(new TextDelta("hi"));
            client.request(1);
            client.expectNext(new TextDelta("hi"));
            router.expectMessageClass(Router.FirstToken.class);

            client.cancel();
            engine.expectCancellation();
            workerAt(FIRST).expectMessage(new Worker.EndTurn(REQUEST.turn()));
            router.expectMessage(new Router.Release(REQUEST.turn(), false));
            assertEquals(TurnOutcome.CANCELLED, recorded().outcome());
            ends(TurnOutcome.CANCELLED);
        }

        @Test
        void aQueuedTurnGivesUpItsPlace() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST);
            router.expectMessageClass(Router.Route.class);

            client.cancel();
            router.expectMessage(new Router.Release(REQUEST.turn(), false));
            assertEquals(TurnOutcome.CANCELLED, recorded().outcome());
        }

        @Test
        void anAnswerThatIsBeingRecordedIsRecorded() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST, sessionProbe.getRef(), TurnTest.this::engine);
            begun();
            streaming(FIRST).sendNext(DONE);
            var complete = sessionProbe.expectMessageClass(AgentSession.CompleteTurn.class);

            client.cancel();
            complete.replyTo().tell(new AgentSession.TurnRecorded());
            assertEquals(TurnOutcome.COMPLETED, complete.result().outcome());
            ends(TurnOutcome.COMPLETED);
            sessionProbe.expectNoMessage(Duration.ZERO);
        }
    }

    @Nested
    class TheSessionStore {

        @Test
        void holdsTheEndBackUntilItIsDurable() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST, sessionProbe.getRef(), TurnTest.this::engine);
            begun();
            streaming(FIRST).sendNext(DONE);
            client.request(1);
            var complete = sessionProbe.expectMessageClass(AgentSession.CompleteTurn.class);
            client.expectNoMessage(scala.concurrent.duration.Duration.create(50, "millis"));

            complete.replyTo().tell(new AgentSession.TurnRecorded());
            client.expectNext(DONE);
            client.expectComplete();
        }

        @Test
        void isAskedAgainAndThenTheClientIsToldSo() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST, sessionProbe.getRef(), TurnTest.this::engine);
            begun();
            streaming(FIRST).sendNext(DONE);
            for (int ask = 0; ask < 5; ask++) {
                sessionProbe.expectMessageClass(AgentSession.CompleteTurn.class);
                passes(SETTINGS.storeAskTimeout().plusMillis(1));
            }
            fails(client, Kind.STORE_UNAVAILABLE);
            ends(TurnOutcome.STORE_UNAVAILABLE);
            assertEquals(0, counted(TurnOutcome.COMPLETED));
        }

        @Test
        void mustKnowTheTurnBeforeItIsPlaced() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST, sessionProbe.getRef(), TurnTest.this::engine);
            for (int ask = 0; ask < 5; ask++) {
                sessionProbe.expectMessageClass(AgentSession.BeginTurn.class);
                passes(SETTINGS.storeAskTimeout().plusMillis(1));
            }
            fails(client, Kind.STORE_UNAVAILABLE);
            router.expectNoMessage(Duration.ZERO);
        }

        @Test
        void refusesATurnThatRunsAlready() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST, sessionProbe.getRef(), TurnTest.this::engine);
            sessionProbe
                    .expectMessageClass(AgentSession.BeginTurn.class)
                    .replyTo()
                    .tell(new AgentSession.TurnRunning());

            fails(client, Kind.CONFLICT);
            sessionProbe.expectNoMessage(Duration.ZERO);
        }
    }

    @Test
    void aFaultOfOursStillGivesTheClientAnEnd() {
        TestSubscriber.Probe<InferenceEvent> client = run(REQUEST, session, worker -> {
            throw new IllegalStateException("no such engine");
        });
        placeOn(FIRST);
        admit(FIRST);

        fails(client, Kind.INTERNAL);
        workerAt(FIRST).expectMessage(new Worker.EndTurn(REQUEST.turn()));
        router.expectMessage(new Router.Release(REQUEST.turn(), false));
        ends(TurnOutcome.INTERNAL);
        assertEquals(TurnOutcome.LOST, recorded().outcome());
    }

    @Test
    void aRequestIsExplainedWithoutASession() {
        TurnService service =
                new TurnService(kit.<Turns.Command>createTestProbe().getRef(), ports(session, this::engine));

        RouteRequest request =
                service.routeRequest(REQUEST).toCompletableFuture().join();
        assertEquals(
                request.inputTokens() / Conversation.BLOCK, request.blocks().size());
        assertNull(request.lastWorker());
    }
}
