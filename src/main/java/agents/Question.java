package agents;

import akka.actor.typed.ActorRef;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.AskPattern;
import java.time.Duration;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What one actor asks of another. {@link ActorContext#ask} has each reply pass through a thread of the common pool, which a turn would
 * have to wake and wait for at each of its questions (docs/adr/0002).
 */
final class Question {
    private Question() {}

    /**
     * Tells the asker the reply, or that there was none in time.
     *
     * @param told makes the message from either the reply or the failure; called on whatever thread has them, so it may read
     *     nothing of the asker's
     */
    static <C, T, R> void ask(
            ActorContext<C> asker,
            RecipientRef<T> asked,
            Duration timeout,
            Function<ActorRef<R>, T> question,
            BiFunction<@Nullable R, @Nullable Throwable, C> told) {
        ActorRef<C> self = asker.getSelf();
        AskPattern.ask(asked, question::apply, timeout, asker.getSystem().scheduler())
                .whenCompleteAsync((reply, failure) -> self.tell(told.apply(reply, failure)), Runnable::run);
    }
}
