package agents.plan;

import static agents.session.Conversation.START;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Control;
import agents.session.Controls;
import agents.session.Conversation;
import agents.session.GapHint;
import agents.session.KeptPoint;
import agents.session.SessionEvent.SessionOpened;
import agents.session.SessionEvent.TurnCompleted;
import agents.session.SessionLimits;
import agents.session.SessionState;
import agents.session.TurnResult;
import inference.FinishReason;
import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import kv.LeaseId;
import kv.RetentionClass;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import router.retention.LeaseTerms;

/** What sessions lease besides their gaps: by class, by name, by mark, by what harnesses say. */
class ClassRulesTest {
    private static final SessionLimits LIMITS = new SessionLimits(8, 8, 64, 8, 8);
    private static final String SYSTEM = "s:You are a careful agent that answers in few words.";
    private static final RetentionSettings SETTINGS = new RetentionSettings(
            "leases",
            0.9,
            0,
            Duration.ZERO,
            Duration.ofSeconds(5),
            Duration.ofMinutes(30),
            2,
            1024,
            0,
            3,
            1.5,
            new RetentionSettings.User(0.7, Duration.ofMinutes(5), 45, 1.5),
            Duration.ofMinutes(10));

    private SessionLeases leases = SessionLeases.of(SETTINGS, tokens -> tokens * 0.5);
    private SessionState state = opened(null);

    private static SessionState opened(@Nullable String parent) {
        return SessionState.opened(new SessionOpened(
                TenantId.DEFAULT,
                new SessionId("session-1"),
                parent == null ? null : new SessionId(parent),
                START,
                null,
                null));
    }

    private List<LeaseAction> ends(TurnResult result) {
        SessionState before = state;
        TurnCompleted ended = before.complete(result, Set.of()).orElseThrow();
        state = before.apply(ended, LIMITS);
        return leases.afterTurn(before, state, ended, result);
    }

    private List<LeaseAction> told(Control control) {
        SessionState before = state;
        Controls.Taken taken = (Controls.Taken) Controls.decide(before, control, null, Set.of(), START);
        taken.events().forEach(event -> state = state.apply(event, LIMITS));
        return leases.afterControl(before, state, taken);
    }

    private static TurnResult answering(String turn, int start, String... spelled) {
        return Conversation.completed(turn, start, start + 1, FinishReason.STOP, spelled);
    }

    private static TurnResult calling(String turn, int start, String... spelled) {
        return Conversation.calling(List.of("bash"), turn, start, start + 1, spelled);
    }

    private static List<LeaseAction.Ask> asks(List<LeaseAction> actions) {
        return actions.stream()
                .filter(LeaseAction.Ask.class::isInstance)
                .map(LeaseAction.Ask.class::cast)
                .toList();
    }

    private static List<RetentionClass> classes(List<LeaseAction> actions) {
        return asks(actions).stream().map(ask -> ask.terms().retentionClass()).toList();
    }

    private static List<LeaseId> ids(List<LeaseAction> actions) {
        return asks(actions).stream().map(ask -> ask.terms().id()).toList();
    }

    @Test
    void aTurnWithoutCallsKeepsItsConversationForAPersonAndItsSystemPromptForEverybody() {
        List<LeaseAction> actions = ends(answering("1", 0, SYSTEM, "u:hello"));
        assertEquals(List.of(RetentionClass.HISTORY, RetentionClass.SYSTEM), classes(actions));
        LeaseAction.Ask history = asks(actions).get(0);
        LeaseAction.Ask system = asks(actions).get(1);

        assertEquals(1, history.terms().minCopies());
        assertTrue(history.remaining().compareTo(Duration.ofMinutes(5)) <= 0);
        assertTrue(history.remaining().compareTo(Duration.ofSeconds(45)) > 0, history.remaining()::toString);
        assertFalse(history.shared());
        assertTrue(system.shared());
        assertEquals(Duration.ofMinutes(10), system.remaining());
        assertEquals(
                state.frontiers().get(0).system().blocks(),
                system.terms().prefix().blocks());
    }

    @Test
    void sessionsThatBeginAlikeShareOneSystemLeaseInOnePlace() {
        LeaseAction.Ask one = asks(ends(calling("1", 0, SYSTEM, "u:hello"))).get(1);
        state = SessionState.opened(
                new SessionOpened(TenantId.DEFAULT, new SessionId("session-2"), null, START, null, null));
        LeaseAction.Ask other =
                asks(ends(answering("1", 0, SYSTEM, "u:something else"))).get(1);
        assertEquals(one.terms().id(), other.terms().id());
        assertEquals(one.terms().root(), other.terms().root());
        assertEquals(one.terms().prefix(), other.terms().prefix());
    }

    @Test
    void aChildThatCallsNoMoreToolsKeepsNothingOfItsOwn() {
        state = opened("parent");
        LeaseId first = ids(ends(calling("1", 0, SYSTEM, "u:hello"))).get(0);
        List<LeaseAction> done = ends(answering("2", 5, SYSTEM, "u:hello", "a:calls a tool", "t:a long enough result"));
        assertEquals(List.of(RetentionClass.SYSTEM), classes(done));
        assertTrue(done.contains(new LeaseAction.End(first)));
    }

    @Test
    void r5ReasoningThatTheLineDropsIsNotKeptForAPerson() {
        ends(calling("1", 0, SYSTEM, "u:one"));
        ends(calling("2", 2, SYSTEM, "u:one", "r:thoughts that fill more than a block or two|a call", "t:its result"));
        ends(calling("3", 9, SYSTEM, "u:one", "a:a call", "t:its result", "a:done", "u:two"));
        List<LeaseAction> idle = ends(answering(
                "4",
                12,
                SYSTEM,
                "u:one",
                "a:a call",
                "t:its result",
                "a:done",
                "u:two",
                "r:more thoughts that fill more than a block or two|another call",
                "t:another result"));
        int before = Objects.requireNonNull(state.frontiers().get(0).reasoning())
                .before()
                .blocks();
        assertTrue(before < state.frontiers().get(0).tip().blocks());
        assertEquals(before, asks(idle).get(0).terms().prefix().blocks());
    }

    @Test
    void whatAHarnessExpectsWinsOverWhatWasLearned() {
        TurnResult plain = calling("1", 0, SYSTEM, "u:hello");
        Duration told = asks(ends(Conversation.with(plain, new GapHint(Duration.ofMinutes(8), null, 0))))
                .get(0)
                .remaining();
        assertTrue(told.compareTo(Duration.ofMinutes(8)) > 0, told::toString);
        assertTrue(told.compareTo(Duration.ofMinutes(14)) < 0, told::toString);

        Duration capped = asks(ends(Conversation.with(
                        calling("2", 9, SYSTEM, "u:hello"),
                        new GapHint(Duration.ofMinutes(8), Duration.ofMinutes(2), 0))))
                .get(0)
                .remaining();
        assertEquals(Duration.ofMinutes(2), capped, "a tool's timeout is the latest that it comes back");
    }

    @Test
    void aMarkIsKeptForItsTimeAgainWithEveryTurnThatReadsIt() {
        TurnResult first = calling("1", 0, SYSTEM, "u:hello, a long question that fills some blocks");
        KeptPoint mark = new KeptPoint(
                first.prompt().tip().blocks(),
                Objects.requireNonNull(first.prompt().tip().tail()),
                3_600_000,
                null);
        LeaseAction.Ask kept =
                asks(ends(Conversation.with(first, GapHint.NONE, mark))).get(1);
        assertEquals(Duration.ofHours(1), kept.remaining());

        List<LeaseAction> read = ends(calling(
                "2", 5, SYSTEM, "u:hello, a long question that fills some blocks", "a:calls a tool", "t:its result"));
        assertTrue(ids(read).contains(kept.terms().id()), "read, so kept for an hour from now");
        assertFalse(read.contains(new LeaseAction.End(kept.terms().id())));
    }

    @Test
    void whatIsAskedForByNameIsKeptNoWorseThanTheLineThatItBegins() {
        TurnResult first = calling("1", 0, SYSTEM, "u:hello, a long question that fills some blocks");
        KeptPoint mark = new KeptPoint(
                first.prompt().tip().blocks(),
                Objects.requireNonNull(first.prompt().tip().tail()),
                3_600_000,
                null);
        List<LeaseAction.Ask> asked = asks(ends(Conversation.with(first, GapHint.NONE, mark)));
        LeaseTerms gap = asked.get(0).terms();
        assertEquals(SETTINGS.minCopies(), gap.minCopies());

        LeaseTerms named =
                asks(told(new Control.Keep(null, null, 7_200_000, null))).get(0).terms();
        for (LeaseTerms kept : List.of(asked.get(1).terms(), named)) {
            assertEquals(gap.minCopies(), kept.minCopies());
            assertEquals(gap.tiers(), kept.tiers());
            assertEquals(gap.density(), kept.density());
            assertTrue(kept.priority() > gap.priority(), "of one density, a guess yields first");
        }
    }

    @Test
    void aMarkInsideTheSystemPromptIsSharedLikeIt() {
        TurnResult first = calling("1", 0, SYSTEM, "u:hello");
        KeptPoint mark = new KeptPoint(
                first.prompt().system().blocks(),
                Objects.requireNonNull(first.prompt().system().tail()),
                3_600_000,
                null);
        List<LeaseAction.Ask> asked = asks(ends(Conversation.with(first, GapHint.NONE, mark)));
        assertTrue(asked.get(1).shared());
        assertEquals(asked.get(1).terms().id(), asked.get(2).terms().id(), "one lease, for the longer time");
        assertEquals(Duration.ofHours(1), asked.get(1).remaining());
    }

    @Test
    void aClosedSessionLeavesWhatItSharedToTheOthers() {
        LeaseId system = ids(ends(calling("1", 0, SYSTEM, "u:hello"))).get(1);
        assertEquals(List.of(new LeaseAction.EndAll(), new LeaseAction.Leave(system)), told(new Control.Close()));
        assertTrue(state.closed());
        assertEquals(
                List.of(),
                leases.afterClose(opened(null)).stream()
                        .filter(LeaseAction.Leave.class::isInstance)
                        .toList());
    }

    @Test
    void aStallKeepsTheLineAndAResumeBringsItBack() {
        LeaseId gap = ids(ends(calling("1", 0, SYSTEM, "u:hello"))).get(0);
        LeaseAction.Ask stalled =
                asks(told(new Control.Stall(null, "make", 600_000L))).get(0);
        assertEquals(gap, stalled.terms().id());
        assertTrue(stalled.remaining().compareTo(Duration.ofMinutes(10)) > 0);
        List<LeaseAction> actions = told(new Control.Resume(null));
        LeaseAction.Ask resumed = asks(actions).get(0);
        assertEquals(gap, resumed.terms().id());
        assertEquals(
                new LeaseAction.Prefetch(0, gap, Duration.ZERO),
                actions.get(1),
                "from a colder tier at once, though nothing is prefetched for returns that are foretold");
        assertEquals(SETTINGS.minLease(), resumed.remaining());
    }

    @Test
    void r5CompactionEndsWhatOnlyTheDeadLinesHad() {
        LeaseId old = ids(ends(calling("1", 0, SYSTEM, "u:a long history that is about to be compacted")))
                .get(0);
        LeaseId young = ids(ends(calling("2", 5, SYSTEM, "u:summary"))).get(0);
        List<LeaseAction> actions = told(new Control.Compact(List.of()));
        assertEquals(List.of(new LeaseAction.End(old)), actions, "the system prompt and the new line live on");
        assertFalse(actions.contains(new LeaseAction.End(young)));
    }

    @Test
    void aForkAsksInItsOwnNameAndPlace() {
        ends(calling("1", 0, SYSTEM, "u:hello"));
        SessionState fork = SessionState.opened(new SessionOpened(
                TenantId.DEFAULT,
                new SessionId("fork"),
                null,
                START,
                state.id(),
                state.frontiers().get(0).forked()));
        LeaseAction.Ask asked = asks(leases.afterFork(fork)).get(0);
        assertEquals(fork.id(), asked.terms().root());
        assertEquals(fork.id(), asked.terms().session());
        assertEquals(
                state.frontiers().get(0).tip().tail(), asked.terms().prefix().tail());
    }

    @Test
    void aPolicyThatKeepsNothingStillKeepsWhatIsAskedForByName() {
        leases = SessionLeases.of(SETTINGS.with(GapPolicies.NONE), tokens -> tokens * 0.5);
        assertEquals(List.of(), asks(ends(calling("1", 0, SYSTEM, "u:hello"))));
        LeaseAction.Ask kept =
                asks(told(new Control.Keep(null, null, 60_000, 2))).get(0);
        assertEquals(Duration.ofMinutes(1), kept.remaining());
        assertEquals(2, kept.terms().minCopies());
    }

    @Test
    void peopleAreLearnedApartFromTools() {
        Duration believed = asks(ends(answering("0", 0, SYSTEM, "u:0"))).get(0).remaining();
        String[] prompt = {SYSTEM, "u:0"};
        int at = 1;
        for (int i = 1; i <= 40; i++) {
            at += 8;
            prompt = java.util.stream.Stream.concat(
                            java.util.Arrays.stream(prompt), java.util.stream.Stream.of("a:" + i, "u:" + i))
                    .toArray(String[]::new);
            ends(answering("" + i, at, prompt));
            at += 1;
        }
        Duration learned = asks(ends(answering("last", at + 8, prompt))).get(0).remaining();
        assertTrue(
                learned.compareTo(Duration.ofSeconds(12)) < 0, learned + " after gaps of 8 s, " + believed + " before");
        assertTrue(believed.compareTo(Duration.ofSeconds(45)) > 0, believed::toString);
    }
}
