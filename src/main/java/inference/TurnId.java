package inference;

/**
 * Name of one turn: a UUIDv7, or derived from the client's idempotency key. Of several answers to one request each is a turn, and
 * all are named after the first.
 *
 * <p>Thread-safety: immutable.
 */
public record TurnId(String value) {
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

    /** The first answer to the request that this is an answer to. */
    public TurnId firstChoice() {
        int end = value.indexOf(CHOICE);
        return end < 0 ? this : new TurnId(value.substring(0, end));
    }
}
