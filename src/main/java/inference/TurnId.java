package inference;

/**
 * Name of one request and its answer: a UUIDv7, or derived from the client's idempotency key.
 *
 * <p>Thread-safety: immutable.
 */
public record TurnId(String value) {}
