package router.retention;

import kv.Epoch;
import kv.Incarnation;
import kv.LeaseId;
import kv.Prefix;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;

/**
 * What a worker says of a hold that is no more, or only of what is left.
 *
 * @param order that the hold was made by
 * @param change counts what was said of that hold after it was acknowledged, from 1
 */
public record HoldOver(
        WorkerId worker,
        LeaseId lease,
        Epoch epoch,
        Incarnation incarnation,
        long order,
        int change,
        Loss reason,
        @Nullable Prefix left) {}
