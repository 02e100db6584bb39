package workers.llamacpp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Finds out what a server's slots are good for by using them: some servers clear an idle slot when another one works, some
 * report a restore that reuses nothing. Takes two idle slots and leaves them empty.
 *
 * <p>Thread-safety: immutable; one run at a time per server.
 */
final class Trial {
    /** Long enough to tell reuse from chance, short enough to cost nothing. */
    private static final String TEXT =
            "Nothing is asked here: this finds out whether a slot keeps what it has computed.";

    private final SlotApi api;

    Trial(SlotApi api) {
        this.api = api;
    }

    /** Idle slots, those that hold nothing before those that do; at most two. */
    CompletionStage<List<Integer>> idleSlots() {
        return api.slots().thenApply(Trial::idle);
    }

    private static List<Integer> idle(JsonNode slots) {
        List<Integer> empty = new ArrayList<>();
        List<Integer> filled = new ArrayList<>();
        for (JsonNode slot : slots) {
            if (!slot.path("is_processing").asBoolean()) {
                (slot.path("n_prompt_tokens").asInt() == 0 ? empty : filled)
                        .add(slot.path("id").asInt());
            }
        }
        empty.addAll(filled);
        return List.copyOf(empty.subList(0, Math.min(2, empty.size())));
    }

    /**
     * Whether a slot keeps its tokens while another computes.
     *
     * @param slots two, or the only one
     */
    CompletionStage<Boolean> slotsArePrivate(List<Integer> slots) {
        return api.tokenize(TEXT).thenCompose(tokens -> api.compute(slots.get(0), tokens)
                .thenCompose(first -> slots.size() == 1
                        ? CompletableFuture.completedFuture(first)
                        : api.compute(slots.get(1), tokens))
                .thenCompose(second -> api.compute(slots.get(0), tokens))
                .thenApply(kept -> reused(kept, tokens)));
    }

    /** The file that a slot came back from, if it did, after {@link #slotsArePrivate} found it holding something. */
    CompletionStage<Optional<SlotApi.Moved>> copiesComeBack(int slot, CopyFolder folder, long weights) {
        String file = folder.trialName(weights);
        return api.tokenize(TEXT)
                .thenCompose(tokens -> api.save(slot, file)
                        .thenCompose(saved -> saved.tokens() < tokens.size() || !folder.holds(file, saved.bytes())
                                ? CompletableFuture.completedFuture(Optional.<SlotApi.Moved>empty())
                                : api.erase(slot)
                                        .thenCompose(erased -> api.restore(slot, file))
                                        .thenCompose(restored -> api.compute(slot, tokens))
                                        .thenApply(kept -> Optional.of(saved).filter(written -> reused(kept, tokens)))))
                .exceptionally(refused -> Optional.empty())
                .whenComplete((done, failure) -> folder.delete(file));
    }

    private static boolean reused(int kept, ArrayNode tokens) {
        return kept >= tokens.size() - 1; // the last one is always computed again
    }
}
