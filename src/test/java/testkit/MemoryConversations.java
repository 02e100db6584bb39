package testkit;

import inference.ConversationRef;
import inference.ConversationStore;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** Conversations in memory; can be told to fail. */
public final class MemoryConversations implements ConversationStore {
    private final Map<ConversationRef, InferenceRequest> kept = new ConcurrentHashMap<>();
    private volatile boolean failing;

    public void fail() {
        failing = true;
    }

    @Override
    public CompletionStage<ConversationRef> keep(
            InferenceRequest request, List<PromptFingerprint> chain, Message reply) {
        if (failing) {
            return CompletableFuture.failedFuture(new IllegalStateException("the store is away"));
        }
        List<Message> messages = new ArrayList<>(request.messages());
        messages.add(reply);
        ConversationRef reference = new ConversationRef(
                request.session().tenant(),
                request.model(),
                chain.get(chain.size() - 1).followedBy(reply));
        kept.put(
                reference,
                new InferenceRequest(
                        request.turn(),
                        request.model(),
                        request.session(),
                        request.tools(),
                        request.toolChoice(),
                        request.parallelToolCalls(),
                        messages,
                        request.sampling(),
                        request.effort(),
                        request.hints(),
                        request.cacheMarks()));
        return CompletableFuture.completedFuture(reference);
    }

    @Override
    public CompletionStage<Optional<InferenceRequest>> find(ConversationRef conversation) {
        return CompletableFuture.completedFuture(Optional.ofNullable(kept.get(conversation)));
    }
}
