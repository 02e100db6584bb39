package router.placement;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;
import workers.status.EngineFacts;

/** Which workers may take a turn at all, and why none may. */
final class Eligibility {
    /**
     * Something that a turn wants of an engine, and what its client is told when none has it.
     *
     * @param message takes the engines that met the demands before this one
     */
    private record Demand(
            BiPredicate<EngineFacts, RouteRequest> met,
            RouteOutcome unmet,
            BiFunction<RouteRequest, List<EngineFacts>, String> message) {}

    private static final List<Demand> DEMANDS = List.of(
            new Demand(
                    Eligibility::serves,
                    RouteOutcome.UNKNOWN_MODEL,
                    (request, engines) -> "no worker serves model " + request.model()),
            new Demand(
                    Eligibility::tellsLogprobs,
                    RouteOutcome.NO_LOGPROBS,
                    (request, engines) -> "no worker that serves " + request.model() + " tells log probabilities of "
                            + request.extras().logprobs()
                            + " tokens at each place (see unsaid in docs/engines.md)"),
            new Demand(
                    Eligibility::biasesLogits,
                    RouteOutcome.NO_LOGIT_BIAS,
                    (request, engines) -> "no worker that could serve this turn of " + request.model()
                            + " takes a logit_bias (see unsaid in docs/engines.md)"),
            new Demand(
                    Eligibility::fits,
                    RouteOutcome.TOO_LONG,
                    (request, engines) -> RouteOutcome.tooLong(
                                    request.inputTokens(),
                                    engines.stream()
                                            .mapToInt(EngineFacts::longestPrompt)
                                            .max()
                                            .orElse(0))
                            + " of the workers that could serve this turn of " + request.model()));

    private Eligibility() {}

    /**
     * Workers that serve the turn's model, can do what it asks, take turns, are not excluded and are large enough for it.
     *
     * <p>One that drains takes the turns of those whose leases have not been moved yet, unless all others can pull from it: elsewhere
     * their prompts would be computed anew, beside the move. Between two turns the lease moves, so the drain comes to its end.
     */
    static List<Fleet.Member> eligible(RouteRequest request, Collection<Fleet.Member> members) {
        List<Fleet.Member> accepting = new ArrayList<>(members.size());
        List<Fleet.Member> draining = new ArrayList<>();
        boolean moved = false;
        for (Fleet.Member member : members) {
            if (!able(member.facts(), request) || request.excluded().test(member.worker())) {
                continue;
            }
            boolean keeps = keeps(member, request);
            if (member.accepting()) {
                accepting.add(member);
                moved |= keeps;
            } else if (member.draining() && keeps) {
                draining.add(member);
            }
        }
        if (!moved) {
            if (!accepting.isEmpty() && accepting.stream().allMatch(Fleet.Member::pulls)) {
                draining.removeIf(Fleet.Member::pulls);
            }
            accepting.addAll(draining);
        }
        return accepting;
    }

    /** Workers that take no turns, and that others may take this turn's prompt over from. */
    static List<Fleet.Member> sources(RouteRequest request, Collection<Fleet.Member> members) {
        List<Fleet.Member> sources = new ArrayList<>();
        for (Fleet.Member member : members) {
            if (member.draining() && member.pulls() && able(member.facts(), request)) {
                sources.add(member);
            }
        }
        return sources;
    }

    private static boolean keeps(Fleet.Member member, RouteRequest request) {
        return request.kept().heldBlocks(member.worker(), member.incarnation()) > 0;
    }

    private static boolean able(EngineFacts engine, RouteRequest request) {
        for (Demand demand : DEMANDS) {
            if (!demand.met.test(engine, request)) {
                return false;
            }
        }
        return true;
    }

    /** Why no worker is eligible, when none is. What one that is away could do is no fault of the request. */
    static Decision.Refused refusal(RouteRequest request, Fleet fleet) {
        if (fleet.members().isEmpty()) {
            return new Decision.Refused(RouteOutcome.NO_WORKER, "no worker is there yet");
        }
        List<EngineFacts> left = fleet.known();
        for (Demand demand : DEMANDS) {
            List<EngineFacts> able = left.stream()
                    .filter(engine -> demand.met.test(engine, request))
                    .toList();
            if (able.isEmpty()) {
                return new Decision.Refused(demand.unmet, demand.message.apply(request, left));
            }
            left = able;
        }
        List<Fleet.Member> there = fleet.members().stream()
                .filter(member -> able(member.facts(), request))
                .toList();
        long draining = there.stream().filter(Fleet.Member::draining).count();
        return new Decision.Refused(
                RouteOutcome.NO_WORKER,
                there.isEmpty()
                        ? "no worker that could take this turn of " + request.model() + " is there now"
                        : "none of the " + there.size() + " workers that could take this turn of " + request.model()
                                + " takes it now" + (draining == 0 ? "" : ": " + draining + " drain"));
    }

    private static boolean serves(EngineFacts engine, RouteRequest request) {
        return engine.models().contains(request.model());
    }

    private static boolean tellsLogprobs(EngineFacts engine, RouteRequest request) {
        return engine.extras().logprobs() >= request.extras().logprobs();
    }

    private static boolean biasesLogits(EngineFacts engine, RouteRequest request) {
        return engine.extras().logitBias() || !request.extras().logitBias();
    }

    private static boolean fits(EngineFacts engine, RouteRequest request) {
        return request.inputTokens() <= engine.longestPrompt();
    }
}
