package workers.simserver;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A simulated engine that listens: {@code /v1/chat/completions}, {@code /v1/models}, {@code /health}, {@code /metrics}, {@code
 * /v1/kv_hints}, {@code /v1/kv_blocks} for other engines, and KV events.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class SimServer implements AutoCloseable {
    static {
        // Read once by the JDK's server when it loads. Without the first, each small event waits for an
        // acknowledgement;
        // with the second's default, pooled connections of clients are cut after 30 s.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        System.setProperty("sun.net.httpserver.idleInterval", "600");
        System.setProperty("sun.net.httpserver.maxIdleConnections", "1000");
    }

    private static final Set<String> POSTED = Set.of("/v1/chat/completions", "/v1/kv_hints", PeerBlocks.PATH);

    private final SimServerSettings settings;
    private final long startedAtMillis = System.currentTimeMillis();
    private final KvEventPublisher publisher;
    private final EngineLoop loop;
    private final HttpServer http;
    private final ExecutorService handlers;
    private final ChatHandler chat;
    private final HintsHandler hints;
    private final PeerBlocks peers;
    private final MetricsPage metrics;

    private SimServer(SimServerSettings settings) throws IOException {
        this.settings = settings;
        http = HttpServer.create(new InetSocketAddress(settings.host(), settings.port()), 0);
        try {
            publisher = new KvEventPublisher(settings.host(), settings.eventsPort(), settings.replayPort());
        } catch (RuntimeException e) {
            http.stop(0);
            throw new IOException(
                    "cannot publish KV events on ports " + settings.eventsPort() + " and " + settings.replayPort()
                            + ": " + e.getMessage(),
                    e);
        }
        EngineCounters counters = new EngineCounters();
        loop = new EngineLoop(settings, publisher, counters);
        peers = new PeerBlocks(settings, loop);
        chat = new ChatHandler(settings, loop, peers);
        hints = new HintsHandler(settings, loop, peers);
        metrics = new MetricsPage(settings, counters, startedAtMillis);
        AtomicInteger threads = new AtomicInteger();
        handlers = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "http-" + threads.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        http.setExecutor(handlers);
        http.createContext("/", this::serve);
        http.start();
    }

    /** Starts an engine; returns when it answers. Fails when a port is taken. */
    public static SimServer start(SimServerSettings settings) throws IOException {
        return new SimServer(settings);
    }

    /** Base URL of the HTTP server. */
    public String url() {
        return "http://" + settings.host() + ":" + http.getAddress().getPort();
    }

    /** ZeroMQ endpoint of the KV events. */
    public String eventsUrl() {
        return publisher.eventsUrl();
    }

    /** ZeroMQ endpoint that replays KV events. */
    public String replayUrl() {
        return publisher.replayUrl();
    }

    /** Stops at once: open streams end with an error. */
    @Override
    public void close() {
        loop.close();
        http.stop(0);
        handlers.shutdownNow();
        publisher.close();
    }

    private void serve(HttpExchange exchange) throws IOException {
        String requestId = exchange.getRequestHeaders().getFirst("X-Request-Id");
        exchange.getResponseHeaders()
                .set("X-Request-Id", requestId == null ? UUID.randomUUID().toString() : requestId);
        try (exchange) {
            try {
                route(exchange);
            } catch (RequestFailure failure) {
                HttpReply.failure(exchange, failure);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException e) {
                FailureLog.LOG.error("{} failed", exchange.getRequestURI(), e);
                HttpReply.failure(exchange, RequestFailure.of(500, "the engine failed: " + e));
            }
        }
    }

    private void route(HttpExchange exchange) throws IOException, InterruptedException {
        String path = exchange.getRequestURI().getPath();
        String method = POSTED.contains(path) ? "POST" : "GET";
        Handler handler =
                switch (path) {
                    case "/v1/chat/completions" -> chat::handle;
                    case "/v1/kv_hints" -> {
                        if (!settings.hints()) {
                            throw RequestFailure.notFound(null, "this engine takes no hints");
                        }
                        yield hints::handle;
                    }
                    case PeerBlocks.PATH -> peers::send;
                    case "/v1/models" -> this::models;
                    case "/health" -> to -> HttpReply.send(to, 200, "text/plain", "");
                    case "/metrics" ->
                        to -> HttpReply.send(to, 200, "text/plain; version=0.0.4", metrics.text(loop.levels()));
                    default -> throw RequestFailure.notFound(null, "there is no " + path);
                };
        if (!exchange.getRequestMethod().equals(method)) {
            throw RequestFailure.of(405, path + " takes " + method);
        }
        handler.handle(exchange);
    }

    private void models(HttpExchange exchange) throws IOException {
        ObjectNode list = JsonNodeFactory.instance.objectNode().put("object", "list");
        ObjectNode model = list.putArray("data").addObject();
        model.put("id", settings.model())
                .put("object", "model")
                .put("created", startedAtMillis / 1000)
                .put("owned_by", "holdfast")
                .put("root", settings.model())
                .putNull("parent")
                .put("max_model_len", settings.engine().contextTokens())
                .put("max_logprobs", MadeUpLogprobs.MOST)
                .put("logit_bias", false);
        if (settings.hints()) {
            ArrayNode actions = model.putArray("kv_hints");
            hints.actions().forEach(actions::add);
        }
        HttpReply.json(exchange, 200, list);
    }

    /** Serves one route. */
    private interface Handler {
        void handle(HttpExchange exchange) throws IOException, InterruptedException;
    }
}
