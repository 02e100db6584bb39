package workers.simserver;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads the logging library only when there is something to say: it would be a large part of the engine's start. */
final class FailureLog {
    static final Logger LOG = LoggerFactory.getLogger(SimServer.class);

    private FailureLog() {}
}
