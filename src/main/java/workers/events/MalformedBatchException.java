package workers.events;

import java.io.IOException;

/** A message that is no event batch at all: nothing of it can be used. */
public final class MalformedBatchException extends IOException {
    private static final long serialVersionUID = 1;

    MalformedBatchException(String message) {
        super(message);
    }

    MalformedBatchException(Throwable cause) {
        super("not a msgpack event batch", cause);
    }
}
