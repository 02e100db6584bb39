package workers.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import kv.EngineHash;
import kv.Hold;
import kv.LeaseId;
import kv.Receipt;

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

    private KvHints() {}

    /** Whether an entry of {@code /v1/models} says that its engine takes these hints. */
    static boolean offered(JsonNode model) {
        boolean retain = false;
        boolean release = false;
        for (JsonNode action : model.path("kv_hints")) {
            retain |= action.asText().equals(RETAIN + "@" + VERSION);
            release |= action.asText().equals(RELEASE + "@" + VERSION);
        }
        return retain && release;
    }

    static ObjectNode retain(Hold hold, List<EngineHash> blocks) {
        ObjectNode envelope = JSON.createObjectNode();
        ObjectNode payload = action(envelope, RETAIN, hold.lease().toString())
                .put("hold_id", hold.lease().toString())
                .put("priority", hold.priority())
                .put("density", hold.density())
                .put("ttl_seconds", hold.remaining().toMillis() / 1000.0);
        ArrayNode hashes = payload.putArray("block_hashes");
        // In text: JSON readers round integers of 64 bits.
        blocks.forEach(block -> hashes.add(Long.toUnsignedString(block.value())));
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

    /** What the answer to a {@link #retain} of so many blocks means: all are kept, or the hold is of no use. */
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
            return status / 100 == 2 ? JSON.readTree(body).path("results").path(0) : JSON.missingNode();
        } catch (JsonProcessingException e) {
            return JSON.missingNode();
        }
    }

    /** Adds an action and returns its payload; one message has one action, so both have one id. */
    private static ObjectNode action(ObjectNode envelope, String type, String id) {
        envelope.put("protocol_version", VERSION).put("message_id", id);
        return envelope.putArray("actions")
                .addObject()
                .put("action_id", id)
                .put("action_type", type)
                .put("action_version", VERSION)
                .putObject("payload");
    }
}
