package workers.simserver;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Blocks from engine to engine: {@code POST /v1/kv_blocks} {@code {token_ids: […], cache_salt}} at the source, for each engine
 * has hashes of its own. No KV bytes exist, so the answer's first line tells how many leading blocks there are, {@code
 * {"blocks": n}}; its second, {@code sent}, comes when the source's link would have carried them. The one that pulls charges its
 * own link for the same time, and gives the pull up when the second line does not come.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class PeerBlocks {
    static final String PATH = "/v1/kv_blocks";

    /** A source that has not even confirmed by then is as good as dead. */
    private static final Duration CONFIRM_TIMEOUT = Duration.ofSeconds(5);

    private static final String SENT = "sent";

    private final SimServerSettings settings;
    private final EngineLoop loop;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(CONFIRM_TIMEOUT).build();

    PeerBlocks(SimServerSettings settings, EngineLoop loop) {
        this.settings = settings;
        this.loop = loop;
    }

    /** Serves another engine's pull. */
    void send(HttpExchange exchange) throws IOException, InterruptedException {
        BodyField body = BodyField.read(HttpReply.readBody(exchange));
        long[] chain = ChatIntake.hasher(settings, salt(body))
                .hash(tokens(body.at("token_ids")))
                .toArray();
        EngineLoop.Sending sending = await(loop.send(chain));
        exchange.getResponseHeaders().set("Content-Type", "application/x-ndjson");
        exchange.sendResponseHeaders(200, 0);
        OutputStream out = exchange.getResponseBody();
        out.write(("{\"blocks\":" + sending.blocks() + "}\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
        await(sending.sent());
        out.write((SENT + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Pulls the whole blocks that a prompt begins with.
     *
     * @param source base URL of the engine that has them
     * @return leading blocks that are on the device now, or on their way there; 0 when the source has none or does not answer
     */
    int pull(String id, String source, int[] tokens, @Nullable String salt) throws InterruptedException {
        try {
            ObjectNode body = JsonNodeFactory.instance.objectNode().put("cache_salt", salt);
            ArrayNode ids = body.putArray("token_ids");
            for (int token : tokens) {
                ids.add(token);
            }
            HttpRequest request = HttpRequest.newBuilder(URI.create(source + PATH))
                    .timeout(CONFIRM_TIMEOUT)
                    .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                    .build();
            HttpResponse<InputStream> answer = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
            BufferedReader lines = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
            String confirmed = answer.statusCode() == 200 ? lines.readLine() : null;
            if (confirmed == null) {
                lines.close();
                return 0;
            }
            return take(id, ExactJson.MAPPER.readTree(confirmed).path("blocks").asInt(), tokens, salt, lines);
        } catch (IOException | IllegalArgumentException e) {
            FailureLog.LOG.warn("pull {} from {} failed: {}", id, source, e.toString());
            return 0;
        }
    }

    private int take(String id, int blocks, int[] tokens, @Nullable String salt, BufferedReader lines)
            throws InterruptedException {
        int[] there = Arrays.copyOf(tokens, Math.min(blocks * settings.blockSizeTokens(), tokens.length));
        long[] chain = ChatIntake.hasher(settings, salt).hash(there).toArray();
        int coming = chain.length == 0 ? 0 : await(loop.pull(id, chain, there, salt));
        Thread watch = new Thread(() -> watch(id, lines), "pull-" + id);
        watch.setDaemon(true);
        watch.start();
        return coming;
    }

    /** Gives the pull up unless its source says that it has sent everything. */
    private void watch(String id, BufferedReader lines) {
        try (lines) {
            if (SENT.equals(lines.readLine())) {
                return;
            }
        } catch (IOException e) {
            FailureLog.LOG.warn("the source of pull {} broke off: {}", id, e.toString());
        }
        loop.abortPull(id);
    }

    static int[] tokens(BodyField ids) {
        return ids.items().stream().mapToInt(id -> id.integerOr(0, 0)).toArray();
    }

    static @Nullable String salt(BodyField of) {
        BodyField salt = of.at("cache_salt");
        return salt.absent() ? null : salt.text();
    }

    static <T> T await(CompletableFuture<T> future) throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the engine failed", e);
        }
    }
}
