package frontend;

import com.dynatrace.hash4j.hashing.HashStream128;
import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hashing;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import inference.Message;
import inference.PromptFingerprint;
import inference.Role;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.ToolDefinition;
import inference.WellFormed;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which session a request belongs to: the one its headers name; else the one its body names ({@code nvext.agent_context}, or
 * {@code prompt_cache_key}, or {@code session_id} in the JSON that harnesses write into {@code metadata.user_id}); else one derived from how its
 * conversation begins, so that clients that say nothing still have sessions, and those that share a whole beginning are
 * forks of one.
 */
public final class SessionIdentity {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private SessionIdentity() {}

    /**
     * Finds the session of a decoded request.
     *
     * @param body the whole request, for the fields that name a session
     * @throws RefusedRequest when such a field is wrong, also where a header names the session
     */
    public static SessionContext of(
            Caller caller, JsonField body, String model, List<ToolDefinition> tools, List<Message> messages) {
        body.at("prompt_cache_key").textOrNull();
        body.at("metadata").names();
        AgentContext context = AgentContext.read(body);
        SessionHeaders headers = caller.session();
        SessionId id = headers.id();
        SessionId parent = headers.parent();
        boolean last = headers.last();
        if (id == null && context.session() != null) {
            id = context.session();
            parent = context.parent() != null ? context.parent() : parent;
            last |= context.last();
        }
        SessionId named = id != null ? id : named(body);
        SessionId sure = named != null ? named : derived(caller.tenant(), model, tools, messages);
        return new SessionContext(caller.tenant(), sure, sure.equals(parent) ? null : parent, last);
    }

    private static @Nullable SessionId named(JsonField body) {
        JsonField cacheKey = body.at("prompt_cache_key");
        if (!cacheKey.textOr("").isEmpty()) {
            return valid(cacheKey, cacheKey.text());
        }
        JsonField userId = body.at("metadata").at("user_id");
        String session = userId.isText() ? sessionInside(userId.text()) : null;
        return session == null ? null : valid(userId, session);
    }

    private static @Nullable String sessionInside(String userId) {
        if (!userId.startsWith("{")) {
            return null;
        }
        try {
            JsonNode session = MAPPER.readTree(userId).path("session_id");
            return session.isTextual() && !session.textValue().isEmpty() ? WellFormed.text(session.textValue()) : null;
        } catch (JsonProcessingException notJson) {
            return null;
        }
    }

    /** A field's id, of any characters. */
    static SessionId valid(JsonField field, String id) {
        if (id.length() > SessionId.MAX_LENGTH) {
            throw field.refused("names a session and must not exceed " + SessionId.MAX_LENGTH + " characters");
        }
        return new SessionId(id);
    }

    /** Session of a conversation that begins like this one, up to and including its first user message. */
    static SessionId derived(TenantId tenant, String model, List<ToolDefinition> tools, List<Message> messages) {
        int end = 0;
        while (end < messages.size() && messages.get(end).role() != Role.USER) {
            end++;
        }
        List<Message> head = messages.subList(0, Math.min(end + 1, messages.size()));
        PromptFingerprint beginning = PromptFingerprint.chain(tools, head).get(head.size());
        HashStream128 hash = Hashing.xxh3_128().hashStream();
        hash.putString(tenant.value())
                .putString(model)
                .putLong(beginning.high())
                .putLong(beginning.low());
        HashValue128 value = hash.get();
        HexFormat hex = HexFormat.of();
        return new SessionId("auto-"
                + hex.toHexDigits(value.getMostSignificantBits())
                + hex.toHexDigits(value.getLeastSignificantBits()));
    }
}
