package cluster;

import org.jspecify.annotations.Nullable;

/** A reason not to start that the user can act on: its message is one line that says what, where, and what to do. */
public final class StartFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public StartFailure(String message) {
        super(message);
    }

    public StartFailure(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
