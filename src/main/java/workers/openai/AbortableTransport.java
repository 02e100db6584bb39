package workers.openai;

import akka.actor.ActorSystem;
import akka.http.javadsl.ClientTransport;
import akka.http.javadsl.OutgoingConnection;
import akka.http.javadsl.settings.ClientConnectionSettings;
import akka.stream.KillSwitches;
import akka.stream.SharedKillSwitch;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Keep;
import akka.util.ByteString;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;

/**
 * TCP whose connections one call closes. An HTTP connection does not pass a cancelled response on to its socket while the
 * response's head is still awaited, so the socket itself is cut.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class AbortableTransport extends ClientTransport {
    private final SharedKillSwitch sockets = KillSwitches.shared("engine-connection");

    @Override
    public Flow<ByteString, ByteString, CompletionStage<OutgoingConnection>> connectTo(
            String host, int port, ClientConnectionSettings settings, ActorSystem system) {
        return Flow.of(ByteString.class)
                .via(sockets.flow())
                .viaMat(ClientTransport.TCP().connectTo(host, port, settings, system), Keep.right())
                .via(sockets.flow());
    }

    /** Closes what is open; a connection that has ended by itself is not touched. */
    void abort() {
        sockets.abort(new CancellationException("nobody waits for this answer"));
    }
}
