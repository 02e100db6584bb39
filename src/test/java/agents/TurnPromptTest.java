package agents;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.stream.testkit.TestPublisher;
import inference.AgentHints;
import inference.InferenceEvent;
import inference.InferenceRequest;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/** What a turn knows of its prompt, and of the one after it. */
class TurnPromptTest extends TurnFixture {
    @Test
    void thePromptThatMayFollowIsRenderedWhereOthersAre() {
        Queue<Runnable> toRender = new ConcurrentLinkedQueue<>();
        rendering = toRender::add;
        InferenceRequest guessing = REQUEST.answeredBy(
                REQUEST.turn(), REQUEST.sampling(), new AgentHints(0, 0, null, true, null, null, null));
        run(guessing, sessionProbe.getRef(), this::engine).request(2);
        begun();
        Objects.requireNonNull(toRender.poll()).run();
        TestPublisher.Probe<InferenceEvent> stream = streaming(FIRST);
        stream.sendNext(new InferenceEvent.TextDelta("a long answer ".repeat(20)));
        stream.sendNext(DONE);
        sessionProbe.expectNoMessage();

        Objects.requireNonNull(toRender.poll()).run();
        var complete = sessionProbe.expectMessageClass(AgentSession.CompleteTurn.class);
        assertTrue(Objects.requireNonNull(complete.result().guess()).tokens() > 280);
        assertEquals(FIRST, complete.result().worker());
        assertNull(toRender.poll());
    }
}
