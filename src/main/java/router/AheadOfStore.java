package router;

import akka.actor.typed.Behavior;
import akka.actor.typed.BehaviorInterceptor;
import akka.actor.typed.TypedActorContext;
import akka.actor.typed.javadsl.Behaviors;
import java.util.function.Predicate;

/**
 * Lets a keeper answer a session that is back although it waits for its store, which makes other commands queue: the answer is no
 * promise, and the session's next token waits for it.
 */
final class AheadOfStore extends BehaviorInterceptor<LeaseKeeper.Command, LeaseKeeper.Command> {
    private final Predicate<LeaseKeeper.Resume> answered;

    /** @param answered answers, or tells that the keeper cannot yet: then the question queues like any other */
    AheadOfStore(Predicate<LeaseKeeper.Resume> answered) {
        super(LeaseKeeper.Command.class);
        this.answered = answered;
    }

    @Override
    public Behavior<LeaseKeeper.Command> aroundReceive(
            TypedActorContext<LeaseKeeper.Command> context,
            LeaseKeeper.Command command,
            ReceiveTarget<LeaseKeeper.Command> keeper) {
        return command instanceof LeaseKeeper.Resume resume && answered.test(resume)
                ? Behaviors.same()
                : keeper.apply(context, command);
    }
}
