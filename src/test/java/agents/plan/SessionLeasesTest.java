package agents.plan;

import static agents.session.Conversation.START;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Conversation;
import agents.session.GapHint;
import agents.session.SessionEvent.CloseReason;
import agents.session.SessionEvent.SessionOpened;
import agents.session.SessionEvent.TurnCompleted;
import agents.session.SessionLimits;
import agents.session.SessionState;
import agents.session.TurnOutcome;
import agents.session.TurnResult;
import inference.ConversationRef;
import inference.FinishReason;
import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import kv.RetentionClass;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import router.retention.LeaseTerms;

class SessionLeasesTest {
    private static final SessionLimits LIMITS = new SessionLimits(8, 8, 64, 8, 8);
    private static final String SYSTEM = "s:You are a careful agent that answers in few words.";
    private static final RetentionSettings SETTINGS = moving("leases", 0, Duration.ZERO);

    private final SessionLeases leases = SessionLeases.of(SETTINGS, tokens -> tokens * 0.5);
    private SessionState state = opened(null);

    private static RetentionSettings prefetching(String policy, double quantile) {
        return moving(policy, quantile, Duration.ZERO);
    }

    private static RetentionSettings moving(String policy, double quantile, Duration reloadWorth) {
        return new RetentionSettings(
                policy,
                0.9,
                quantile,
                reloadWorth,
                Duration.ofSeconds(5),
                Duration.ofMinutes(30),
                2,
                1024,
                0,
                3,
                1.5,
                new RetentionSettings.User(0.7, Duration.ZERO, 45, 1.5),
                Duration.ZERO);
    }

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

    private static TurnResult calling(String turn, int start, String... spelled) {
        return Conversation.calling(List.of("bash"), turn, start, start + 1, spelled);
    }

    private static LeaseAction.Ask asked(List<LeaseAction> actions) {
        return assertInstanceOf(LeaseAction.Ask.class, actions.get(0));
    }

    @Test
    void aTurnThatCallsToolsAsksForItsWholePromptUntilItsReturn() {
        TurnResult result = calling("1", 0, SYSTEM, "u:hello");
        List<LeaseAction> actions = ends(result);

        assertEquals(1, actions.size());
        LeaseTerms terms = asked(actions).terms();
        assertEquals(result.prompt().tip().blocks(), terms.prefix().blocks());
        assertEquals(result.prompt().tip().tail(), terms.prefix().tail());
        assertEquals(
                new ConversationRef(TenantId.DEFAULT, "sim-echo", Objects.requireNonNull(result.conversation())),
                terms.conversation());
        assertEquals(Conversation.WORKER, terms.home());
        assertEquals(2, terms.minCopies());
        assertEquals(RetentionClass.HISTORY, terms.retentionClass());
        assertTrue(terms.density() > 0);
        assertTrue(asked(actions).remaining().compareTo(Duration.ofSeconds(10)) > 0);
    }

    @Test
    void whatAColderTierKeepsIsWantedBackForTheShareOfReturnsThatIsSet() {
        Duration early = prefetchedAfter(0.25, GapHint.NONE);
        assertTrue(early.compareTo(Duration.ofMillis(800)) > 0, early::toString);
        assertTrue(early.compareTo(Duration.ofMillis(1500)) < 0, early + " for a median of 3 s and a spread of 1.5");
        assertTrue(prefetchedAfter(0.75, GapHint.NONE).compareTo(Duration.ofSeconds(6)) > 0);

        Duration hinted = prefetchedAfter(0.25, new GapHint(Duration.ofSeconds(100), null, 0));
        assertTrue(hinted.compareTo(Duration.ofSeconds(70)) > 0, hinted::toString);
        assertTrue(hinted.compareTo(Duration.ofSeconds(100)) < 0, hinted::toString);
    }

    private static Duration prefetchedAfter(double quantile, GapHint hint) {
        SessionLeases leases = SessionLeases.of(prefetching("leases", quantile), tokens -> tokens * 0.5);
        List<LeaseAction> actions = after(leases, Conversation.with(calling("1", 0, SYSTEM, "u:hello"), hint));
        LeaseAction.Prefetch prefetch = assertInstanceOf(LeaseAction.Prefetch.class, actions.get(1));
        assertEquals(asked(actions).terms().id(), prefetch.lease());
        assertEquals(2, actions.size());
        return prefetch.after();
    }

    @Test
    void nothingIsPrefetchedWhenItIsOffAndByPoliciesThatForetellNoReturn() {
        TurnResult result = calling("1", 0, SYSTEM, "u:hello");
        for (RetentionSettings settings : List.of(SETTINGS, prefetching("static-ttl:60s", 0.25))) {
            List<LeaseAction> actions = after(SessionLeases.of(settings, tokens -> tokens * 0.5), result);
            assertEquals(1, actions.size(), actions::toString);
            asked(actions);
        }
    }

    @Test
    void theDeviceIsGivenUpOnceALoadWouldBeCheaperThanItsRent() {
        Duration usual = demotedAfter(Duration.ofSeconds(30), GapHint.NONE);
        assertTrue(usual.compareTo(Duration.ofSeconds(6)) > 0, usual::toString);
        assertTrue(usual.compareTo(Duration.ofMinutes(2)) < 0, usual + " for a median of 3 s and a spread of 1.5");
        Duration dearer = demotedAfter(Duration.ofSeconds(12), GapHint.NONE);
        assertTrue(dearer.compareTo(usual) < 0, dearer + " where a load is worth less of the rent");

        assertEquals(
                SETTINGS.minLease(),
                demotedAfter(Duration.ofSeconds(12), new GapHint(Duration.ofMinutes(10), null, 0)));
        Duration soon = demotedAfter(Duration.ofSeconds(12), new GapHint(Duration.ofSeconds(2), null, 0));
        assertTrue(soon.compareTo(Duration.ofSeconds(2)) > 0, soon + " for a return that is expected after 2 s");
    }

    private static Duration demotedAfter(Duration reloadWorth, GapHint hint) {
        SessionLeases leases = SessionLeases.of(moving("leases", 0, reloadWorth), tokens -> tokens * 0.5);
        List<LeaseAction> actions = after(leases, Conversation.with(calling("1", 0, SYSTEM, "u:hello"), hint));
        LeaseAction.Demote demote = assertInstanceOf(LeaseAction.Demote.class, actions.get(1));
        assertEquals(asked(actions).terms().id(), demote.lease());
        assertEquals(2, actions.size());
        return demote.after();
    }

    @Test
    void policiesWithoutABeliefMoveNothingDown() {
        List<LeaseAction> actions = after(
                SessionLeases.of(moving("static-ttl:60s", 0, Duration.ofSeconds(12)), tokens -> tokens * 0.5),
                calling("1", 0, SYSTEM, "u:hello"));
        assertEquals(1, actions.size(), actions::toString);
        asked(actions);
    }

    private static List<LeaseAction> after(SessionLeases leases, TurnResult result) {
        SessionState before = opened(null);
        TurnCompleted ended = before.complete(result, Set.of()).orElseThrow();
        return leases.afterTurn(before, before.apply(ended, LIMITS), ended, result);
    }

    @Test
    void theNextCallAsksForMoreBeforeItGivesUpTheShorterPrefix() {
        LeaseAction.Ask first = asked(ends(calling("1", 0, SYSTEM, "u:hello")));
        List<LeaseAction> actions =
                ends(calling("2", 5, SYSTEM, "u:hello", "a:calls a tool", "t:a long enough result"));

        assertTrue(asked(actions).terms().prefix().blocks()
                > first.terms().prefix().blocks());
        assertEquals(new LeaseAction.End(first.terms().id()), actions.get(1));
        assertEquals(2, actions.size());
    }

    @Test
    void aGuessAtTheNextPromptIsALeaseOfItsOwnThatYieldsToTheOthers() {
        List<LeaseAction> actions = ends(Conversation.guessing(calling("1", 0, SYSTEM, "u:hello"), 100));

        LeaseTerms history = asked(actions.subList(0, 1)).terms();
        LeaseTerms guess =
                asked(actions.subList(actions.size() - 1, actions.size())).terms();
        assertEquals(RetentionClass.SPECULATIVE, guess.retentionClass());
        assertTrue(guess.prefix().blocks() > history.prefix().blocks());
        assertNotEquals(history.id(), guess.id());
        assertNotEquals(history.conversation(), guess.conversation());
        assertEquals(Conversation.WORKER, guess.home());
        assertEquals(1, guess.minCopies());
        assertTrue(guess.density() < history.density() && guess.priority() < history.priority());
        assertTrue(guess.density() > 0);
    }

    @Test
    void theNextTurnEndsTheGuessBeforeItMakesAnother() {
        TurnResult first =
                Conversation.guessing(Conversation.completed("1", 0, 1, FinishReason.STOP, SYSTEM, "u:hello"), 100);
        LeaseAction.Ask guess = asked(ends(first));

        List<LeaseAction> actions = ends(Conversation.guessing(
                Conversation.completed("2", 5, 6, FinishReason.STOP, SYSTEM, "u:hello", "a:an answer", "u:and now?"),
                100));

        int last = actions.size() - 1;
        assertEquals(new LeaseAction.End(guess.terms().id()), actions.get(last - 1));
        assertNotEquals(
                guess.terms().id(),
                asked(actions.subList(last, last + 1)).terms().id());
    }

    @Test
    void anAnswerThatFillsNoBlockIsNotGuessed() {
        assertEquals(
                List.of(),
                ends(Conversation.guessing(
                        Conversation.completed("1", 0, 1, FinishReason.STOP, SYSTEM, "u:hello"), 0)));
    }

    @Test
    void anotherAnswerToTheSamePromptKeepsTheLeaseOfTheOneThatCallsTools() {
        String[] prompt = {SYSTEM, "u:hello"};
        LeaseTerms first = asked(ends(Conversation.calling(List.of("bash"), "1", 0, 2, prompt)))
                .terms();
        List<LeaseAction> actions = ends(Conversation.completed("1b", 0, 3, FinishReason.STOP, prompt));

        assertEquals(1, actions.size());
        assertEquals(first.id(), asked(actions).terms().id());
        assertEquals(first.prefix(), asked(actions).terms().prefix());
        assertEquals(
                new ConversationRef(
                        TenantId.DEFAULT,
                        "sim-echo",
                        state.frontiers().get(0).tip().fingerprint()),
                asked(actions).terms().conversation());
    }

    @Test
    void anAnswerWithoutCallsGivesTheLeaseUp() {
        LeaseAction.Ask first = asked(ends(calling("1", 0, SYSTEM, "u:hello")));
        assertEquals(
                List.of(new LeaseAction.End(first.terms().id())),
                ends(Conversation.completed(
                        "2", 5, 6, FinishReason.STOP, SYSTEM, "u:hello", "a:calls a tool", "t:a long enough result")));
    }

    @Test
    void aRepeatedPromptKeepsItsLease() {
        LeaseAction.Ask first = asked(ends(calling("1", 0, SYSTEM, "u:hello")));
        List<LeaseAction> again = ends(calling("2", 5, SYSTEM, "u:hello"));
        assertEquals(List.of(first.terms().id()), List.of(asked(again).terms().id()));
        assertEquals(1, again.size());
    }

    @Test
    void aTurnWithoutATokenChangesNothing() {
        ends(calling("1", 0, SYSTEM, "u:hello"));
        assertEquals(List.of(), ends(Conversation.without("2", TurnOutcome.OVERLOADED, 5, SYSTEM, "u:hello")));
    }

    @Test
    void aSupersededLineLosesItsLeaseAtOnce() {
        LeaseAction.Ask old = asked(ends(calling("1", 0, SYSTEM, "u:a long history that is about to be compacted")));
        ends(calling("2", 5, SYSTEM, "u:summary"));
        List<LeaseAction> second = ends(calling("3", 9, SYSTEM, "u:summary", "a:calls a tool", "t:result of it"));

        assertTrue(second.contains(new LeaseAction.End(old.terms().id())));
    }

    @Test
    void aClosedSessionGivesEverythingUp() {
        SessionState before = state;
        TurnResult last = calling("1", 0, SYSTEM, "u:bye");
        TurnCompleted ended = before.complete(last, Set.of()).orElseThrow();
        SessionState closed = before.apply(ended, LIMITS);
        closed = closed.apply(closed.close(CloseReason.FINAL_TURN, START).orElseThrow(), LIMITS);
        assertEquals(List.of(new LeaseAction.EndAll()), leases.afterTurn(before, closed, ended, last));
    }

    @Test
    void aSubagentsLeaseIsKeptWithItsParents() {
        state = opened("parent");
        LeaseTerms terms = asked(ends(calling("1", 0, SYSTEM, "u:hello"))).terms();
        assertEquals(new SessionId("parent"), terms.root());
        assertEquals(new SessionId("session-1"), terms.session());
        assertEquals(RetentionClass.SUBAGENT, terms.retentionClass());
    }

    @Test
    void leasesFollowWhatASessionsToolsTake() {
        List<String> prompt = new ArrayList<>(List.of(SYSTEM, "u:hello"));
        Duration before =
                asked(ends(calling("0", 0, prompt.toArray(String[]::new)))).remaining();
        int at = 1;
        for (int turn = 1; turn <= 40; turn++) {
            at += 120;
            prompt.add("a:calls a tool " + turn);
            prompt.add("t:result " + turn);
            ends(calling("" + turn, at, prompt.toArray(String[]::new)));
            at += 1;
        }
        at += 120;
        prompt.add("a:calls a tool again");
        prompt.add("t:result again");
        Duration after =
                asked(ends(calling("last", at, prompt.toArray(String[]::new)))).remaining();
        assertTrue(after.compareTo(Duration.ofSeconds(100)) > 0, after + " after gaps of 120 s, " + before + " before");
    }
}
