package workers.openai;

import akka.NotUsed;
import akka.actor.ActorSystem;
import akka.http.javadsl.Http;
import akka.http.javadsl.OutgoingConnection;
import akka.http.javadsl.OutgoingConnectionBuilder;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.Connection;
import akka.http.javadsl.model.headers.RawHeader;
import akka.http.javadsl.settings.ClientConnectionSettings;
import akka.japi.function.Function;
import akka.japi.pf.PFBuilder;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import com.fasterxml.jackson.databind.ObjectMapper;
import inference.InferenceEvent;
import inference.InferenceRequest;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.CompletionStage;
import kv.WorkerId;
import workers.EngineClient;
import workers.Seat;

/**
 * An engine behind the OpenAI HTTP API.
 *
 * <p>Every request has a connection of its own: cancelling a source closes it at whatever point the request is, which is
 * how engines are told to abort. A pooled connection could not be closed before the answer's head came, so a long prefill
 * would run to its end for nobody.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class OpenAiEngineClient implements EngineClient {
    /** No Nagle: a request must not wait for an acknowledgement. No idle limit here: a first token may be slow. */
    private static final String CONNECTION =
            "akka.http.client { idle-timeout = infinite, socket-options.tcp-no-delay = true }";

    private static final int ERROR_BYTES = 64 * 1024;
    private static final int PROBE_BYTES = 8 * 1024 * 1024;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ActorSystem system;
    private final String engine;
    private final URI url;
    private final OpenAiSettings settings;
    private final ClientConnectionSettings connectionSettings;

    public OpenAiEngineClient(ActorSystem system, WorkerId worker, OpenAiSettings settings) {
        this.system = system;
        this.engine = worker.url();
        this.url = URI.create(worker.url().replaceAll("/+$", ""));
        this.settings = settings;
        this.connectionSettings = ClientConnectionSettings.create(CONNECTION)
                .withConnectingTimeout(scala.concurrent.duration.Duration.fromNanos(
                        settings.connectTimeout().toNanos()));
    }

    @Override
    public Source<InferenceEvent, NotUsed> generate(InferenceRequest request, Seat seat) {
        HttpRequest post = HttpRequest.POST(url.getPath() + "/v1/chat/completions")
                .addHeader(RawHeader.create("X-Request-Id", request.turn().value()))
                .withEntity(ContentTypes.APPLICATION_JSON, RequestBody.write(request, settings.priorityAccepted()));
        return send(post, this::frames)
                .idleTimeout(settings.streamIdleTimeout())
                .recover(new PFBuilder<Throwable, AnswerFrame>()
                        .matchAny(AnswerFrame.Broken::new)
                        .build())
                .concat(Source.single(new AnswerFrame.End()))
                .statefulMapConcat(() -> reader(request))
                .takeWhile(event -> !(event instanceof InferenceEvent.Failed), true);
    }

    @Override
    public CompletionStage<Probe> probe() {
        Source<String, NotUsed> metrics = get("/metrics")
                .recover(new PFBuilder<Throwable, String>()
                        .match(NotServed.class, notServed -> "")
                        .build());
        return get("/v1/models")
                .map(JSON::readTree)
                .zipWith(
                        metrics, (models, page) -> ProbeReader.read(models, MetricsText.parse(page), settings.unsaid()))
                .completionTimeout(settings.probeTimeout())
                .runWith(Sink.head(), system);
    }

    /** Sends a request over a connection of its own, which ends with the returned source, however that ends. */
    private <T> Source<T, NotUsed> send(HttpRequest request, Function<HttpResponse, Source<T, Object>> read) {
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

    private Flow<HttpRequest, HttpResponse, CompletionStage<OutgoingConnection>> connection(
            AbortableTransport transport) {
        boolean secure = "https".equals(url.getScheme());
        int port = url.getPort() >= 0 ? url.getPort() : secure ? 443 : 80;
        OutgoingConnectionBuilder builder = Http.get(system)
                .connectionTo(url.getHost())
                .toPort(port)
                .withClientConnectionSettings(connectionSettings.withTransport(transport));
        return secure ? builder.https() : builder.http();
    }

    private Function<AnswerFrame, Iterable<InferenceEvent>> reader(InferenceRequest request) {
        return new AnswerReader(engine, "call_" + request.turn().value() + "_")::read;
    }

    private Source<AnswerFrame, Object> frames(HttpResponse response) {
        if (response.status().isSuccess()) {
            return response.entity().withoutSizeLimit().getDataBytes().map(AnswerFrame.Piece::new);
        }
        String retryAfter =
                response.getHeader("Retry-After").map(HttpHeader::value).orElse("");
        int status = response.status().intValue();
        return text(response, ERROR_BYTES)
                .map(body -> new AnswerFrame.Refused(ErrorBody.read(status, body, retryAfter)));
    }

    private Source<String, NotUsed> get(String path) {
        return send(HttpRequest.GET(url.getPath() + path), response -> text(response, PROBE_BYTES)
                .map(page -> {
                    if (!response.status().isSuccess()) {
                        throw new NotServed(engine + path + " answered " + response.status());
                    }
                    return page;
                }));
    }

    private static Source<String, Object> text(HttpResponse response, int limitBytes) {
        return response.entity()
                .withoutSizeLimit()
                .getDataBytes()
                .limitWeighted(limitBytes, bytes -> (long) bytes.size())
                .fold(ByteString.emptyByteString(), ByteString::concat)
                .map(ByteString::utf8String);
    }

    /** An endpoint that this engine does not have. */
    private static final class NotServed extends IOException {
        private static final long serialVersionUID = 1;

        NotServed(String message) {
            super(message);
        }
    }
}
