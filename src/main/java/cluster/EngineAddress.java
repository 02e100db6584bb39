package cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.util.Map;

/**
 * Where one engine serves: HTTP, its stream of KV events and their replay, and the model's name.
 *
 * <p><em>Thread-safety:</em> immutable.
 */
public record EngineAddress(URI url, URI events, URI replay, String model) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Reads what an engine announces of itself.
     *
     * @throws IllegalArgumentException if it is not a JSON object with these four members
     */
    static EngineAddress parse(String json) {
        try {
            JsonNode object = JSON.readTree(json);
            return new EngineAddress(
                    URI.create(text(object, "url")),
                    URI.create(text(object, "events")),
                    URI.create(text(object, "replay")),
                    text(object, "model"));
        } catch (JsonProcessingException malformed) {
            throw new IllegalArgumentException("not JSON: " + json, malformed);
        }
    }

    /** The entry of {@code holdfast.workers.engines} that makes a node drive it. */
    public Map<String, String> toEntry() {
        return Map.of("url", url.toString(), "events", events.toString(), "replay", replay.toString());
    }

    private static String text(JsonNode object, String member) {
        JsonNode value = object.path(member);
        if (!value.isTextual()) {
            throw new IllegalArgumentException("no text at \"" + member + "\" in " + object);
        }
        return value.asText();
    }
}
