package agents;

import agents.session.RenderedPrompt;
import akka.actor.typed.javadsl.ActorContext;
import inference.FinishReason;
import inference.PlacementReason;
import inference.TurnId;
import inference.Usage;
import java.util.Arrays;
import java.util.function.BiFunction;
import kv.PromptBlocks;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import router.Router;
import router.placement.Placement;
import workers.AdmitReply;
import workers.Seat;
import workers.Worker;

/**
 * What a turn holds in the cluster: the router's reservation, a worker's admission with a place in its engine, the engine's
 * stream. Everything is given up by {@link #letGo}, which may be repeated and may come before anything is held.
 *
 * <p>Thread-safety: confined to its turn.
 */
final class HeldPlace {
    /** Blocks told of in one message: at up to 10 bytes each, it stays below the 64 KiB that messages may have. */
    private static final int BLOCKS_TOLD = 4096;

    private static final AdmitReply.Placed NOWHERE = new AdmitReply.Placed(Seat.ANY, 0);

    private final TurnId turn;
    private final TurnPorts ports;
    private @Nullable WorkerId worker;
    private @Nullable PlacementReason reason;
    private @Nullable WorkerId answeredBy;
    private @Nullable PlacementReason answeredFor;
    private @Nullable WorkerId pullFrom;
    private EngineStream.@Nullable Answer stream;
    private AdmitReply.Placed place = NOWHERE;
    private int promisedBlocks;
    private boolean callsTools;
    private boolean answering;

    HeldPlace(TurnId turn, TurnPorts ports) {
        this.turn = turn;
        this.ports = ports;
    }

    /** Asks the worker that the router proposes for its admission. */
    <C> void ask(
            ActorContext<C> context,
            Placement proposal,
            RenderedPrompt prompt,
            int expectedOutputTokens,
            BiFunction<@Nullable AdmitReply, @Nullable Throwable, C> replied) {
        worker = proposal.worker();
        reason = proposal.reason();
        pullFrom = proposal.pullFrom();
        Question.ask(
                context,
                ports.workers().apply(proposal.worker()),
                ports.settings().admissionTimeout(),
                replyTo -> new Worker.AdmitTurn(
                        turn,
                        prompt.inputTokens(),
                        expectedOutputTokens,
                        prompt.cachedPart(proposal.expectedCachedTokens()),
                        proposal.source(),
                        replyTo),
                replied);
    }

    /** Another worker, from which the engine is to take what it has of the prompt; null for none. */
    @Nullable
    WorkerId pullFrom() {
        return pullFrom;
    }

    /** The worker refused: nothing is held there, and the router is told why. */
    void refused(AdmitReply.Refused refusal) {
        if (worker != null) {
            ports.router().tell(new Router.Refused(turn, worker, refusal.load()));
            worker = null;
        }
    }

    /** The engine's stream is open, for a request in the given place. */
    void opened(AdmitReply.Placed admitted, EngineStream.Answer answer) {
        place = admitted;
        promisedBlocks = admitted.keptBlocks();
        stream = answer;
    }

    /** A worker of seats learns what the seat holds, now that the engine has computed the whole prompt. */
    private void computed(PromptBlocks prompt) {
        if (!place.seat().equals(Seat.ANY)) {
            long[] chain = prompt.toArray();
            for (int from = place.keptBlocks(); from < chain.length; from += BLOCKS_TOLD) {
                int to = Math.min(chain.length, from + BLOCKS_TOLD);
                tellWorker(new Worker.SeatFilled(turn, from, Arrays.copyOfRange(chain, from, to)));
            }
            place = new AdmitReply.Placed(place.seat(), chain.length);
        }
    }

    @Nullable
    WorkerId worker() {
        return worker;
    }

    /** The same, or the last one that answered and has it no longer; null when none did. */
    @Nullable
    WorkerId ranOn() {
        return worker == null ? answeredBy : worker;
    }

    /** Why the router proposed the worker that it {@link #ranOn}, null without one. */
    @Nullable
    PlacementReason reason() {
        return worker == null ? answeredFor : reason;
    }

    EngineStream.@Nullable Answer stream() {
        return stream;
    }

    /** The answer is complete. That nothing at all was cached where something was promised means a cache lost unseen. */
    void finished(PromptBlocks prompt, Usage usage, FinishReason reason) {
        callsTools = reason == FinishReason.TOOL_CALLS;
        computed(prompt);
        if (promisedBlocks > 0 && usage.cachedTokens() == 0) {
            reportFailure("seat " + place.seat().slot() + " was to hold " + promisedBlocks + " blocks and held none");
        }
    }

    void renew() {
        tellWorker(new Worker.RenewAdmission(turn));
    }

    /** Makes the worker look after its engine. */
    void reportFailure(String reason) {
        tellWorker(new Worker.ReportFailure(reason));
    }

    /** An event of the answer came; the first one here says that the prompt is computed. */
    void answered(PromptBlocks prompt) {
        if (!answering) {
            answering = true;
            answeredBy = worker;
            answeredFor = reason;
            computed(prompt);
            ports.router().tell(new Router.FirstToken(turn));
        }
    }

    void letGo() {
        if (stream != null) {
            stream.cancel();
            stream = null;
        }
        tellWorker(new Worker.EndTurn(turn));
        worker = null;
        place = NOWHERE;
        promisedBlocks = 0;
        answering = false;
        ports.router().tell(new Router.Release(turn, callsTools));
    }

    private void tellWorker(Worker.Command message) {
        if (worker != null) {
            ports.workers().apply(worker).tell(message);
        }
    }
}
