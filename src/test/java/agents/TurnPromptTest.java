package agents;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Conversation;
import akka.stream.testkit.TestPublisher;
import inference.AgentHints;
import inference.InferenceEvent;
import inference.InferenceRequest;
import inference.PromptFingerprint;
import inference.ReasoningEffort;
import inference.pieces.PieceTokens;
import inference.pieces.PiecedPrompt;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a turn waits for to know its prompt, and the one after it. */
class TurnPromptTest extends TurnFixture {
    private final CompletableFuture<Optional<List<int[]>>> answer = new CompletableFuture<>();
    private final PieceTokens engine = new PieceTokens() {
        @Override
        public boolean mayTell(String model) {
            return true;
        }

        @Override
        public CompletionStage<Optional<List<int[]>>> tell(PiecedPrompt prompt, int from) {
            assertEquals(0, from, "nothing is known");
            return answer;
        }
    };

    @Test
    void aTurnIsRoutedOnceAnEngineHasToldItsTokens() {
        told = engine;
        run(REQUEST, sessionProbe.getRef(), this::engine);
        begun();
        router.expectNoMessage();
        assertEquals(1, prompted.getCount(), "its client knows that it takes memory");

        answer.complete(Optional.of(List.of(tokens(20), tokens(12), tokens(3))));
        assertEquals(35, placeOn(FIRST).inputTokens());
        assertEquals(0, prompted.getCount());
    }

    @Test
    void whatNoEngineTellsIsCountedInBytes() {
        told = engine;
        answer.complete(Optional.empty());
        run(REQUEST);
        int untold = placeOn(FIRST).inputTokens();

        assertEquals(renderer.render(REQUEST).inputTokens(), untold);
    }

    @Test
    void itsSessionIsToldOfTheEffortThatMayShowInThePrompt() {
        InferenceRequest low = Conversation.thinking(REQUEST, ReasoningEffort.LOW);
        run(low, sessionProbe.getRef(), this::engine);

        assertEquals(
                PromptFingerprint.chain(low.tools(), low.messages(), ReasoningEffort.LOW),
                sessionProbe.expectMessageClass(AgentSession.BeginTurn.class).chain());
    }

    @Test
    void whatIsToldTooLateIsCountedInBytesAndKnownNextTime() {
        told = engine;
        tellTime = Duration.ofMillis(20);
        run(REQUEST, sessionProbe.getRef(), this::engine);
        begun();
        assertEquals(renderer.render(REQUEST).inputTokens(), placeOn(FIRST).inputTokens());
        assertTrue(metrics.scrape().contains("holdfast_prompts_untold_total{model=\"sim-echo\"} 1"));

        answer.complete(Optional.of(List.of(tokens(20), tokens(12), tokens(3))));
        PiecedPrompt prompt = Objects.requireNonNull(PiecedPrompt.of(REQUEST, renderer.chain(REQUEST)));
        assertEquals(2, renderer.known(REQUEST, prompt).pieces(), "all but what makes the model speak");
    }

    @Test
    void aPromptOfWhichTheAnsweringEngineCountsOtherTokensIsNoted() {
        told = engine;
        answer.complete(Optional.of(List.of(tokens(20), tokens(12), tokens(3))));
        run(REQUEST).request(1);
        streaming(FIRST).sendNext(DONE);

        router.awaitAssert(() -> {
            assertTrue(metrics.scrape().contains("holdfast_prompts_mistold_total{model=\"sim-echo\"} 1"));
            return DONE;
        });
    }

    @Test
    void thePromptThatMayFollowIsRenderedWhereOthersAre() throws InterruptedException {
        BlockingQueue<Runnable> toRender = new LinkedBlockingQueue<>();
        rendering = toRender::add;
        InferenceRequest guessing = REQUEST.answeredBy(
                REQUEST.turn(), REQUEST.sampling(), new AgentHints(0, 0, null, true, null, null, null));
        run(guessing, sessionProbe.getRef(), this::engine).request(2);
        begun();
        Objects.requireNonNull(toRender.poll(10, TimeUnit.SECONDS)).run();
        TestPublisher.Probe<InferenceEvent> stream = streaming(FIRST);
        stream.sendNext(new InferenceEvent.TextDelta("a long answer ".repeat(20)));
        stream.sendNext(DONE);
        sessionProbe.expectNoMessage();

        Objects.requireNonNull(toRender.poll(10, TimeUnit.SECONDS)).run();
        var complete = sessionProbe.expectMessageClass(AgentSession.CompleteTurn.class);
        assertTrue(Objects.requireNonNull(complete.result().guess()).tokens() > 280);
        assertEquals(FIRST, complete.result().worker());
        assertNull(toRender.poll());
    }

    private static int[] tokens(int count) {
        return IntStream.range(0, count).toArray();
    }
}
