package workers.llamacpp;

import java.util.Optional;
import kv.StoredCopy;
import workers.Seat;
import workers.status.EngineCapabilities;

/**
 * One life of a server and what it was found able to do.
 *
 * <p>Thread-safety: immutable.
 *
 * @param weights hash of its model's file; meaningless without the capability to copy, like the next
 * @param trialFile a file that it wrote of a few tokens
 */
record KnownServer(ServerProps props, EngineCapabilities capabilities, long weights, SlotApi.Moved trialFile) {
    private static final SlotApi.Moved NO_FILE = new SlotApi.Moved(0, 0);

    /** A server that can be told nothing. */
    static KnownServer plain(ServerProps props) {
        return new KnownServer(props, EngineCapabilities.NONE, 0, NO_FILE);
    }

    /** A server whose slots keep what they hold. */
    static KnownServer seated(ServerProps props) {
        return new KnownServer(props, new EngineCapabilities(true, null, props.slots()), 0, NO_FILE);
    }

    /** A server whose slots keep what they hold, and come back from their files. */
    static KnownServer copying(ServerProps props, long weights, SlotApi.Moved trialFile) {
        EngineCapabilities able = new EngineCapabilities(true, copyFormat(props, weights), props.slots());
        return new KnownServer(props, able, weights, trialFile);
    }

    /** Most bytes that a copy takes: every token as many, and what a file has besides weighs more in the small one of the trial. */
    long copyBytes(int tokens) {
        return (trialFile.bytes() * tokens + trialFile.tokens() - 1) / trialFile.tokens();
    }

    boolean copies(Seat seat) {
        return capabilities.copies() && props.has(seat.slot());
    }

    boolean reads(StoredCopy copy) {
        return capabilities.reads(copy) && copy.tokens() < props.slotTokens();
    }

    /** A saved slot's record, if what the server wrote is what the slot held and what lies in the folder. */
    Optional<StoredCopy> acknowledge(String file, SlotApi.Moved saved, int heldTokens, CopyFolder folder) {
        boolean whole = saved.tokens() == heldTokens && folder.holds(file, saved.bytes());
        return whole
                ? Optional.of(new StoredCopy(file, saved.bytes(), saved.tokens(), copyFormat(props, weights)))
                : Optional.empty();
    }

    /** Slot files fit servers with the same weights, as many slots, and the same build, to be safe. */
    private static String copyFormat(ServerProps props, long weights) {
        return "%016x-np%d-%s".formatted(weights, props.slots(), props.build());
    }
}
