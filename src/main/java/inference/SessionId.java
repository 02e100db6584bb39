package inference;

/**
 * Name of one reasoning-and-tool chain inside a tenant, as the harness gave it or as derived from its first prompt. May
 * hold any character.
 *
 * <p>Thread-safety: immutable.
 */
public record SessionId(String value) {
    /** Longest id accepted, in characters. */
    public static final int MAX_LENGTH = 512;

    public SessionId {
        if (value.isEmpty() || value.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "a session id has 1 to " + MAX_LENGTH + " characters, got " + value.length());
        }
    }
}
