package workers.llamacpp;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import java.util.OptionalLong;
import kv.StoredCopy;
import workers.Seat;
import workers.status.EngineCapabilities;

/**
 * One life of a server and what it was found able to do.
 *
 * <p>Thread-safety: immutable.
 *
 * @param weights hash of its model's file; meaningless without the capability to copy
 */
record KnownServer(ServerProps props, EngineCapabilities capabilities, long weights) {

    /** A server whose slots keep what they hold, and that copies them if the hash of its weights is known. */
    static KnownServer seated(ServerProps props, OptionalLong weights) {
        String format = weights.isEmpty() ? null : copyFormat(props, weights.getAsLong());
        return new KnownServer(props, new EngineCapabilities(true, format, props.slots()), weights.orElse(0));
    }

    boolean copies(Seat seat) {
        return capabilities.copies() && props.has(seat.slot());
    }

    boolean reads(StoredCopy copy) {
        return capabilities.reads(copy) && copy.tokens() < props.slotTokens();
    }

    /** A saved slot's record, if what the server wrote is what the slot held and what lies in the folder. */
    Optional<StoredCopy> acknowledge(String file, SlotApi.Moved saved, JsonNode slot, CopyFolder folder) {
        boolean whole = saved.tokens() == slot.path("n_prompt_tokens").asInt() && folder.holds(file, saved.bytes());
        return whole
                ? Optional.of(new StoredCopy(file, saved.bytes(), saved.tokens(), copyFormat(props, weights)))
                : Optional.empty();
    }

    /** Slot files fit servers with the same weights, as many slots, and the same build, to be safe. */
    private static String copyFormat(ServerProps props, long weights) {
        return "%016x-np%d-%s".formatted(weights, props.slots(), props.build());
    }
}
