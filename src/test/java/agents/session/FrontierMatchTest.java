package agents.session;

import static agents.session.Conversation.completed;
import static agents.session.Conversation.outline;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.FrontierMatch.Kind;
import inference.ContentBlock;
import inference.FinishReason;
import inference.Message;
import inference.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Which line of prompts a turn goes on with. */
class FrontierMatchTest extends SessionFixture {
    @Test
    void aPromptThatContinuesTheLastOneExtendsItsFrontier() {
        end(completed("1", 0, 2, FinishReason.TOOL_CALLS, SYSTEM, "u:list files"));
        FrontierMatch match = match(SYSTEM, "u:list files", "a:ls", "t:pom.xml");

        assertEquals(Kind.EXTENDS, match.kind());
        assertEquals(2, match.matchedMessages());

        end(completed("2", 7, 9, FinishReason.STOP, SYSTEM, "u:list files", "a:ls", "t:pom.xml"));
        assertEquals(1, state.frontiers().size());
        assertEquals(4, state.frontiers().get(0).tip().messages());
        assertEquals(5_000, state.turns().get(1).gapMillis());
        assertNull(state.turns().get(0).gapMillis());
    }

    @Test
    void aPromptThatRepeatsTheLastOneStaysOnItsFrontier() {
        end(completed("1", 0, 2, FinishReason.STOP, SYSTEM, "u:hello"));
        end(completed("2", 3, 4, FinishReason.STOP, SYSTEM, "u:hello"));

        assertEquals(1, state.frontiers().size());
        assertEquals(1, state.frontiers().get(0).checkpoints().size());
        assertEquals(2, state.frontiers().get(0).turns());
    }

    @Test
    void aPromptWithAnEditedEndForksFromTheDeepestCommonTurn() {
        end(completed("1", 0, 1, FinishReason.STOP, SYSTEM, "u:one"));
        end(completed("2", 2, 3, FinishReason.STOP, SYSTEM, "u:one", "a:1", "u:two"));
        FrontierMatch match = match(SYSTEM, "u:one", "a:1", "u:zwei");

        assertEquals(Kind.FORKS, match.kind());
        assertEquals(2, match.matchedMessages());

        end(completed("3", 4, 5, FinishReason.STOP, SYSTEM, "u:one", "a:1", "u:zwei"));
        Frontier fork = state.frontiers().get(1);
        assertEquals(0, fork.forkedFrom());
        assertEquals(
                List.of(2, 4),
                fork.checkpoints().stream().map(Checkpoint::messages).toList());
        assertNull(state.turns().get(2).gapMillis());
    }

    @Test
    void aSideRequestUnderTheSameSystemPromptIsAFrontierOfItsOwn() {
        end(completed("1", 0, 1, FinishReason.TOOL_CALLS, SYSTEM, "u:one"));
        FrontierMatch match = match(SYSTEM, "u:give a title");

        assertEquals(Kind.OPENS, match.kind());
        assertEquals(1, match.matchedMessages());

        end(completed("2", 2, 3, FinishReason.STOP, SYSTEM, "u:give a title"));
        assertEquals(2, state.frontiers().size());
        assertNull(state.frontiers().get(1).forkedFrom());
        assertEquals(SessionPhase.ACTING, state.phase(0), "the first line still waits for its tools");
        assertTrue(state.frontiers().get(0).live());
    }

    @Test
    void anotherModelNeverMatches() {
        end(completed("1", 0, 1, FinishReason.STOP, SYSTEM, "u:one"));
        PromptOutline outline = outline(SYSTEM, "u:one");

        assertEquals(
                Kind.OPENS,
                state.match("other-model", outline.blockSizeTokens(), outline.chain())
                        .kind());
        assertEquals(
                -1,
                state.match("other-model", outline.blockSizeTokens(), outline.chain())
                        .matchedMessages());
    }

    @Test
    void withoutSystemPromptNothingIsSharedByStrangers() {
        end(completed("1", 0, 1, FinishReason.STOP, "u:one"));

        assertEquals(-1, match("u:two").matchedMessages());
    }

    @Test
    void r5APromptThatDroppedItsReasoningSucceedsTheOneThatReplayedIt() {
        end(completed("1", 0, 1, FinishReason.TOOL_CALLS, SYSTEM, "u:one"));
        end(completed("2", 2, 3, FinishReason.TOOL_CALLS, THINKING));
        String[] dropped = {SYSTEM, "u:one", "a:calls a tool", "t:its result", "a:done", "u:two"};
        FrontierMatch match = match(dropped);

        assertEquals(Kind.EXTENDS, match.kind());
        assertTrue(match.reasoningDropped());
        assertEquals(2, match.matchedMessages(), "known token by token up to the reasoning only");

        end(completed("3", 9, 10, FinishReason.STOP, dropped));
        assertEquals(1, state.frontiers().size());
        Frontier frontier = state.frontiers().get(0);
        assertTrue(frontier.dropsReasoning());
        assertEquals(
                List.of(2, 6),
                frontier.checkpoints().stream().map(Checkpoint::messages).toList(),
                "nothing can fork from what was dropped");
        assertEquals(6_000, state.turns().get(2).gapMillis());
    }

    @Test
    void reasoningThatIsAllOfAMessageIsNotFollowedOnceItIsDropped() {
        end(completed("1", 0, 1, FinishReason.STOP, SYSTEM, "u:one"));
        List<Message> messages = new ArrayList<>(Conversation.messages(SYSTEM, "u:one"));
        messages.add(new Message(Role.ASSISTANT, List.of(new ContentBlock.Thinking("only a thought", null))));
        PromptOutline outline = Conversation.renderer(new PromptCache(0))
                .render(Conversation.request("2", "session-1", List.of(), messages))
                .outline();

        assertNull(Objects.requireNonNull(outline.reasoning()).without());
    }
}
