package cluster;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import inference.ContentBlock;
import inference.Message;
import inference.ReasoningEffort;
import inference.ToolDefinition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The durable form of messages, and of what comes before them. Type names are fixed for ever; components may be added if absence has
 * a meaning.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class ConversationJson {
    private static final ObjectMapper JSON = new ObjectMapper()
            .setDefaultPropertyInclusion(JsonInclude.Include.NON_NULL)
            .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false)
            .addMixIn(ContentBlock.class, Typed.class);

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = ContentBlock.Text.class, name = "text"),
        @JsonSubTypes.Type(value = ContentBlock.Thinking.class, name = "thinking"),
        @JsonSubTypes.Type(value = ContentBlock.ToolUse.class, name = "tool-use"),
        @JsonSubTypes.Type(value = ContentBlock.ToolResult.class, name = "tool-result"),
        @JsonSubTypes.Type(value = ContentBlock.Image.class, name = "image"),
        @JsonSubTypes.Type(value = ContentBlock.Refusal.class, name = "refusal")
    })
    private interface Typed {}

    /**
     * What comes before the messages.
     *
     * @param effort null where none shows in the prompt
     */
    record Head(List<ToolDefinition> tools, @Nullable ReasoningEffort effort) {}

    private ConversationJson() {}

    static String write(Message message) {
        return text(message);
    }

    /** Without an effort, the tools alone, as all heads were once. */
    static String write(Head head) {
        return text(head.effort() == null ? head.tools() : head);
    }

    static Message readMessage(String body) {
        try {
            return JSON.readValue(body, Message.class);
        } catch (JsonProcessingException unreadable) {
            throw new IllegalArgumentException("not a stored message", unreadable);
        }
    }

    static Head readHead(String body) {
        try {
            return body.startsWith("[")
                    ? new Head(JSON.readValue(body, new TypeReference<List<ToolDefinition>>() {}), null)
                    : JSON.readValue(body, Head.class);
        } catch (JsonProcessingException unreadable) {
            throw new IllegalArgumentException("not the stored head of a conversation", unreadable);
        }
    }

    private static String text(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException bug) {
            throw new IllegalStateException(bug);
        }
    }
}
