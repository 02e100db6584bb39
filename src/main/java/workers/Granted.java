package workers;

import akka.actor.typed.ActorRef;
import kv.Hold;
import kv.Incarnation;
import kv.Receipt;
import org.jspecify.annotations.Nullable;
import workers.holds.Grant;

/**
 * A booked hold and whom to tell.
 *
 * <p>Thread-safety: immutable.
 *
 * @param hold as it was when it was booked
 * @param number of its {@link Grant}
 * @param order that it was made by
 * @param changes times that it became less since it was acknowledged
 * @param unconfirmed what will be answered once the engine agrees; null when it has
 * @param before what was acknowledged before a demotion that the engine has not confirmed; null without one
 */
record Granted(
        Hold hold,
        long number,
        Incarnation incarnation,
        long order,
        ActorRef<RetentionNews> keeper,
        int changes,
        @Nullable Receipt unconfirmed,
        @Nullable Granted before) {

    /** One that the engine has yet to confirm. */
    static Granted of(
            Hold hold,
            Grant grant,
            Incarnation incarnation,
            long order,
            ActorRef<RetentionNews> keeper,
            @Nullable Granted before) {
        return new Granted(hold, grant.number(), incarnation, order, keeper, 0, grant.receipt(), before);
    }

    Granted confirmed() {
        return again(hold, number);
    }

    /** What was acknowledged, by another grant. */
    Granted again(Hold held, long grant) {
        return new Granted(held, grant, incarnation, order, keeper, changes, null, null);
    }

    Granted changed() {
        return new Granted(hold, number, incarnation, order, keeper, changes + 1, null, null);
    }

    Granted bounded(Receipt less) {
        return new Granted(hold, number, incarnation, order, keeper, changes, less, before);
    }
}
