package workers.events;

/** One event that breaks its own format; caught where its batch is decoded. */
final class MalformedEventException extends RuntimeException {
    private static final long serialVersionUID = 1;

    MalformedEventException(String message) {
        super(message, null, false, false);
    }
}
