package workers;

/**
 * Place in an engine that a request or command is for. Engines whose requests share one cache have no seats; in one with
 * private slots, a slot's cache serves only requests that are sent to it.
 *
 * <p>Thread-safety: immutable.
 *
 * @param slot from 0, or -1 for wherever the engine likes
 */
public record Seat(int slot) {
    public static final Seat ANY = new Seat(-1);
}
