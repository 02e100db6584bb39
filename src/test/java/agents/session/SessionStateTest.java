package agents.session;

import static agents.session.Conversation.START;
import static agents.session.Conversation.completed;
import static agents.session.Conversation.outline;
import static agents.session.Conversation.without;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.FrontierMatch.Kind;
import agents.session.SessionEvent.CloseReason;
import agents.session.SessionEvent.SessionOpened;
import inference.ContentBlock;
import inference.FinishReason;
import inference.Message;
import inference.Role;
import inference.SessionId;
import inference.TenantId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import kv.RetentionClass;
import org.junit.jupiter.api.Test;

class SessionStateTest {
    private static final SessionLimits LIMITS = new SessionLimits(4, 3, 5, 2, 8);
    private SessionState state = SessionState.opened(new SessionOpened(
            TenantId.DEFAULT, new SessionId("session-1"), new SessionId("parent"), START, null, null));

    private static final String SYSTEM = "s:You are a careful agent that answers in few words.";
    private static final String[] THINKING = {
        SYSTEM, "u:one", "r:thoughts that fill more than a block or two of tokens|calls a tool", "t:its result"
    };

    private void end(TurnResult result) {
        end(result, Set.of());
    }

    private void end(TurnResult result, Set<Integer> busy) {
        state.complete(result, busy).ifPresent(event -> state = state.apply(event, LIMITS));
    }

    private FrontierMatch match(String... spelled) {
        PromptOutline outline = outline(spelled);
        return state.match(outline.model(), outline.blockSizeTokens(), outline.chain());
    }

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
    void severalAnswersToOnePromptAreNoSecondTurnOfTheirLine() {
        end(completed("1", 0, 1, FinishReason.TOOL_CALLS, SYSTEM, "u:long history"));
        end(completed("2", 2, 4, FinishReason.STOP, SYSTEM, "u:a subagent's task"));
        end(completed("2b", 2, 5, FinishReason.STOP, SYSTEM, "u:a subagent's task"));

        assertEquals(2, state.frontiers().size());
        assertTrue(state.frontiers().get(0).live(), "it still waits for its tools");
        assertNull(state.turns().get(2).gapMillis());
    }

    @Test
    void aLineWaitsForToolsIfOneOfSeveralAnswersCallsSome() {
        end(completed("1", 0, 3, FinishReason.STOP, SYSTEM, "u:one"));
        assertEquals(SessionPhase.IDLE, state.phase(0));
        end(Conversation.calling(List.of("bash"), "1b", 0, 4, SYSTEM, "u:one"));
        end(completed("1c", 0, 5, FinishReason.STOP, SYSTEM, "u:one"));
        assertEquals(SessionPhase.ACTING, state.phase(0));
        assertEquals(List.of("bash"), state.frontiers().get(0).calls());
        end(Conversation.calling(List.of("bash"), "1d", 0, 5, SYSTEM, "u:one"));
        assertEquals(List.of("bash"), state.frontiers().get(0).calls());
        for (String tool : List.of("make", "bash")) {
            end(Conversation.calling(List.of(tool), "1" + tool, 0, 5, SYSTEM, "u:one"));
            assertNull(state.frontiers().get(0).calls(), "which of them it waits for is not known");
            assertEquals(SessionPhase.ACTING, state.phase(0));
        }

        end(completed("2", 6, 7, FinishReason.STOP, SYSTEM, "u:one"));
        assertEquals(SessionPhase.IDLE, state.phase(0), "asked for again, it is another answer instead");
    }

    @Test
    void aFrontierLeftBehindIsDeadWithTheOthersSecondTurn() {
        end(completed("1", 0, 1, FinishReason.TOOL_CALLS, SYSTEM, "u:long history"));
        end(completed("2", 2, 3, FinishReason.STOP, SYSTEM, "u:summary of it"));
        assertTrue(state.frontiers().get(0).live());

        end(completed("3", 4, 5, FinishReason.STOP, SYSTEM, "u:summary of it", "a:ok", "u:go on"));
        assertFalse(state.frontiers().get(0).live());
        assertEquals(SessionPhase.IDLE, state.phase(0));

        end(completed("4", 6, 7, FinishReason.STOP, SYSTEM, "u:long history", "a:x", "t:late result"));
        assertTrue(state.frontiers().get(0).live(), "its next turn makes it live again");
    }

    @Test
    void linesThatTakeTurnsAlternatelyOrRunNowAreNotDead() {
        end(completed("1", 0, 1, FinishReason.STOP, SYSTEM, "u:A"));
        end(completed("2", 2, 3, FinishReason.STOP, SYSTEM, "u:B"));
        end(completed("3", 4, 5, FinishReason.STOP, SYSTEM, "u:A", "a:1", "u:A2"));
        assertFalse(state.frontiers().get(1).live() && state.frontiers().get(1).lastTurn() < 1);
        end(completed("4", 6, 7, FinishReason.STOP, SYSTEM, "u:B", "a:1", "u:B2"));
        assertTrue(state.frontiers().stream().allMatch(Frontier::live));

        end(completed("5", 8, 9, FinishReason.STOP, SYSTEM, "u:B", "a:1", "u:B2", "a:2", "u:B3"), Set.of(0));
        assertTrue(state.frontiers().get(0).live(), "a turn runs on it");
    }

    @Test
    void aTurnWithoutATokenLeavesTheFrontiersAlone() {
        end(completed("1", 0, 1, FinishReason.TOOL_CALLS, SYSTEM, "u:one"));
        end(without("2", TurnOutcome.OVERLOADED, 3, SYSTEM, "u:one", "a:1", "t:2"));

        assertEquals(2, state.frontiers().get(0).tip().messages());
        assertEquals(2, state.totalTurns());
        assertEquals(2_000, state.turns().get(1).gapMillis());
        assertEquals(SessionPhase.ACTING, state.phase(0), "the tool results are still to come");
    }

    @Test
    void aTurnIsRecordedOncePerIdAndOutcome() {
        end(without("1", TurnOutcome.CANCELLED, 0, SYSTEM, "u:one"));
        end(without("1", TurnOutcome.CANCELLED, 0, SYSTEM, "u:one"));
        assertEquals(1, state.totalTurns());

        end(completed("1", 2, 3, FinishReason.STOP, SYSTEM, "u:one"));
        assertEquals(2, state.totalTurns(), "a cancelled turn may be tried again under its id");

        end(without("1", TurnOutcome.ENGINE_FAILED, 4, SYSTEM, "u:one"));
        assertEquals(2, state.totalTurns(), "a completed one may not");
    }

    @Test
    void segmentsCutTheLineIntoItsClasses() {
        end(completed("1", 0, 1, FinishReason.STOP, SYSTEM, "u:one"));
        Frontier frontier = state.frontiers().get(0);
        int systemTokens = ("?system\n" + SYSTEM.substring(2) + "?\n").length();

        List<Segment> segments = frontier.segments(false);
        assertEquals(
                new Segment(
                        RetentionClass.SYSTEM,
                        0,
                        systemTokens / Conversation.BLOCK,
                        frontier.system().tail()),
                segments.get(0));
        assertEquals(RetentionClass.HISTORY, segments.get(1).retentionClass());
        assertEquals(segments.get(0).toBlock(), segments.get(1).fromBlock());
        assertEquals(frontier.tip().blocks(), segments.get(1).toBlock());
        assertEquals(RetentionClass.SUBAGENT, frontier.segments(true).get(1).retentionClass());
    }

    @Test
    void everyListIsBounded() {
        String[] prompt = {SYSTEM, "u:0"};
        for (int i = 0; i < 10; i++) {
            end(completed("t" + i, i, i, FinishReason.STOP, prompt));
            prompt = longer(prompt, "a:" + i, "u:" + i);
        }
        assertEquals(3, state.frontiers().get(0).checkpoints().size());
        assertEquals(
                List.of("t5", "t6", "t7", "t8", "t9"),
                state.turns().stream().map(turn -> turn.id().value()).toList());
        assertEquals(10, state.totalTurns());

        for (int i = 0; i < 10; i++) {
            end(completed("s" + i, 20 + i, 20 + i, FinishReason.STOP, "s:system " + i, "u:x"));
            state = state.apply(state.link(new SessionId("child" + i), START).orElseThrow(), LIMITS);
        }
        assertEquals(
                List.of(7, 8, 9, 10),
                state.frontiers().stream().map(Frontier::id).toList());
        assertEquals(11, state.nextFrontier());
        assertEquals(List.of(new SessionId("child8"), new SessionId("child9")), state.children());
    }

    @Test
    void aTurnThatEndsAfterCloseIsRecordedAndTheSessionStaysClosed() {
        state = state.apply(state.close(CloseReason.REQUESTED, START).orElseThrow(), LIMITS);
        end(completed("1", 0, 1, FinishReason.TOOL_CALLS, SYSTEM, "u:one"));

        assertEquals(1, state.totalTurns());
        assertEquals(SessionPhase.CLOSED, state.phase(1));
        assertTrue(state.close(CloseReason.REQUESTED, START).isEmpty());
    }

    @Test
    void openingAClosedSessionForgetsItsPast() {
        end(completed("1", 0, 1, FinishReason.STOP, SYSTEM, "u:one"));
        state = state.apply(state.close(CloseReason.FINAL_TURN, START).orElseThrow(), LIMITS);
        SessionOpened again = new SessionOpened(state.tenant(), state.id(), null, START.plusSeconds(9), null, null);

        assertEquals(SessionState.opened(again), state.apply(again, LIMITS));
    }

    @Test
    void anEventWrittenUnderOtherLimitsStillApplies() {
        end(completed("1", 0, 1, FinishReason.STOP, SYSTEM, "u:one"));
        end(completed("2", 2, 3, FinishReason.STOP, SYSTEM, "u:one", "a:1", "u:two"));
        SessionEvent fork = state.complete(
                        completed("3", 4, 5, FinishReason.STOP, SYSTEM, "u:one", "a:1", "u:drei"), Set.of())
                .orElseThrow();
        SessionState forgetful = SessionState.opened(
                new SessionOpened(TenantId.DEFAULT, new SessionId("session-1"), null, START, null, null));

        SessionState after = forgetful.apply(fork, LIMITS);
        assertEquals(
                List.of(4),
                after.frontiers().get(0).checkpoints().stream()
                        .map(Checkpoint::messages)
                        .toList());
        assertEquals(3, after.totalTurns());
    }

    @Test
    void reasoningOfAnOpenToolLoopIsASegmentOfItsOwnUntilTheLoopCloses() {
        end(completed("1", 0, 1, FinishReason.TOOL_CALLS, SYSTEM, "u:one"));
        end(completed("2", 2, 3, FinishReason.TOOL_CALLS, THINKING));
        Frontier frontier = state.frontiers().get(0);
        Checkpoint before = outline(SYSTEM, "u:one").tip();

        assertEquals(
                List.of(
                        new Segment(
                                RetentionClass.SYSTEM,
                                0,
                                frontier.system().blocks(),
                                frontier.system().tail()),
                        new Segment(RetentionClass.HISTORY, frontier.system().blocks(), before.blocks(), before.tail()),
                        new Segment(
                                RetentionClass.REASONING,
                                before.blocks(),
                                frontier.tip().blocks(),
                                frontier.tip().tail())),
                frontier.segments(false));

        end(completed("3", 4, 5, FinishReason.STOP, longer(THINKING, "a:done", "u:two")));
        assertEquals(
                List.of(RetentionClass.SYSTEM, RetentionClass.HISTORY),
                state.frontiers().get(0).segments(false).stream()
                        .map(Segment::retentionClass)
                        .toList(),
                "replayed past its loop, it is history");
        assertFalse(state.frontiers().get(0).dropsReasoning());
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

    @Test
    void aSessionTakesAParentOnlyWhileNothingRanInIt() {
        SessionState alone = SessionState.opened(
                new SessionOpened(TenantId.DEFAULT, new SessionId("session-1"), null, START, null, null));
        SessionState placed =
                alone.apply(alone.place(new SessionId("p"), null, START).orElseThrow(), LIMITS);
        assertEquals(new SessionId("p"), placed.parent());
        assertEquals(new SessionId("p"), placed.treeRoot());

        SessionState deeper =
                placed.apply(placed.place(null, new SessionId("top"), START).orElseThrow(), LIMITS);
        assertEquals(new SessionId("p"), deeper.parent());
        assertEquals(new SessionId("top"), deeper.treeRoot());
        assertTrue(deeper.place(new SessionId("other"), null, START).isEmpty());
        assertTrue(deeper.place(null, deeper.id(), START).isEmpty(), "nobody is below itself");

        state = alone;
        end(completed("1", 0, 1, FinishReason.STOP, SYSTEM, "u:one"));
        assertTrue(state.place(new SessionId("p"), null, START).isEmpty());
    }

    private static String[] longer(String[] prompt, String... more) {
        return java.util.stream.Stream.of(prompt, more)
                .flatMap(java.util.Arrays::stream)
                .toArray(String[]::new);
    }
}
