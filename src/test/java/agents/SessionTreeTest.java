package agents;

import static agents.session.Conversation.completed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import agents.AgentSession.TurnBegun;
import agents.session.Conversation;
import agents.session.SessionEvent.CloseReason;
import akka.actor.testkit.typed.javadsl.TestProbe;
import inference.FinishReason;
import inference.SessionId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import router.LeaseKeeper;

class SessionTreeTest extends AgentSessionFixture {
    @Test
    void aParentIsToldUntilItAnswers() {
        TestProbe<Object> turn = kit.createTestProbe();
        begins("1", turn.getRef(), SYSTEM, "u:hello");
        var link = parent.expectMessageClass(AgentSession.LinkChild.class);
        assertEquals(new SessionId("session-1"), link.child());
        assertEquals(new SessionId("parent"), link.session());
        time.timePasses(SETTINGS.askTimeout().plusMillis(1));

        ends(SESSION, completed("1", 0, 2, FinishReason.STOP, SYSTEM, "u:hello"));
        parent.expectMessageClass(AgentSession.LinkChild.class).replyTo().tell(new AgentSession.ChildKnown(PARENT));

        AtomicInteger next = new AtomicInteger(1);
        parent.awaitAssert(() -> {
            int turnNumber = next.incrementAndGet();
            ends(SESSION, completed("" + turnNumber, turnNumber, turnNumber, FinishReason.STOP, SYSTEM, "u:hello"));
            parent.expectNoMessage(Duration.ZERO);
            return turnNumber;
        });
    }

    @Test
    void aParentThatNobodyOpenedIsOpenedByItsChild() {
        var linked = session.<AgentSession.ChildKnown>runCommand(
                replyTo -> new AgentSession.LinkChild(SESSION.tenant(), SESSION.id(), new SessionId("child"), replyTo));
        assertEquals(List.of(new SessionId("child")), linked.state().children());
        assertNull(linked.state().parent());

        var again = session.<AgentSession.ChildKnown>runCommand(
                replyTo -> new AgentSession.LinkChild(SESSION.tenant(), SESSION.id(), new SessionId("child"), replyTo));
        assertEquals(List.of(), again.events());
    }

    @Test
    void theRootOfItsTreeIsLearnedFromTheParentAndToldToTheChildren() {
        SessionId top = new SessionId("top");
        session.<AgentSession.ChildKnown>runCommand(
                replyTo -> new AgentSession.LinkChild(SESSION.tenant(), SESSION.id(), new SessionId("child"), replyTo));
        TestProbe<Object> turn = kit.createTestProbe();
        TurnBegun begun = (TurnBegun) begins("1", turn.getRef(), SYSTEM, "u:hello");
        assertEquals(PARENT, begun.root(), "as far as is known");
        assertEquals(
                PARENT, parent.expectMessageClass(AgentSession.LearnRoot.class).root());

        parent.expectMessageClass(AgentSession.LinkChild.class).replyTo().tell(new AgentSession.ChildKnown(top));
        assertEquals(
                top, parent.expectMessageClass(AgentSession.LearnRoot.class).root());
        assertEquals(top, ((TurnBegun) begins("1", turn.getRef(), SYSTEM, "u:hello")).root());

        ends(SESSION, Conversation.calling(List.of("bash"), "1", 0, 2, SYSTEM, "u:hello"));
        assertEquals(
                PARENT,
                keeper.expectMessageClass(LeaseKeeper.ReleaseSession.class).root(),
                "what was kept under the other root");
        assertEquals(
                top, keeper.expectMessageClass(LeaseKeeper.Grant.class).terms().root());
        assertEquals(session.getState(), session.restart().state());
    }

    @Test
    void aClosedSessionClosesThoseThatItSpawned() {
        session.<AgentSession.ChildKnown>runCommand(
                replyTo -> new AgentSession.LinkChild(SESSION.tenant(), SESSION.id(), new SessionId("child"), replyTo));
        closes();
        assertEquals(
                CloseReason.PARENT_OVER,
                parent.expectMessageClass(AgentSession.Close.class).reason());
        closes();
        parent.expectNoMessage(Duration.ZERO);
    }
}
