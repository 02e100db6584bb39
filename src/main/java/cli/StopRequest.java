package cli;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The user's wish to stop: Ctrl-C, a terminal that closes, or a termination signal.
 *
 * <p>The first asks a running node to drain. One before the node runs, or a second one, ends the process at once, which
 * takes its children along.
 *
 * <p><em>Thread-safety:</em> safe.
 */
final class StopRequest {

    private static final int INTERRUPTED = 130;

    private final CompletableFuture<Void> asked = new CompletableFuture<>();
    private volatile boolean drainable;

    /** Starts to listen to the process's signals. */
    static StopRequest listen() {
        StopRequest request = new StopRequest();
        for (String signal : List.of("INT", "TERM", "HUP")) {
            Signals.handle(signal, request::onSignal);
        }
        return request;
    }

    /** Says that there is something to drain from now on. Completes at the first wish to stop. */
    CompletableFuture<Void> afterReady() {
        drainable = true;
        return asked;
    }

    private void onSignal() {
        if (!drainable || !asked.complete(null)) {
            Runtime.getRuntime().halt(INTERRUPTED);
        }
    }
}
