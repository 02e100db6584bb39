package frontend;

import akka.http.javadsl.model.AttributeKey;
import akka.http.javadsl.model.HttpRequest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One request on its connection, for those who need to know when nobody waits for the answer any more, or when nothing is made of what
 * was sent.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class ClientConnection {
    private static final AttributeKey<ClientConnection> KEY = AttributeKey.create("connection", ClientConnection.class);

    private final CompletableFuture<Void> gone = new CompletableFuture<>();
    private final CompletableFuture<Void> usedUp = new CompletableFuture<>();
    private final AtomicBoolean prompting = new AtomicBoolean();

    ClientConnection() {}

    /** The connection of a request; one that is never lost if nobody watches it. */
    public static ClientConnection of(HttpRequest request) {
        return request.getAttribute(KEY).orElseGet(ClientConnection::new);
    }

    /** Runs an action once the client is gone, at once if it is. */
    public void whenGone(Runnable action) {
        var unused = gone.thenRun(action);
    }

    /** Runs an action once nothing is made of the request any more, at once if so: its prompts are there, or it has its answer. */
    void whenUsedUp(Runnable action) {
        var unused = usedUp.thenRun(action);
    }

    /** Turns have begun, and make their prompts of the request until then, also when the client leaves. */
    void usedUpWith(CompletionStage<Void> prompts) {
        prompting.set(true);
        prompts.thenRun(() -> usedUp.complete(null));
    }

    /** The request has its answer; there may be turns whose prompts are still being made. */
    void answered() {
        if (!prompting.get()) {
            usedUp.complete(null);
        }
    }

    HttpRequest attachedTo(HttpRequest request) {
        return request.addAttribute(KEY, this);
    }

    void lost() {
        gone.complete(null);
    }
}
