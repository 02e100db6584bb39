package agents;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import inference.InferenceRequest;
import inference.TurnClient;

/** Parent of the turns that run on this node; starts one {@link Turn} per request. */
public final class Turns extends AbstractBehavior<Turns.Command> {

    /** What the parent is told. Local to its node. */
    public sealed interface Command {}

    /** A request arrived; its answer goes to the client. */
    record Run(InferenceRequest request, TurnClient client) implements Command {}

    /** Creates the parent's behavior. */
    public static Behavior<Command> create(TurnPorts ports) {
        return Behaviors.setup(context -> new Turns(context, ports));
    }

    private final TurnPorts ports;
    private long started;

    private Turns(ActorContext<Command> context, TurnPorts ports) {
        super(context);
        this.ports = ports;
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onMessage(Run.class, this::onRun).build();
    }

    private Behavior<Command> onRun(Run run) {
        started++;
        getContext().spawn(Turn.create(run.request(), run.client(), ports), "turn-" + started);
        return this;
    }
}
