package agents.session;

import agents.session.SessionEvent.Advance;
import agents.session.SessionEvent.Fork;
import agents.session.SessionEvent.TurnCompleted;
import inference.FinishReason;
import inference.TurnId;
import inference.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a session records of a turn's end, and what that changes in its lines of prompts. Stateless. */
final class TurnEnds {
    private TurnEnds() {}

    /** See {@link SessionState#complete}. */
    static Optional<TurnCompleted> complete(SessionState session, TurnResult result, Set<Integer> busy) {
        boolean repeated = session.turns().stream()
                .anyMatch(turn -> turn.id().equals(result.id())
                        && (turn.outcome() == TurnOutcome.COMPLETED || turn.outcome() == result.outcome()));
        if (repeated) {
            return Optional.empty();
        }
        PromptOutline prompt = result.prompt();
        FrontierMatch match = session.match(prompt.model(), prompt.blockSizeTokens(), prompt.chain());
        Frontier extended = extended(match);
        TurnRecord turn = new TurnRecord(
                session.totalTurns() + 1,
                result.id(),
                extended == null ? session.nextFrontier() : extended.id(),
                result.outcome(),
                result.finish(),
                result.worker(),
                result.placement(),
                result.usage(),
                result.timeToFirstToken() == null
                        ? null
                        : result.timeToFirstToken().toMillis(),
                gapMillis(extended, result.startedAt()),
                result.startedAt(),
                result.endedAt());
        return Optional.of(
                new TurnCompleted(turn, result.prefilled() ? advance(session.frontiers(), result, match, busy) : null));
    }

    /** See {@link SessionState#lost}. */
    static TurnCompleted lost(
            SessionState session, TurnId turn, FrontierMatch match, Instant startedAt, Instant noticedAt) {
        Frontier extended = extended(match);
        return new TurnCompleted(
                new TurnRecord(
                        session.totalTurns() + 1,
                        turn,
                        extended == null ? session.nextFrontier() : extended.id(),
                        TurnOutcome.LOST,
                        null,
                        null,
                        null,
                        new Usage(0, 0, 0, 0),
                        null,
                        gapMillis(extended, startedAt),
                        startedAt,
                        noticedAt),
                null);
    }

    private static @Nullable Frontier extended(FrontierMatch match) {
        return match.kind() == FrontierMatch.Kind.EXTENDS ? match.frontier() : null;
    }

    private static @Nullable Long gapMillis(@Nullable Frontier extended, Instant startedAt) {
        if (extended == null || startedAt.isBefore(extended.lastEndedAt())) {
            return null;
        }
        return Duration.between(extended.lastEndedAt(), startedAt).toMillis();
    }

    private static Advance advance(
            List<Frontier> frontiers, TurnResult result, FrontierMatch match, Set<Integer> busy) {
        PromptOutline prompt = result.prompt();
        Frontier extended = extended(match);
        Frontier origin = match.kind() == FrontierMatch.Kind.FORKS ? match.frontier() : null;
        Frontier twin = extended != null && answersAsWell(extended, result) ? extended : null;
        boolean tools = result.outcome() == TurnOutcome.COMPLETED && result.finish() == FinishReason.TOOL_CALLS;
        List<String> calls = result.calls().isEmpty() ? null : result.calls();
        if (twin != null && twin.acting()) {
            calls = !tools || Objects.equals(calls, twin.calls()) ? twin.calls() : null;
            tools = true;
        }
        return new Advance(
                prompt.model(),
                prompt.blockSizeTokens(),
                prompt.system(),
                prompt.tip(),
                origin == null ? null : new Fork(origin.id(), match.matchedMessages()),
                tools,
                calls,
                extended == null || twin != null ? List.of() : supersededBy(extended, frontiers, busy),
                prompt.reasoning(),
                match.reasoningDropped() ? Integer.valueOf(match.matchedMessages()) : null,
                result.marks().isEmpty() ? null : result.marks());
    }

    /*
     * One of several answers to one prompt, which ran side by side: it is no second turn of the line, and the line waits for tools if any
     * of them calls some. Which of them the client goes on from is not known, so if they call different ones, neither are those.
     */
    private static boolean answersAsWell(Frontier line, TurnResult result) {
        return result.prompt().tip().equals(line.tip()) && result.startedAt().isBefore(line.lastEndedAt());
    }

    /*
     * A line is dead when another one with the same system segment gets its second turn while it is idle: when nothing
     * happened on it since the other's turn before, and nothing runs on it. Lines that take turns alternately never kill
     * each other; one that was killed too early lives again with its next turn.
     */
    private static List<Integer> supersededBy(Frontier extended, List<Frontier> frontiers, Set<Integer> busy) {
        return frontiers.stream()
                .filter(other -> other.live() && other.id() != extended.id() && !busy.contains(other.id()))
                .filter(other -> other.model().equals(extended.model())
                        && other.system().fingerprint().equals(extended.system().fingerprint()))
                .filter(other -> other.lastTurn() < extended.lastTurn())
                .map(Frontier::id)
                .toList();
    }
}
