package workers.openai;

import akka.actor.ActorSystem;
import akka.http.javadsl.ConnectHttp;
import akka.http.javadsl.Http;
import akka.http.javadsl.OutgoingConnection;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.Connection;
import akka.http.javadsl.settings.ClientConnectionSettings;
import akka.stream.javadsl.Flow;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import kv.WorkerId;

/**
 * HTTP to one engine.
 *
 * <p>Every request has a connection for itself while it runs: to close it, at whatever point the request is, is how engines are
 * told to abort. A pool of Akka's would not close one before the answer's head came, so a long prefill would run to its end for
 * nobody. A connection whose answer was read to its end waits for a next request.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class EngineHttp {
    /** No Nagle: a request must not wait for an acknowledgement. No idle limit here: a first token may be slow. */
    private static final String CONNECTION =
            """
            akka.http.client {
              idle-timeout = infinite
              socket-options.tcp-no-delay = true
              # llama-server sends an empty Access-Control-Allow-Origin with every answer.
              parsing.illegal-header-warnings = off
            }
            """;

    private static final int ANSWER_BYTES = 8 * 1024 * 1024;

    private final ActorSystem system;
    private final URI url;
    private final ConnectHttp connect;
    private final ClientConnectionSettings connectionSettings;
    private final boolean closing;
    private final EngineConnections connections;

    /** A whole answer, whatever its status. */
    public record Answer(int status, String body) {
        public boolean success() {
            return status / 100 == 2;
        }

        /**
         * Whether it would be the same for the same request: there is no such endpoint, or what was sent is not taken, for which engines
         * whose template fails say 500, too.
         */
        public boolean refused() {
            return status == 500 || (status / 100 == 4 && status != 408 && status != 429);
        }
    }

    /** @param keepConnections how long a connection waits for a next request; zero closes each after its first */
    public EngineHttp(ActorSystem system, WorkerId engine, Duration connectTimeout, Duration keepConnections) {
        this.system = system;
        this.url = URI.create(engine.url().replaceAll("/+$", ""));
        this.connect = ConnectHttp.toHost(url.toString());
        this.connectionSettings = ClientConnectionSettings.create(CONNECTION)
                .withConnectingTimeout(scala.concurrent.duration.Duration.fromNanos(connectTimeout.toNanos()));
        this.closing = keepConnections.isZero();
        this.connections =
                new EngineConnections(system, keepConnections, () -> EngineConnection.open(system, this::connection));
    }

    /** Fetches a page; fails when the engine does not answer in time. */
    public CompletionStage<Answer> get(String path, Duration timeout) {
        return whole(request(HttpRequest.GET(path(path))), timeout);
    }

    /** Sends a body and waits for the whole answer; fails when there is none in time. */
    public CompletionStage<Answer> post(String path, JsonNode body, Duration timeout) {
        return whole(json(path, body), timeout);
    }

    HttpRequest json(String path, JsonNode body) {
        return request(HttpRequest.POST(path(path)).withEntity(ContentTypes.APPLICATION_JSON, RequestBody.bytes(body)));
    }

    /** Where requests get their connections. */
    EngineConnections connections() {
        return connections;
    }

    /** The text of an answer; fails when it is longer or does not come in time. */
    static CompletionStage<String> text(HttpResponse response, int limitBytes, Duration timeout, ActorSystem system) {
        return response.entity()
                .withoutSizeLimit()
                .toStrict(timeout.toMillis(), limitBytes, system)
                // In place: see docs/adr/0002.
                .thenApplyAsync(strict -> strict.getData().utf8String(), Runnable::run);
    }

    private HttpRequest request(HttpRequest request) {
        return closing ? request.addHeader(Connection.create("close")) : request;
    }

    private CompletionStage<Answer> whole(HttpRequest request, Duration timeout) {
        EngineConnection connection = connections.take();
        return connection
                .ask(request)
                .thenCompose(response -> text(response, ANSWER_BYTES, timeout, system)
                        .thenApply(body -> new Answer(response.status().intValue(), body)))
                .toCompletableFuture()
                .orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS)
                .whenComplete((answer, failure) -> {
                    if (failure == null) {
                        connections.giveBack(connection);
                    } else {
                        connection.abort();
                    }
                });
    }

    private String path(String path) {
        return url.getPath() + path;
    }

    private Flow<HttpRequest, HttpResponse, CompletionStage<OutgoingConnection>> connection(
            AbortableTransport transport) {
        // Not connectionTo(host): that parses the default settings anew for every connection.
        return Http.get(system)
                .outgoingConnection(
                        connect, Optional.empty(), connectionSettings.withTransport(transport), system.log());
    }
}
