package inference;

/**
 * Reference to a conversation's text: how messages between nodes speak of prompts.
 *
 * <p>Thread-safety: immutable.
 *
 * @param model as its requests name it
 * @param tip fingerprint of the whole conversation, see {@link PromptFingerprint#chain}
 */
public record ConversationRef(TenantId tenant, String model, PromptFingerprint tip) {}
