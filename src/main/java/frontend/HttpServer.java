package frontend;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.server.Directives;
import akka.http.javadsl.server.Route;
import akka.japi.function.Function;
import akka.pattern.Patterns;
import akka.stream.javadsl.Flow;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletionStage;
import metrics.Metric;
import metrics.Metrics;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP side of one node: a bound port in front of the routes of all dialects.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class HttpServer {
    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);
    /** Time for the last bytes of finished answers: to terminate a connection is to throw away what it has not sent. */
    private static final Duration FLUSH = Duration.ofMillis(500);

    private final ActorSystem<?> system;
    private final ServerBinding binding;
    private final RunningTurns turns;
    private final FrontendSettings settings;

    private HttpServer(ActorSystem<?> system, ServerBinding binding, RunningTurns turns, FrontendSettings settings) {
        this.system = system;
        this.binding = binding;
        this.turns = turns;
        this.settings = settings;
    }

    /** Starts to serve; fails when the address cannot be bound. */
    public static CompletionStage<HttpServer> bind(
            ActorSystem<?> system,
            FrontendSettings settings,
            RunningTurns turns,
            Metrics metrics,
            Route first,
            Route... others) {
        Route sealed = new ErrorRoutes().sealed(Directives.concat(first, others));
        Function<HttpRequest, CompletionStage<HttpResponse>> handler = sealed.handler(system);
        Flow<HttpRequest, HttpResponse, NotUsed> connection = Flow.fromGraph(new ConnectionWatch())
                .mapAsync(1, request -> answered(handler, request, system, metrics));
        return Http.get(system)
                .newServerAt(settings.host(), settings.port())
                .bindFlow(connection)
                .thenApply(binding -> {
                    LOG.info("serving HTTP on {}", binding.localAddress());
                    return new HttpServer(system, binding, turns, settings);
                });
    }

    /** Address in use, with the port that was chosen. */
    public InetSocketAddress address() {
        return binding.localAddress();
    }

    /**
     * Stops serving: refuses new turns, lets running ones finish within {@code drain-timeout}, ends the rest with their
     * dialect's error, then closes the port and every connection. Until then the port answers, so that whoever asks is
     * told that this server drains instead of finding nobody.
     *
     * @return how many turns were not left the time to finish
     */
    public CompletionStage<Integer> drain() {
        return turns.drain(settings.drainTimeout())
                .thenCompose(cut -> Patterns.after(FLUSH, system, () -> binding.terminate(FLUSH))
                        .thenApply(terminated -> {
                            LOG.info("stopped serving HTTP on {}", binding.localAddress());
                            return cut;
                        }));
    }

    /** Turns that clients wait for. */
    public int runningTurns() {
        return turns.running();
    }

    private static CompletionStage<HttpResponse> answered(
            Function<HttpRequest, CompletionStage<HttpResponse>> handler,
            HttpRequest received,
            ActorSystem<?> system,
            Metrics metrics)
            throws Exception {
        HttpRequest request = ServiceHeaders.begun(RequestIds.assigned(received), System.nanoTime());
        // In place: see docs/adr/0002.
        return handler.apply(request)
                .thenApplyAsync(response -> completed(request, response, system, metrics), Runnable::run);
    }

    private static HttpResponse completed(
            HttpRequest request, HttpResponse response, ActorSystem<?> system, Metrics metrics) {
        metrics.count(Metric.HTTP_RESPONSES, Integer.toString(response.status().intValue()));
        if (response.status().isFailure()) {
            // What was not read would block the connection; where all was read this does nothing.
            request.discardEntityBytes(system);
        }
        HttpResponse named = ServiceHeaders.named(response, request, System.nanoTime(), Instant.now());
        return RequestIds.named(named, RequestIds.of(request));
    }
}
