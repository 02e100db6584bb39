package agents;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Conversation;
import agents.session.PromptCache;
import agents.session.TurnOutcome;
import akka.Done;
import akka.NotUsed;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.stream.javadsl.Source;
import akka.stream.testkit.TestPublisher;
import akka.stream.testkit.TestSubscriber;
import inference.ContentBlock;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceEvent.Failed;
import inference.InferenceEvent.Finished;
import inference.InferenceEvent.TextDelta;
import inference.InferenceEvent.ToolCallDelta;
import inference.InferenceEvent.ToolCallStarted;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import inference.InferenceRequest;
import inference.PlacementReason;
import inference.Usage;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import kv.WorkerId;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import router.Router;
import router.placement.RouteOutcome;
import testkit.PromptTooLong;
import workers.AdmitReply;
import workers.EngineClient;
import workers.Seat;
import workers.Worker;
import workers.status.WorkerLoad;

class GenerationTest extends TurnFixture {
    @Test
    void runsInItsSeatAndTellsWhatTheSeatHoldsOnceThePromptIsComputed() {
        InferenceRequest request = Conversation.request("turn-1", "s:Be brief.", "u:" + "hello ".repeat(20));
        long[] chain = Conversation.renderer(new PromptCache(10_000))
                .render(request)
                .blocks()
                .toArray();
        TestSubscriber.Probe<InferenceEvent> client = run(request);
        placeOn(FIRST);
        admit(FIRST, new AdmitReply.Placed(new Seat(2), 1));
        TestPublisher.Probe<InferenceEvent> engine = engineOf(FIRST);
        assertEquals(new Seat(2), seats.get(FIRST));
        client.request(10);
        engine.sendNext(new InferenceEvent.TextDelta("hi"));

        Worker.SeatFilled filled = workerAt(FIRST).expectMessageClass(Worker.SeatFilled.class);
        assertEquals(1, filled.from());
        assertArrayEquals(Arrays.copyOfRange(chain, 1, chain.length), filled.hashes());
        engine.sendNext(new Finished(FinishReason.STOP, null, new Usage(100, 0, 7, 0)));
        assertTrue(workerAt(FIRST)
                .expectMessageClass(Worker.ReportFailure.class)
                .reason()
                .contains("was to hold 1 blocks and held none"));
        workerAt(FIRST).expectMessageClass(Worker.EndTurn.class);
        ends(TurnOutcome.COMPLETED);
    }

    @Test
    void aSlowClientSlowsTheEngine() {
        AtomicInteger produced = new AtomicInteger();
        TestSubscriber.Probe<InferenceEvent> client = run(REQUEST, session, worker -> new EngineClient() {
            @Override
            public Source<InferenceEvent, NotUsed> generate(InferenceRequest request, Seat seat) {
                return Source.range(1, 10_000).map(number -> {
                    produced.incrementAndGet();
                    return new TextDelta("word " + number);
                });
            }

            @Override
            public CompletionStage<Probe> probe() {
                return CompletableFuture.failedFuture(new UnsupportedOperationException());
            }
        });
        placeOn(FIRST);
        admit(FIRST);
        for (int taken = 1; taken <= 100; taken++) {
            client.request(1);
            client.expectNext(new TextDelta("word " + taken));
            int ahead = produced.get() - taken;
            assertTrue(ahead < 50, "the engine is " + ahead + " events ahead of its client");
        }
    }

    @Nested
    class BeforeTheFirstToken {

        @Test
        void aRefusedTurnGoesElsewhere() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST);
            placeOn(FIRST);
            WorkerLoad load = new WorkerLoad(9, 9, 100, 0, 0, 100, 0);
            workerAt(FIRST)
                    .expectMessageClass(Worker.AdmitTurn.class)
                    .replyTo()
                    .tell(new AdmitReply.Refused(AdmitReply.RefusalReason.FULL, load, 149));

            router.expectMessage(new Router.Refused(REQUEST.turn(), FIRST, load));
            assertEquals(Set.of(FIRST), excluded(placeOn(SECOND)));
            admit(SECOND);
            engineOf(SECOND).sendNext(DONE);
            client.request(1);
            client.expectNext(DONE);
            assertEquals(SECOND, recorded().worker());
        }

        @Test
        void whenNobodyElseIsLeftAFullWorkerIsAskedAgain() {
            run(REQUEST);
            placeOn(FIRST);
            workerAt(FIRST)
                    .expectMessageClass(Worker.AdmitTurn.class)
                    .replyTo()
                    .tell(new AdmitReply.Refused(AdmitReply.RefusalReason.FULL, WorkerLoad.idle(1), 149));
            router.expectMessageClass(Router.Refused.class);
            Router.Route again = router.expectMessageClass(Router.Route.class);
            again.replyTo().tell(new Router.NotPlaced(RouteOutcome.NO_WORKER, "none"));

            assertEquals(Set.of(), excluded(placeOn(FIRST)));
            admit(FIRST);
        }

        @Test
        void aDeadEngineIsReportedAndTheTurnGoesElsewhere() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST);
            streaming(FIRST).sendNext(new Failed(InferenceFailure.of(Kind.ENGINE_FAILED, "connection refused")));

            workerAt(FIRST).expectMessage(new Worker.ReportFailure("connection refused"));
            workerAt(FIRST).expectMessage(new Worker.EndTurn(REQUEST.turn()));
            router.expectMessage(new Router.Release(REQUEST.turn(), false));
            assertEquals(Set.of(FIRST), excluded(placeOn(SECOND)));
            admit(SECOND);
            engineOf(SECOND).sendNext(DONE);
            client.request(1);
            client.expectNext(DONE);
            ends(TurnOutcome.COMPLETED);
        }

        @Test
        void aStreamThatBreaksWithoutAWordCountsAsADeadEngine() {
            run(REQUEST);
            streaming(FIRST).sendError(new IllegalStateException("reset by peer"));
            workerAt(FIRST).expectMessageClass(Worker.ReportFailure.class);

            streamingAfterRelease(SECOND).sendComplete();
            workerAt(SECOND).expectMessageClass(Worker.ReportFailure.class);
        }

        @Test
        void placementsAreBounded() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST);
            for (int placement = 1; placement <= SETTINGS.maxPlacements(); placement++) {
                placeOn(FIRST);
                workerAt(FIRST)
                        .expectMessageClass(Worker.AdmitTurn.class)
                        .replyTo()
                        .tell(new AdmitReply.Refused(AdmitReply.RefusalReason.NOT_READY, WorkerLoad.idle(1), 149));
                router.expectMessageClass(Router.Refused.class);
            }
            router.expectMessageClass(Router.Release.class);
            fails(client, Kind.OVERLOADED);
            assertEquals(TurnOutcome.OVERLOADED, recorded().outcome());
        }

        @Test
        void aPromptThatTheLastWorkerFindsTooLongIsToldTheLengthsOfBoth() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST);
            placeOn(FIRST);
            Worker.AdmitTurn admit = workerAt(FIRST).expectMessageClass(Worker.AdmitTurn.class);
            admit.replyTo().tell(new AdmitReply.Refused(AdmitReply.RefusalReason.TOO_LONG, WorkerLoad.idle(1), 15));
            router.expectMessageClass(Router.Refused.class);
            router.expectMessageClass(Router.Route.class)
                    .replyTo()
                    .tell(new Router.NotPlaced(RouteOutcome.NO_WORKER, "none"));

            client.request(1);
            Failed failed = assertInstanceOf(Failed.class, client.expectNext());
            assertEquals(Kind.CONTEXT_LENGTH_EXCEEDED, failed.failure().kind());
            PromptTooLong.assertTold(admit.inputTokens(), 15, failed.failure().message());
            assertEquals(TurnOutcome.REJECTED, recorded().outcome());
        }

        @Test
        void aSilentWorkerIsLeft() {
            run(REQUEST);
            placeOn(FIRST);
            workerAt(FIRST).expectMessageClass(Worker.AdmitTurn.class);
            passes(SETTINGS.admissionTimeout().plusMillis(1));

            workerAt(FIRST).expectMessage(new Worker.EndTurn(REQUEST.turn()));
            router.expectMessage(new Router.Release(REQUEST.turn(), false));
            assertEquals(Set.of(FIRST), excluded(placeOn(SECOND)));
        }

        @Test
        void aRequestThatTheEngineRefusesIsNotTriedElsewhere() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST);
            streaming(FIRST).sendNext(new Failed(InferenceFailure.invalid("temperature", "too hot")));

            fails(client, Kind.INVALID_REQUEST);
            assertEquals(TurnOutcome.REJECTED, recorded().outcome());
        }

        @Test
        void withoutAPlaceTheTurnFailsAndIsRecorded() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST);
            router.expectMessageClass(Router.Route.class)
                    .replyTo()
                    .tell(new Router.NotPlaced(RouteOutcome.UNKNOWN_MODEL, "no worker serves gpt-9"));

            fails(client, Kind.UNKNOWN_MODEL);
            assertEquals(TurnOutcome.REJECTED, recorded().outcome());
            assertNull(recorded().worker());
        }

        private TestPublisher.Probe<InferenceEvent> streamingAfterRelease(WorkerId worker) {
            router.expectMessageClass(Router.Release.class);
            return streaming(worker);
        }
    }

    @Nested
    class AfterTheFirstToken {

        @Test
        void aDeadEngineFailsTheTurn() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST);
            TestPublisher.Probe<InferenceEvent> engine = streaming(FIRST);
            engine.sendNext(new TextDelta("hi"));
            engine.sendNext(new Failed(InferenceFailure.of(Kind.ENGINE_FAILED, "killed")));

            client.request(1);
            client.expectNext(new TextDelta("hi"));
            router.expectMessageClass(Router.FirstToken.class);
            router.expectMessageClass(Router.Release.class);
            nobodyGoesOn();
            fails(client, Kind.ENGINE_FAILED);
            workerAt(FIRST).expectMessageClass(Worker.ReportFailure.class);
            assertEquals(TurnOutcome.ENGINE_FAILED, recorded().outcome());
            assertEquals(FIRST, recorded().worker(), "who ran it");
            assertEquals(PlacementReason.BUSY, recorded().placement());
            assertEquals(2, state().frontiers().get(0).tip().messages(), "its prompt was computed");
        }

        private void nobodyGoesOn() {
            Router.Route again = router.expectMessageClass(Router.Route.class);
            assertEquals(Set.of(FIRST, SECOND), excluded(again.request()));
            again.replyTo().tell(new Router.NotPlaced(RouteOutcome.NO_WORKER, "none"));
        }

        @Test
        void anotherEngineGoesOnWithTheAnswerWhereItCan() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST, session, this::resuming);
            TestPublisher.Probe<InferenceEvent> engine = streaming(FIRST);
            engine.sendNext(new TextDelta("hi"));
            engine.sendNext(new ToolCallStarted(0, "call-1", "ls"));
            engine.sendNext(new ToolCallDelta(0, "{\"pa"));
            engine.sendNext(new Failed(InferenceFailure.of(Kind.ENGINE_FAILED, "killed")));
            client.request(3);
            client.expectNextN(3);

            workerAt(FIRST).expectMessage(new Worker.ReportFailure("killed"));
            workerAt(FIRST).expectMessage(new Worker.EndTurn(REQUEST.turn()));
            router.expectMessageClass(Router.FirstToken.class);
            router.expectMessage(new Router.Release(REQUEST.turn(), false));
            assertEquals(Set.of(FIRST), excluded(placeOn(SECOND)));
            admit(SECOND);
            TestPublisher.Probe<InferenceEvent> next = engineOf(SECOND);
            next.sendNext(new ToolCallDelta(0, "th\":1}"));
            next.sendNext(DONE);

            client.request(2);
            client.expectNext(new ToolCallDelta(0, "th\":1}"), DONE);
            client.expectComplete();
            assertEquals(
                    List.of(new ContentBlock.Text("hi"), new ContentBlock.ToolUse("call-1", "ls", "{\"pa")),
                    Objects.requireNonNull(resumed.get()).content());
            router.expectMessageClass(Router.FirstToken.class);
            assertEquals(SECOND, recorded().worker());
            assertEquals(TurnOutcome.COMPLETED, recorded().outcome());
        }

        private EngineClient resuming(WorkerId worker) {
            return resumingEngine(worker);
        }

        @Test
        void aSilentEngineFailsTheTurn() {
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST);
            TestPublisher.Probe<InferenceEvent> engine = streaming(FIRST);
            engine.sendNext(new TextDelta("hi"));
            client.request(1);
            client.expectNext(new TextDelta("hi"));
            router.expectMessageClass(Router.FirstToken.class);
            router.awaitAssert(() -> {
                passes(SETTINGS.engineSilenceTimeout().plusMillis(1));
                router.expectMessageClass(Router.Release.class, Duration.ofMillis(100));
                return null;
            });

            nobodyGoesOn();
            fails(client, Kind.ENGINE_FAILED);
            engine.expectCancellation();
        }

        @Test
        void aClientThatReadsNoFurtherFreesTheEngineAndIsToldSoWhenItReadsOn() {
            TwoEvents engine = new TwoEvents();
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST, session, worker -> engine);
            placeOn(FIRST);
            admit(FIRST);
            engine.askedForSecond.orTimeout(10, TimeUnit.SECONDS).join();
            engine.second.complete(new TextDelta("for which the client has no room"));
            router.expectMessageClass(Router.FirstToken.class);
            router.awaitAssert(() -> {
                passes(SETTINGS.clientStallTimeout().plusMillis(1));
                router.expectMessage(Duration.ofMillis(100), new Router.Release(REQUEST.turn(), false));
                return null;
            });

            engine.stopped.orTimeout(10, TimeUnit.SECONDS).join();
            workerAt(FIRST)
                    .fishForMessage(
                            Duration.ofSeconds(3),
                            message -> message instanceof Worker.EndTurn
                                    ? FishingOutcomes.complete()
                                    : FishingOutcomes.continueAndIgnore());
            ends(TurnOutcome.CANCELLED);
            assertEquals(TurnOutcome.CANCELLED, recorded().outcome());
            client.request(2);
            client.expectNextN(2);
            fails(client, Kind.TIMEOUT);
        }

        @Test
        void aClientThatWaitsForTheEngineIsNotSlow() {
            TwoEvents engine = new TwoEvents();
            TestSubscriber.Probe<InferenceEvent> client = run(REQUEST, session, worker -> engine);
            placeOn(FIRST);
            admit(FIRST);
            engine.askedForSecond.orTimeout(10, TimeUnit.SECONDS).join();
            passes(SETTINGS.clientStallTimeout().multipliedBy(2));
            engine.second.complete(DONE);

            client.request(2);
            client.expectNext(new TextDelta("hi"), DONE);
            ends(TurnOutcome.COMPLETED);
        }

        /** An engine that begins at once and is told what comes next. */
        private static final class TwoEvents implements EngineClient {
            final CompletableFuture<Void> askedForSecond = new CompletableFuture<>();
            final CompletableFuture<InferenceEvent> second = new CompletableFuture<>();
            final CompletableFuture<Done> stopped = new CompletableFuture<>();

            @Override
            public Source<InferenceEvent, NotUsed> generate(InferenceRequest request, Seat seat) {
                return Source.<InferenceEvent>single(new TextDelta("hi"))
                        .concatLazy(Source.lazyCompletionStage(() -> {
                            askedForSecond.complete(null);
                            return second;
                        }))
                        .concatLazy(Source.never())
                        .watchTermination((materialized, termination) -> {
                            var unused = termination.thenAccept(stopped::complete);
                            return materialized;
                        });
            }

            @Override
            public CompletionStage<Probe> probe() {
                return CompletableFuture.failedFuture(new UnsupportedOperationException());
            }
        }

        @Test
        void theAdmissionIsRenewed() {
            run(REQUEST);
            streaming(FIRST);
            passes(Duration.ofSeconds(10));
            workerAt(FIRST).expectMessage(new Worker.RenewAdmission(REQUEST.turn()));
            passes(Duration.ofSeconds(10));
            workerAt(FIRST).expectMessage(new Worker.RenewAdmission(REQUEST.turn()));
        }
    }
}
