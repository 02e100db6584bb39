package frontend;

import inference.CacheMark;
import inference.ContentBlock;
import inference.Message;
import inference.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts a conversation together as prompts need it, whatever dialect it is read from. What does not enter a prompt leaves no
 * trace in it: empty texts, how a client split one speaker's contribution into messages, and noise at the head.
 *
 * <p>Thread-safety: confined to one request.
 */
public final class ConversationBuilder {
    private final PromptNoise noise;
    private final List<Message> messages = new ArrayList<>();
    private final List<CacheMark> marks = new ArrayList<>();
    private final List<ContentBlock> contribution = new ArrayList<>();
    private @Nullable Role speaker;
    private boolean atHead = true;

    public ConversationBuilder(PromptNoise noise) {
        this.noise = noise;
    }

    /** Says who speaks from here on; a speaker who says nothing still has a message. */
    public ConversationBuilder speaker(Role role) {
        if (role != speaker) {
            close();
            speaker = role;
            atHead = atHead && role == Role.SYSTEM;
        }
        return this;
    }

    /**
     * Adds to what the speaker says.
     *
     * @return whether it became part of the prompt
     */
    public boolean add(ContentBlock block) {
        ContentBlock added = block;
        if (block instanceof ContentBlock.Text text) {
            added = atHead ? new ContentBlock.Text(noise.removedFrom(text.text())) : text;
        }
        if (added instanceof ContentBlock.Text text && text.text().isEmpty()) {
            return false;
        }
        contribution.add(added);
        return true;
    }

    /** Marks the prompt up to the block that was added last. */
    public void mark(Duration ttl) {
        if (!contribution.isEmpty()) {
            marks.add(new CacheMark(messages.size(), contribution.size() - 1, ttl));
        }
    }

    /** Marks the prompt up to one of its tool definitions. */
    public void markTool(int tool, Duration ttl) {
        marks.add(new CacheMark(-1, tool, ttl));
    }

    /** The conversation so far. */
    public List<Message> messages() {
        close();
        speaker = null;
        return List.copyOf(messages);
    }

    /** The marks so far, in the order in which they were made. */
    public List<CacheMark> marks() {
        return List.copyOf(marks);
    }

    private void close() {
        if (speaker != null) {
            messages.add(new Message(speaker, contribution));
            contribution.clear();
        }
    }
}
