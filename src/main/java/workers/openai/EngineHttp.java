package workers.openai;

import akka.NotUsed;
import akka.actor.ActorSystem;
import akka.http.javadsl.ConnectHttp;
import akka.http.javadsl.Http;
import akka.http.javadsl.OutgoingConnection;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.Connection;
import akka.http.javadsl.settings.ClientConnectionSettings;
import akka.japi.function.Function;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import kv.WorkerId;

/**
 * HTTP to one engine.
 *
 * <p>Every request has a connection of its own: cancelling a source closes it at whatever point the request is, which is
 * how engines are told to abort. A pooled connection could not be closed before the answer's head came, so a long prefill
 * would run to its end for nobody.
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

    /** A whole answer, whatever its status. */
    public record Answer(int status, String body) {
        public boolean success() {
            return status / 100 == 2;
        }
    }

    public EngineHttp(ActorSystem system, WorkerId engine, Duration connectTimeout) {
        this.system = system;
        this.url = URI.create(engine.url().replaceAll("/+$", ""));
        this.connect = ConnectHttp.toHost(url.toString());
        this.connectionSettings = ClientConnectionSettings.create(CONNECTION)
                .withConnectingTimeout(scala.concurrent.duration.Duration.fromNanos(connectTimeout.toNanos()));
    }

    /** Fetches a page; fails when the engine does not answer in time. */
    public CompletionStage<Answer> get(String path, Duration timeout) {
        return whole(HttpRequest.GET(path(path)), timeout);
    }

    /** Sends a body and waits for the whole answer; fails when there is none in time. */
    public CompletionStage<Answer> post(String path, JsonNode body, Duration timeout) {
        return whole(json(path, body), timeout);
    }

    HttpRequest json(String path, JsonNode body) {
        return HttpRequest.POST(path(path)).withEntity(ContentTypes.APPLICATION_JSON, RequestBody.bytes(body));
    }

    /** Sends a request over a connection of its own, which ends with the returned source, however that ends. */
    <T> Source<T, NotUsed> send(HttpRequest request, Function<HttpResponse, Source<T, Object>> read) {
        return Source.lazySource(() -> {
                    AbortableTransport transport = new AbortableTransport();
                    return Source.single(request.addHeader(Connection.create("close")))
                            .via(connection(transport))
                            .flatMapConcat(read)
                            .watchTermination(
                                    (ignored, ended) -> ended.whenComplete((done, failure) -> transport.abort()));
                })
                .mapMaterializedValue(ignored -> NotUsed.getInstance());
    }

    static Source<String, Object> text(HttpResponse response, int limitBytes) {
        return response.entity()
                .withoutSizeLimit()
                .getDataBytes()
                .limitWeighted(limitBytes, bytes -> (long) bytes.size())
                .fold(ByteString.emptyByteString(), ByteString::concat)
                .map(ByteString::utf8String);
    }

    private CompletionStage<Answer> whole(HttpRequest request, Duration timeout) {
        return send(request, response -> text(response, ANSWER_BYTES)
                        .map(body -> new Answer(response.status().intValue(), body)))
                .completionTimeout(timeout)
                .runWith(Sink.head(), system);
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
