package inference;

import com.dynatrace.hash4j.hashing.HashStream128;
import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hashing;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * 128-bit fingerprint of a prompt's beginning, up to and including one message. Two conversations with equal fingerprints
 * have the same prompt up to there; what no template renders (tool call ids, whether a tool's result is an error) does not count.
 *
 * <p>Fingerprints stand for text between nodes: a session compares them, text itself is never sent.
 *
 * <p>Thread-safety: immutable.
 */
public record PromptFingerprint(long high, long low) {

    /** Fingerprints of every beginning of a prompt in which no effort shows. Linear in the prompt's text. */
    public static List<PromptFingerprint> chain(List<ToolDefinition> tools, List<Message> messages) {
        return chain(tools, messages, null);
    }

    /**
     * Fingerprints of every beginning of a prompt. Linear in the prompt's text.
     *
     * @param effort that the template writes into the prompt, or may; null for none
     * @return element 0 covers the tool definitions and the effort, element {@code i + 1} the prompt up to message {@code i}
     */
    public static List<PromptFingerprint> chain(
            List<ToolDefinition> tools, List<Message> messages, @Nullable ReasoningEffort effort) {
        List<PromptFingerprint> chain = new ArrayList<>(messages.size() + 1);
        HashStream128 head = Hashing.xxh3_128().hashStream();
        for (ToolDefinition tool : tools) {
            head.putString(tool.name()).putString(tool.description()).putString(tool.parameters());
        }
        if (effort != null) {
            head.putString(effort.word());
        }
        PromptFingerprint last = of(head.get());
        chain.add(last);
        for (Message message : messages) {
            last = last.followedBy(message);
            chain.add(last);
        }
        return chain;
    }

    /** Fingerprint of this beginning with one more message. Linear in the message's text. */
    public PromptFingerprint followedBy(Message message) {
        HashStream128 stream = Hashing.xxh3_128().hashStream();
        stream.putLong(high).putLong(low).putString(message.role().name());
        message.content().forEach(block -> put(stream, block));
        return of(stream.get());
    }

    /** Fingerprint of this beginning with more text. Linear in the text. */
    public PromptFingerprint followedBy(String text) {
        return of(Hashing.xxh3_128()
                .hashStream()
                .putLong(high)
                .putLong(low)
                .putString(text)
                .get());
    }

    private static PromptFingerprint of(HashValue128 hash) {
        return new PromptFingerprint(hash.getMostSignificantBits(), hash.getLeastSignificantBits());
    }

    private static void put(HashStream128 stream, ContentBlock block) {
        if (block instanceof ContentBlock.Text text) {
            stream.putByte((byte) 1).putString(text.text());
        } else if (block instanceof ContentBlock.Thinking thinking) {
            stream.putByte((byte) 2).putString(thinking.text());
        } else if (block instanceof ContentBlock.ToolUse call) {
            stream.putByte((byte) 3).putString(call.name()).putString(call.arguments());
        } else if (block instanceof ContentBlock.ToolResult result) {
            // Whether it is an error is in no prompt. What stands for it keeps fingerprints as they are stored.
            stream.putByte((byte) 4).putBoolean(false).putInt(result.content().size());
            result.content().forEach(inner -> put(stream, inner));
        } else if (block instanceof ContentBlock.Image image) {
            stream.putByte((byte) 5).putString(image.mediaType()).putString(image.reference());
        } else if (block instanceof ContentBlock.Refusal refusal) {
            stream.putByte((byte) 6).putString(refusal.text());
        }
    }

    @Override
    public String toString() {
        return HexFormat.of().toHexDigits(high) + HexFormat.of().toHexDigits(low);
    }
}
