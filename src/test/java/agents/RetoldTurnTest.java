package agents;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Conversation;
import agents.session.TurnOutcome;
import akka.stream.testkit.TestPublisher;
import akka.stream.testkit.TestSubscriber;
import inference.AgentHints;
import inference.InferenceEvent;
import inference.InferenceEvent.Failed;
import inference.InferenceEvent.TextDelta;
import inference.InferenceEvent.ThinkingDelta;
import inference.InferenceEvent.ToolCallDelta;
import inference.InferenceEvent.ToolCallStarted;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import inference.InferenceRequest;
import inference.Sampling;
import org.junit.jupiter.api.Test;
import router.Router;
import workers.Worker;

/** Turns whose engine dies after its first token, among engines that cannot go on with what another one began. */
class RetoldTurnTest extends TurnFixture {
    private static final Failed KILLED = new Failed(InferenceFailure.of(Kind.ENGINE_FAILED, "killed"));

    @Test
    void anotherEngineTellsADrawnAnswerAgainAndTheClientGetsWhatItHasNot() {
        TestSubscriber.Probe<InferenceEvent> client = run(drawnTheSame());
        TestPublisher.Probe<InferenceEvent> next = diesAfter(
                client,
                new ThinkingDelta("hm"),
                new TextDelta("Let me"),
                new ToolCallStarted(0, "call-1", "ls"),
                new ToolCallDelta(0, "{\"pa"));

        client.request(2);
        next.sendNext(new ThinkingDelta("hm"));
        next.sendNext(new TextDelta("Let me"));
        router.expectMessageClass(Router.FirstToken.class);
        next.sendNext(new ToolCallStarted(0, "call-2", "ls"));
        next.sendNext(new ToolCallDelta(0, "{\"path\":1}"));
        next.sendNext(DONE);

        client.expectNext(new ToolCallDelta(0, "th\":1}"), DONE);
        client.expectComplete();
        assertEquals(SECOND, recorded().worker());
        assertEquals(TurnOutcome.COMPLETED, recorded().outcome());
    }

    @Test
    void anotherAnswerEndsTheTurnWithoutBlameForTheEngineThatGivesIt() {
        TestSubscriber.Probe<InferenceEvent> client = run(drawnTheSame());
        TestPublisher.Probe<InferenceEvent> next = diesAfter(client, new TextDelta("Let me"));

        next.sendNext(new TextDelta("Let us"));

        client.request(1);
        Failed failed = assertInstanceOf(Failed.class, client.expectNext());
        assertEquals(Kind.ENGINE_FAILED, failed.failure().kind());
        assertTrue(failed.failure().message().contains("another text: killed"), failed.toString());
        client.expectComplete();
        next.expectCancellation();
        workerAt(SECOND).expectMessageClass(Worker.EndTurn.class);
        assertEquals(TurnOutcome.ENGINE_FAILED, recorded().outcome());
    }

    @Test
    void anEngineThatDiesWhileItTellsTheAnswerAgainIsFollowedByAThird() {
        TestSubscriber.Probe<InferenceEvent> client = run(drawnTheSame());
        TestPublisher.Probe<InferenceEvent> next = diesAfter(client, new TextDelta("Let me"));
        next.sendNext(new TextDelta("Let"));
        next.sendNext(KILLED);
        router.expectMessageClass(Router.FirstToken.class);
        router.expectMessageClass(Router.Release.class);
        engines.remove(FIRST);

        TestPublisher.Probe<InferenceEvent> third = streaming(FIRST);
        third.sendNext(new TextDelta("Let me see"));
        third.sendNext(DONE);

        client.request(2);
        client.expectNext(new TextDelta(" see"), DONE);
        client.expectComplete();
    }

    /** A second engine, after the client got this of the first one. */
    private TestPublisher.Probe<InferenceEvent> diesAfter(
            TestSubscriber.Probe<InferenceEvent> client, InferenceEvent... said) {
        TestPublisher.Probe<InferenceEvent> engine = streaming(FIRST);
        for (InferenceEvent event : said) {
            engine.sendNext(event);
        }
        engine.sendNext(KILLED);
        client.request(said.length);
        for (InferenceEvent event : said) {
            client.expectNext(event);
        }
        workerAt(FIRST).expectMessage(new Worker.ReportFailure("killed"));
        workerAt(FIRST).expectMessage(new Worker.EndTurn(REQUEST.turn()));
        router.expectMessageClass(Router.FirstToken.class);
        router.expectMessage(new Router.Release(REQUEST.turn(), false));
        return streaming(SECOND);
    }

    private static InferenceRequest drawnTheSame() {
        return Conversation.request("turn-1", "s:Be brief.", "u:hello")
                .answeredBy(REQUEST.turn(), Sampling.DEFAULT.seeded(7L), AgentHints.NONE);
    }
}
