package agents.plan;

import static agents.session.Conversation.START;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Checkpoint;
import agents.session.Conversation;
import agents.session.Frontier;
import agents.session.SessionEvent.SessionOpened;
import agents.session.SessionEvent.TurnCompleted;
import agents.session.SessionLimits;
import agents.session.SessionState;
import agents.session.TurnResult;
import inference.FinishReason;
import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import kv.LeaseId;
import kv.SequenceHash;
import org.junit.jupiter.api.Test;
import router.retention.LeaseTerms;

/**
 * R5 over random histories: turns on several lines of prompts, side requests, edited histories, compactions, reasoning that is
 * dropped. After each turn, what is leased is reached by a live line, and what lives on was never let go.
 */
class DeadBlocksHistoryTest {
    private static final SessionLimits LIMITS = new SessionLimits(6, 8, 64, 8, 8);
    private static final List<String> SYSTEMS =
            List.of("s:You are a careful agent that answers in few words.", "s:You give titles to conversations.");

    private final Random random = new Random(7);
    private final Map<LeaseId, LeaseTerms> open = new LinkedHashMap<>();
    private SessionState state = SessionState.opened(
            new SessionOpened(TenantId.DEFAULT, new SessionId("session-1"), null, START, null, null));
    private SessionLeases leases = leases();
    private int clock;
    private int ended;

    private static SessionLeases leases() {
        return SessionLeases.of(
                new RetentionSettings(
                        "leases",
                        0.9,
                        0,
                        Duration.ZERO,
                        Duration.ofSeconds(5),
                        Duration.ofMinutes(30),
                        1,
                        1024,
                        0,
                        3,
                        1.5,
                        new RetentionSettings.User(0.7, Duration.ofMinutes(5), 45, 1.5),
                        Duration.ofMinutes(10)),
                tokens -> tokens * 0.5);
    }

    @Test
    void r5NothingIsLeasedThatNoLiveLineReaches() {
        int superseded = 0;
        for (int run = 0; run < 40; run++) {
            state = SessionState.opened(
                    new SessionOpened(TenantId.DEFAULT, new SessionId("session-1"), null, START, null, null));
            leases = leases();
            open.clear();
            List<List<String>> lines = new ArrayList<>();
            for (int turn = 0; turn < 40; turn++) {
                turn(lines, run + "." + turn);
                assertOnlyLivePrefixesAreLeased();
            }
            superseded += (int)
                    state.frontiers().stream().filter(line -> !line.live()).count();
        }
        assertTrue(superseded > 20 && ended > 200, superseded + " dead lines, " + ended + " leases ended");
    }

    /** One turn on a random line; sometimes a new one, and sometimes it is edited or drops its reasoning. */
    private void turn(List<List<String>> lines, String id) {
        if (lines.isEmpty() || random.nextInt(6) == 0) {
            lines.add(new ArrayList<>(List.of(
                    SYSTEMS.get(random.nextInt(SYSTEMS.size())), "u:task " + id + " described in a few more words")));
        }
        List<String> prompt = lines.get(Math.max(0, lines.size() - 1 - random.nextInt(2)));
        if (prompt.size() > 6 && random.nextInt(8) == 0) {
            prompt.subList(prompt.size() - 2, prompt.size()).clear();
            prompt.set(prompt.size() - 1, "t:an edited result " + id);
        }
        boolean tools = random.nextInt(4) > 0;
        String[] spelled = prompt.toArray(String[]::new);
        int start = clock + random.nextInt(20);
        clock = start + 2;
        ends(
                tools
                        ? Conversation.calling(List.of("bash"), id, start, clock, spelled)
                        : Conversation.completed(id, start, clock, FinishReason.STOP, spelled));
        prompt.add((random.nextBoolean() ? "r:thoughts about what to do next|" : "a:") + "an answer " + id);
        prompt.add((tools ? "t:" : "u:") + "what comes next " + id);
        if (!tools && random.nextBoolean()) {
            prompt.replaceAll(
                    message -> message.startsWith("r:") ? "a:" + message.substring(message.indexOf('|') + 1) : message);
        }
    }

    private void ends(TurnResult result) {
        SessionState before = state;
        TurnCompleted completed = before.complete(result, Set.of()).orElseThrow();
        state = before.apply(completed, LIMITS);
        for (LeaseAction action : leases.afterTurn(before, state, completed, result)) {
            if (action instanceof LeaseAction.Ask ask) {
                open.put(ask.terms().id(), ask.terms());
            } else if (action instanceof LeaseAction.End end) {
                ended += open.remove(end.lease()) == null ? 0 : 1;
            } else if (action instanceof LeaseAction.Leave leave) {
                open.remove(leave.lease());
            }
        }
    }

    private void assertOnlyLivePrefixesAreLeased() {
        Set<SequenceHash> reached = new HashSet<>();
        List<LeaseId> wanted = new ArrayList<>();
        for (Frontier line : state.frontiers()) {
            if (line.live()) {
                Stream.concat(Stream.of(line.system()), line.checkpoints().stream())
                        .map(Checkpoint::tail)
                        .filter(tail -> tail != null)
                        .forEach(reached::add);
                SequenceHash tail = line.tip().tail();
                if (line.acting() && tail != null) {
                    wanted.add(WaitingLine.lease(state.tenant(), state.id(), line.id(), tail));
                }
            }
        }
        open.values()
                .forEach(lease -> assertTrue(reached.contains(lease.prefix().tail()), () -> "dead: " + lease));
        assertEquals(
                List.of(), wanted.stream().filter(id -> !open.containsKey(id)).toList(), "let go though wanted");
    }
}
