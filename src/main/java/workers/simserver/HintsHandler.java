package workers.simserver;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import kv.KvTier;

/**
 * Serves {@code POST /v1/kv_hints}: hints about the cache in the form of vLLM's {@code kv_hints} envelope, {@code
 * {protocol_version, message_id, actions: [{action_id, action_type, action_version, payload}]}}.
 *
 * <ul>
 *   <li>{@code kv.retain} {@code {hold_id, block_hashes: ["decimal"], medium, density, ttl_seconds}} keeps a prefix in a tier
 *       under a name, the least dense to be evicted first; {@code kv.release} {@code {hold_id}}, or {@code {all: true}}, ends
 *       it.
 *   <li>{@code kv.demote} {@code {block_hashes, medium}} copies a prefix to a colder tier and frees the device of what nobody
 *       else needs there; {@code kv.prefetch} {@code {block_hashes}} brings it back.
 *   <li>{@code kv.pull} {@code {pull_id, source, token_ids, cache_salt}} copies a prefix from another engine: its blocks have
 *       other hashes there.
 * </ul>
 *
 * A medium is named as in KV events, {@code GPU} unless said. The payloads are ours: vLLM has settled none. The answer has a
 * result per action, {@code {action_id, status, blocks}}: status is {@code applied} or {@code unsupported}, blocks how many
 * leading ones are kept, or are where they are wanted, or on their way there.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class HintsHandler {
    private static final String PROTOCOL = "1.0";
    private static final String RETAIN = "kv.retain@1.0";
    private static final String RELEASE = "kv.release@1.0";
    private static final String DEMOTE = "kv.demote@1.0";
    private static final String PREFETCH = "kv.prefetch@1.0";
    private static final String PULL = "kv.pull@1.0";
    private static final Map<String, KvTier> MEDIA =
            Map.of("GPU", KvTier.DEVICE, "CPU", KvTier.HOST, "DISK", KvTier.DISK);

    private final EngineLoop loop;
    private final PeerBlocks peers;
    private final List<String> actions;

    HintsHandler(SimServerSettings settings, EngineLoop loop, PeerBlocks peers) {
        this.loop = loop;
        this.peers = peers;
        List<String> able = new ArrayList<>(List.of(RETAIN, RELEASE, PULL));
        if (settings.tiers().hostBlocks() > 0 || settings.tiers().diskBlocks() > 0) {
            able.addAll(List.of(DEMOTE, PREFETCH));
        }
        actions = List.copyOf(able);
    }

    /** What {@code /v1/models} lists. */
    List<String> actions() {
        return actions;
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
            if (actions.contains(type)) {
                result.put("status", "applied").put("blocks", apply(type, action.at("payload")));
            } else {
                result.put("status", "unsupported").put("blocks", 0);
            }
        }
        HttpReply.json(exchange, 200, reply);
    }

    private int apply(String type, BodyField payload) throws InterruptedException {
        BodyField blocks = payload.at("block_hashes");
        return switch (type) {
            case RETAIN ->
                PeerBlocks.await(loop.hold(
                        payload.at("hold_id").text(),
                        hashes(blocks),
                        tier(payload),
                        payload.at("density").number(),
                        payload.at("ttl_seconds").number()));
            case DEMOTE -> PeerBlocks.await(loop.demote(hashes(blocks), tier(payload)));
            case PREFETCH -> PeerBlocks.await(loop.prefetch(hashes(blocks)));
            case PULL ->
                peers.pull(
                        payload.at("pull_id").text(),
                        payload.at("source").text(),
                        PeerBlocks.tokens(payload.at("token_ids")),
                        PeerBlocks.salt(payload));
            default ->
                PeerBlocks.await(
                        payload.at("all").flagOr(false)
                                ? loop.releaseHolds()
                                : loop.releaseHold(payload.at("hold_id").text()));
        };
    }

    private static KvTier tier(BodyField payload) {
        BodyField medium = payload.at("medium");
        KvTier tier = MEDIA.get(medium.textOr("GPU"));
        if (tier == null) {
            throw medium.mustBe("one of " + MEDIA.keySet().stream().sorted().toList());
        }
        return tier;
    }

    /** Block hashes in text: JSON readers round integers of 64 bits. */
    static long[] hashes(BodyField blocks) {
        return blocks.items().stream().mapToLong(HintsHandler::hash).toArray();
    }

    private static long hash(BodyField field) {
        try {
            return Long.parseUnsignedLong(field.text());
        } catch (NumberFormatException e) {
            throw field.mustBe("an unsigned 64-bit decimal number in a string");
        }
    }
}
