package workers.simserver;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Serves {@code POST /v1/kv_hints}: hints about the cache in the form of vLLM's {@code kv_hints} envelope, {@code
 * {protocol_version, message_id, actions: [{action_id, action_type, action_version, payload}]}}.
 *
 * <p>{@code kv.retain} {@code {hold_id, block_hashes: ["decimal"], density, ttl_seconds}} keeps a prefix under a name, the
 * least dense to be evicted first; {@code kv.release} {@code {hold_id}}, or {@code {all: true}}, ends it. Both actions'
 * payloads are ours: vLLM has settled none. The answer has a result per action, {@code {action_id, status, blocks}}: status
 * is {@code applied} or {@code unsupported}, blocks how many leading ones are kept now.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class HintsHandler {
    /** What {@code /v1/models} lists. */
    static final List<String> ACTIONS = List.of("kv.retain@1.0", "kv.release@1.0");

    private static final String PROTOCOL = "1.0";

    private final EngineLoop loop;

    HintsHandler(EngineLoop loop) {
        this.loop = loop;
    }

    void handle(HttpExchange exchange) throws IOException, InterruptedException {
        BodyField body = BodyField.read(HttpReply.readBody(exchange));
        BodyField version = body.at("protocol_version");
        if (!version.text().equals(PROTOCOL)) {
            throw version.mustBe("\"" + PROTOCOL + "\"");
        }
        ObjectNode reply = JsonNodeFactory.instance
                .objectNode()
                .put("protocol_version", PROTOCOL)
                .put("message_id", body.at("message_id").text());
        ArrayNode results = reply.putArray("results");
        for (BodyField action : body.at("actions").items()) {
            ObjectNode result =
                    results.addObject().put("action_id", action.at("action_id").text());
            String type = action.at("action_type").text() + "@"
                    + action.at("action_version").text();
            if (ACTIONS.contains(type)) {
                result.put("status", "applied").put("blocks", await(apply(type, action.at("payload"))));
            } else {
                result.put("status", "unsupported").put("blocks", 0);
            }
        }
        HttpReply.json(exchange, 200, reply);
    }

    private CompletableFuture<Integer> apply(String type, BodyField payload) {
        if (type.equals(ACTIONS.get(0))) {
            return loop.hold(
                    payload.at("hold_id").text(),
                    payload.at("block_hashes").items().stream()
                            .mapToLong(HintsHandler::hash)
                            .toArray(),
                    payload.at("density").number(),
                    payload.at("ttl_seconds").number());
        }
        return payload.at("all").flagOr(false)
                ? loop.releaseHolds()
                : loop.releaseHold(payload.at("hold_id").text());
    }

    private static long hash(BodyField field) {
        try {
            return Long.parseUnsignedLong(field.text());
        } catch (NumberFormatException e) {
            throw field.mustBe("an unsigned 64-bit decimal number in a string");
        }
    }

    private static int await(CompletableFuture<Integer> blocks) throws InterruptedException {
        try {
            return blocks.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the engine failed", e);
        }
    }
}
