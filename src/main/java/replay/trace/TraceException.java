package replay.trace;

/** A trace that cannot be read: the message names the file, the line and the field. */
public final class TraceException extends Exception {
    public TraceException(String message) {
        super(message);
    }
}
