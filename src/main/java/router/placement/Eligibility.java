package router.placement;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Which workers may take a turn at all, and why none may. */
final class Eligibility {
    private Eligibility() {}

    /** Workers that serve the turn's model, can do what it asks, take turns, have not refused it and are large enough for it. */
    static List<Fleet.Member> eligible(RouteRequest request, Collection<Fleet.Member> members) {
        List<Fleet.Member> eligible = new ArrayList<>(members.size());
        for (Fleet.Member member : members) {
            if (serves(member, request)
                    && tellsLogprobs(member, request)
                    && biasesLogits(member, request)
                    && fits(member, request)
                    && member.accepting()
                    && !request.excluded().contains(member.worker())) {
                eligible.add(member);
            }
        }
        return eligible;
    }

    /** Why no worker is eligible, when none is. */
    static Decision.Refused refusal(RouteRequest request, Fleet fleet) {
        Collection<Fleet.Member> members = fleet.members();
        if (members.isEmpty()) {
            return new Decision.Refused(RouteOutcome.NO_WORKER, "no worker is there yet");
        }
        List<Fleet.Member> serving =
                members.stream().filter(member -> serves(member, request)).toList();
        if (serving.isEmpty()) {
            if (fleet.served(request.model())) {
                return new Decision.Refused(
                        RouteOutcome.NO_WORKER, "no worker that serves " + request.model() + " is there now");
            }
            return new Decision.Refused(RouteOutcome.UNKNOWN_MODEL, "no worker serves model " + request.model());
        }
        List<Fleet.Member> telling = serving.stream()
                .filter(member -> tellsLogprobs(member, request))
                .toList();
        if (telling.isEmpty()) {
            return new Decision.Refused(
                    RouteOutcome.NO_LOGPROBS,
                    "no worker that serves " + request.model() + " tells log probabilities of "
                            + request.extras().logprobs()
                            + " tokens at each place (holdfast.workers.openai.unsaid.max-logprobs)");
        }
        List<Fleet.Member> able =
                telling.stream().filter(member -> biasesLogits(member, request)).toList();
        if (able.isEmpty()) {
            return new Decision.Refused(
                    RouteOutcome.NO_LOGIT_BIAS,
                    "no worker that could serve this turn of " + request.model()
                            + " takes a logit_bias (holdfast.workers.openai.unsaid.logit-bias)");
        }
        return refusal(request, able);
    }

    /** Why none of the workers that could serve the turn takes it. */
    private static Decision.Refused refusal(RouteRequest request, List<Fleet.Member> able) {
        if (able.stream().noneMatch(member -> fits(member, request))) {
            return new Decision.Refused(
                    RouteOutcome.TOO_LONG,
                    "a prompt of " + request.inputTokens() + " tokens fits no worker that serves " + request.model());
        }
        return new Decision.Refused(
                RouteOutcome.NO_WORKER,
                "none of the " + able.size() + " workers that serve " + request.model() + " takes this turn now");
    }

    private static boolean serves(Fleet.Member member, RouteRequest request) {
        return member.facts().models().contains(request.model());
    }

    private static boolean tellsLogprobs(Fleet.Member member, RouteRequest request) {
        return member.facts().extras().logprobs() >= request.extras().logprobs();
    }

    private static boolean biasesLogits(Fleet.Member member, RouteRequest request) {
        return member.facts().extras().logitBias() || !request.extras().logitBias();
    }

    /** Whether the prompt and at least one token of the answer fit into the worker's context and memory. */
    private static boolean fits(Fleet.Member member, RouteRequest request) {
        int leastBlocks = request.inputTokens() / request.blocks().blockSizeTokens() + 1;
        return request.inputTokens() < member.facts().contextTokens()
                && leastBlocks <= member.facts().deviceBlocks();
    }
}
