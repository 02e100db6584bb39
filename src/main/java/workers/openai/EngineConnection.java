package workers.openai;

import akka.Done;
import akka.actor.ActorSystem;
import akka.http.javadsl.model.HttpProtocols;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.Connection;
import akka.japi.Pair;
import akka.stream.BoundedSourceQueue;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Keep;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP connection to an engine, which belongs to one request after the other.
 *
 * <p>Thread-safety: safe for concurrent use, but for {@link #ask}, which is its present user's.
 */
final class EngineConnection {
    private final AbortableTransport transport = new AbortableTransport();
    private final BoundedSourceQueue<HttpRequest> requests;
    private volatile CompletableFuture<HttpResponse> awaited = new CompletableFuture<>();
    private volatile boolean reusable = true;
    private volatile @Nullable Throwable end;

    private EngineConnection(
            ActorSystem system, Function<AbortableTransport, ? extends Flow<HttpRequest, HttpResponse, ?>> http) {
        Pair<BoundedSourceQueue<HttpRequest>, CompletionStage<Done>> running = Source.<HttpRequest>queue(1)
                .via(http.apply(transport))
                .toMat(Sink.foreach(this::answered), Keep.both())
                .run(system);
        requests = running.first();
        running.second().whenComplete((done, failure) -> ended(failure));
    }

    /** @param http HTTP over a transport */
    static EngineConnection open(
            ActorSystem system, Function<AbortableTransport, ? extends Flow<HttpRequest, HttpResponse, ?>> http) {
        return new EngineConnection(system, http);
    }

    /** Sends a request; fails when the connection ends before the answer's head. */
    CompletionStage<HttpResponse> ask(HttpRequest request) {
        CompletableFuture<HttpResponse> answer = new CompletableFuture<>();
        awaited = answer;
        boolean sent = requests.offer(request).isEnqueued();
        // A connection may end between the two lines before, and then nobody else ends the answer.
        Throwable ended = end;
        if (ended != null) {
            answer.completeExceptionally(ended);
        } else if (!sent) {
            answer.completeExceptionally(new IOException("the connection has ended"));
        }
        return answer;
    }

    /** Whether another request may follow once an answer is read to its end. */
    boolean reusable() {
        return reusable;
    }

    /** Closes the socket at whatever point a request is, which is how engines are told to abort. */
    void abort() {
        transport.abort();
    }

    private void answered(HttpResponse response) {
        boolean closes = response.getHeader(Connection.class)
                .map(header -> header.value().toLowerCase(Locale.ROOT).contains("close"))
                .orElse(!response.protocol().equals(HttpProtocols.HTTP_1_1));
        if (closes || response.entity().isCloseDelimited()) {
            reusable = false;
        }
        awaited.complete(response);
    }

    private void ended(@Nullable Throwable failure) {
        reusable = false;
        Throwable cause = failure == null ? new IOException("the connection was closed without an answer") : failure;
        end = cause;
        awaited.completeExceptionally(cause);
    }
}
