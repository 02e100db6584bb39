package inference;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Text of conversations by fingerprint, each message once: written by the node that ran a turn, read by whoever warms an
 * engine with it.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public interface ConversationStore {

    /**
     * Keeps a request's conversation with the answer to it. Completes when it is durable; fails when it could not be kept.
     *
     * @param chain fingerprints of the request's prompt
     * @param reply the answer as the harness will send it back
     * @return refers to the conversation that ends with the reply
     */
    CompletionStage<ConversationRef> keep(InferenceRequest request, List<PromptFingerprint> chain, Message reply);

    /** A conversation as a request that could be sent to an engine; empty when it is not kept, or no longer. */
    CompletionStage<Optional<InferenceRequest>> find(ConversationRef conversation);
}
