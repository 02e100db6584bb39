package frontend;

import akka.http.javadsl.model.AttributeKey;
import akka.http.javadsl.model.HttpRequest;
import java.util.concurrent.CompletableFuture;

/**
 * The connection that one request came on, for those who need to know when nobody waits for the answer any more.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class ClientConnection {
    private static final AttributeKey<ClientConnection> KEY = AttributeKey.create("connection", ClientConnection.class);

    private final CompletableFuture<Void> gone = new CompletableFuture<>();

    ClientConnection() {}

    /** The connection of a request; one that is never lost if nobody watches it. */
    public static ClientConnection of(HttpRequest request) {
        return request.getAttribute(KEY).orElseGet(ClientConnection::new);
    }

    /** Runs an action once the client is gone, at once if it is. */
    public void whenGone(Runnable action) {
        var unused = gone.thenRun(action);
    }

    HttpRequest attachedTo(HttpRequest request) {
        return request.addAttribute(KEY, this);
    }

    void lost() {
        gone.complete(null);
    }
}
