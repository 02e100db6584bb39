package router;

import akka.actor.typed.ActorRef;
import inference.TurnId;
import kv.WorkerId;
import router.placement.Explanation;
import router.placement.Placement;
import router.placement.RouteOutcome;
import router.placement.RouteRequest;
import workers.status.WorkerLoad;

/**
 * Places the turns of one frontend node: owns the node's load view and pending queue over a replica of the prefix index.
 * Local to its node: its protocol never crosses the network.
 */
public final class Router {

    /** What a router is told. */
    public sealed interface Command {}

    /**
     * Asks for a worker; the answer comes at once or after a wait in the pending queue. A turn that stops is released by
     * death watch on {@code owner}.
     *
     * @param owner the turn's actor
     */
    public record Route(RouteRequest request, ActorRef<?> owner, ActorRef<RouteReply> replyTo) implements Command {}

    /** The worker refused the turn with its current load: the placement is undone and the view corrected. */
    public record Refused(TurnId turn, WorkerId worker, WorkerLoad load) implements Command {}

    /** The turn's first token came: its prefill is done. */
    public record FirstToken(TurnId turn) implements Command {}

    /** The turn is over or gives up its place in the queue. */
    public record Release(TurnId turn) implements Command {}

    /** Asks what would be chosen, and why, without placing anything. */
    public record Explain(RouteRequest request, ActorRef<Explanation> replyTo) implements Command {}

    /** Answer to {@link Route}. */
    public sealed interface RouteReply {}

    /** The turn has a worker. */
    public record Placed(Placement placement) implements RouteReply {}

    /** The turn gets no worker; {@code outcome} is never {@code PLACED}. */
    public record NotPlaced(RouteOutcome outcome, String message) implements RouteReply {}

    private Router() {}
}
