package inference;

import com.dynatrace.hash4j.hashing.Hashing;

/**
 * Name of one turn: a UUIDv7, or derived from the client's idempotency key. Of several answers to one request each is a turn, and
 * all are named after the first.
 *
 * <p>Thread-safety: immutable.
 */
public record TurnId(String value) {
    /** Engines differ in how large a seed may be, and in which one means that they draw it: llama.cpp takes 32 bits, and all set for that. */
    private static final int SEED_BITS = 31;

    /** Stands in no UUID, and may stand in the names of tool calls. */
    private static final char CHOICE = '_';

    /**
     * One of the answers to the request whose first answer this is.
     *
     * @param choice which answer, from 0
     */
    public TurnId choice(int choice) {
        return choice == 0 ? this : new TurnId(value + CHOICE + choice);
    }

    /** A seed for drawing its answer, the same on every node: 0 to 2^31 - 1, with as much chance in it as the name has. */
    public long seed() {
        return Hashing.xxh3_64().hashCharsToLong(value) >>> (Long.SIZE - SEED_BITS);
    }

    /** The first answer to the request that this is an answer to. */
    public TurnId firstChoice() {
        int end = value.indexOf(CHOICE);
        return end < 0 ? this : new TurnId(value.substring(0, end));
    }
}
