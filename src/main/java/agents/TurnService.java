package agents;

import agents.session.RenderedPrompt;
import agents.session.SessionKey;
import akka.actor.typed.ActorRef;
import inference.InferenceRequest;
import inference.PromptLength;
import inference.Sampling;
import inference.TurnClient;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.placement.KeptPrefix;
import router.placement.RouteRequest;
import workers.status.AnswerExtras;

/**
 * What a frontend asks of this room.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class TurnService {
    private final ActorRef<Turns.Command> turns;
    private final Prompts prompts;
    private final AgentSettings.Turn settings;

    /**
     * @param turns running {@link Turns} of this node
     * @param ports those of the turns
     */
    public TurnService(ActorRef<Turns.Command> turns, TurnPorts ports) {
        this.turns = turns;
        this.prompts = ports.prompts();
        this.settings = ports.settings();
    }

    /**
     * Runs one turn and hands the client its events, the terminal one after the session has recorded the turn. A client that leaves
     * cancels the turn.
     */
    public void run(InferenceRequest request, TurnClient client) {
        turns.tell(new Turns.Run(request, client));
    }

    /** Length of a request's prompt. */
    public CompletionStage<PromptLength> promptLength(InferenceRequest request) {
        return prompts.render(request).thenApply(RenderedPrompt::length);
    }

    /** What a router would be asked for a request that belongs to no known session. */
    public CompletionStage<RouteRequest> routeRequest(InferenceRequest request) {
        return prompts.render(request)
                .thenApply(prompt ->
                        routeRequest(request, prompt, settings, null, 0, KeptPrefix.NOTHING, RouteRequest.NOBODY));
    }

    static RouteRequest routeRequest(
            InferenceRequest request,
            RenderedPrompt prompt,
            AgentSettings.Turn settings,
            @Nullable WorkerId lastWorker,
            int knownBlocks,
            KeptPrefix kept,
            Predicate<WorkerId> excluded) {
        return new RouteRequest(
                request.turn(),
                request.model(),
                SessionKey.of(request.session()).affinity(),
                prompt.blocks(),
                prompt.inputTokens(),
                expectedOutputTokens(request, settings),
                request.hints().priority(),
                request.hints().strictPriority(),
                lastWorker,
                knownBlocks,
                kept,
                extras(request.sampling()),
                excluded);
    }

    /** The log probability of the drawn token alone asks an engine for as much as one alternative does. */
    private static AnswerExtras extras(Sampling sampling) {
        Integer alternatives = sampling.topLogprobs();
        return new AnswerExtras(
                alternatives == null ? 0 : Math.max(1, alternatives),
                !sampling.logitBias().isEmpty());
    }

    /** The harness's hint, or else the configured guess; never above what the request allows. */
    private static int expectedOutputTokens(InferenceRequest request, AgentSettings.Turn settings) {
        Integer hint = request.hints().expectedOutputTokens();
        Integer limit = request.sampling().maxTokens();
        int expected = hint == null ? settings.expectedOutputTokens() : hint;
        return limit == null ? expected : Math.min(limit, expected);
    }
}
