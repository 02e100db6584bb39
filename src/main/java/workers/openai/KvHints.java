package workers.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import kv.EngineHash;
import kv.Hold;
import kv.KvTier;
import kv.LeaseId;
import kv.Receipt;
import workers.status.ColderTiers;
import workers.status.EngineCapabilities;

/**
 * Holds as hints in vLLM's {@code kv_hints} envelope, sent to {@code /v1/kv_hints}. The envelope is vLLM's; the payloads of
 * {@code kv.retain} and {@code kv.release} are what {@code holdfast sim} understands, because vLLM has settled none.
 *
 * <p>Thread-safety: stateless.
 */
final class KvHints {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String VERSION = "1.0";
    private static final String RETAIN = "kv.retain";
    private static final String RELEASE = "kv.release";
    private static final String DEMOTE = "kv.demote";
    private static final String PREFETCH = "kv.prefetch";
    private static final String PULL = "kv.pull";

    private KvHints() {}

    /**
     * What an entry of {@code /v1/models} says that its engine can be told to do.
     *
     * @param hostBlocks capacity of its host tier
     * @param diskBlocks capacity of its disk tier
     */
    static EngineCapabilities capabilities(JsonNode model, int hostBlocks, int diskBlocks) {
        Set<String> offered = new HashSet<>();
        model.path("kv_hints").forEach(action -> offered.add(action.asText()));
        boolean holds = offered.containsAll(Set.of(named(RETAIN), named(RELEASE)));
        ColderTiers tiers = new ColderTiers(
                hostBlocks,
                diskBlocks,
                holds && offered.contains(named(DEMOTE)),
                offered.contains(named(PREFETCH)),
                offered.contains(named(PULL)));
        return new EngineCapabilities(holds, null, 0, tiers);
    }

    private static String named(String action) {
        return action + "@" + VERSION;
    }

    /** Keeps a prefix in its hold's tier, where it is moved to first. */
    static ObjectNode retain(Hold hold, List<EngineHash> blocks) {
        ObjectNode envelope = JSON.createObjectNode();
        if (hold.tier() != KvTier.DEVICE) {
            ObjectNode payload =
                    action(envelope, DEMOTE, hold.lease().toString()).put("medium", medium(hold.tier()));
            name(blocks, payload);
        }
        ObjectNode payload = action(envelope, RETAIN, hold.lease().toString())
                .put("hold_id", hold.lease().toString())
                .put("medium", medium(hold.tier()))
                .put("priority", hold.priority())
                .put("density", hold.density())
                .put("ttl_seconds", hold.remaining().toMillis() / 1000.0);
        name(blocks, payload);
        return envelope;
    }

    static ObjectNode prefetch(List<EngineHash> blocks) {
        ObjectNode envelope = JSON.createObjectNode();
        name(blocks, action(envelope, PREFETCH, "prefetch"));
        return envelope;
    }

    static ObjectNode release(LeaseId lease) {
        ObjectNode envelope = JSON.createObjectNode();
        action(envelope, RELEASE, lease.toString()).put("hold_id", lease.toString());
        return envelope;
    }

    static ObjectNode releaseAll() {
        ObjectNode envelope = JSON.createObjectNode();
        action(envelope, RELEASE, "all").put("all", true);
        return envelope;
    }

    /** What the answer about so many blocks means: all are where they should be, or it is of no use. The last action counts. */
    static Receipt receipt(int status, String body, int blocks) {
        if (status == 404 || status == 405) {
            return new Receipt.Unsupported();
        }
        JsonNode result = result(status, body);
        return switch (result.path("status").asText()) {
            case "applied" ->
                blocks > 0 && result.path("blocks").asInt() == blocks
                        ? new Receipt.Accepted()
                        : new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT);
            case "unsupported" -> new Receipt.Unsupported();
            default -> new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED);
        };
    }

    private static JsonNode result(int status, String body) {
        try {
            JsonNode results = status / 100 == 2 ? JSON.readTree(body).path("results") : JSON.missingNode();
            return results.path(results.size() - 1);
        } catch (JsonProcessingException e) {
            return JSON.missingNode();
        }
    }

    private static void name(List<EngineHash> blocks, ObjectNode payload) {
        ArrayNode hashes = payload.putArray("block_hashes");
        // In text: JSON readers round integers of 64 bits.
        blocks.forEach(block -> hashes.add(Long.toUnsignedString(block.value())));
    }

    /** As in KV events. */
    private static String medium(KvTier tier) {
        return switch (tier) {
            case DEVICE -> "GPU";
            case HOST -> "CPU";
            case DISK -> "DISK";
            case REMOTE -> "EXTERNAL";
        };
    }

    /** Adds an action and returns its payload; a message's actions are about one thing, so all have one id. */
    private static ObjectNode action(ObjectNode envelope, String type, String id) {
        envelope.put("protocol_version", VERSION).put("message_id", id);
        return envelope.withArray("actions")
                .addObject()
                .put("action_id", id)
                .put("action_type", type)
                .put("action_version", VERSION)
                .putObject("payload");
    }
}
