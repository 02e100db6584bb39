package inference;

/**
 * Reference to a conversation's text: how messages between nodes speak of prompts.
 *
 * <p>Thread-safety: immutable.
 *
 * @param tip fingerprint of the whole conversation, see {@link PromptFingerprint#chain}
 */
public record ConversationRef(TenantId tenant, PromptFingerprint tip) {}
