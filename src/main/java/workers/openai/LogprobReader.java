package workers.openai;

import com.fasterxml.jackson.databind.JsonNode;
import inference.InferenceEvent;
import inference.TokenLogprob;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Pairs the log probabilities in an answer's chunks with the text that they belong to. Engines send those of a character's
 * first tokens before the character, so they wait for the next text; whoever got the text has got what belongs to it, wherever
 * the answer breaks off. Those of reasoning and calls are dropped: no dialect tells them.
 *
 * <p>Mutable, not thread safe.
 */
final class LogprobReader {
    /** What stands for an infinite negative logarithm in OpenAI's API. */
    private static final double NEVER = -9999;

    private final @Nullable Integer wanted;
    private final List<TokenLogprob> held = new ArrayList<>();
    private boolean saying;
    private boolean said;
    private boolean told;

    /** @param wanted alternatives per token, null for no log probabilities */
    LogprobReader(@Nullable Integer wanted) {
        this.wanted = wanted;
    }

    /** Takes what a chunk's choice brings. */
    void read(JsonNode choice) {
        if (wanted != null) {
            for (JsonNode token : choice.path("logprobs").path("content")) {
                held.add(new TokenLogprob(alternative(token), likeliest(token.path("top_logprobs"), wanted)));
            }
        }
    }

    /** The text of the same chunk. */
    InferenceEvent.TextDelta text(String text) {
        saying = true;
        said = true;
        return new InferenceEvent.TextDelta(text, taken());
    }

    /** The same chunk says something that is not text. */
    void other() {
        saying = false;
        held.clear();
    }

    /** What is left when the answer ends: of a token that ends the text and shows nothing. */
    Optional<InferenceEvent> rest() {
        return saying && !held.isEmpty() ? Optional.of(new InferenceEvent.TextDelta("", taken())) : Optional.empty();
    }

    /** Whether the engine said text and told no log probabilities although it was to. */
    boolean owed() {
        return wanted != null && said && !told;
    }

    private List<TokenLogprob> taken() {
        List<TokenLogprob> taken = List.copyOf(held);
        told |= !taken.isEmpty();
        held.clear();
        return taken;
    }

    private static List<TokenLogprob.Alternative> likeliest(JsonNode list, int wanted) {
        List<TokenLogprob.Alternative> likeliest = new ArrayList<>();
        for (int i = 0; i < Math.min(wanted, list.size()); i++) {
            likeliest.add(alternative(list.get(i)));
        }
        return likeliest;
    }

    private static TokenLogprob.Alternative alternative(JsonNode json) {
        String token = json.path("token").asText();
        List<Integer> bytes = new ArrayList<>();
        if (json.path("bytes").isArray()) {
            json.path("bytes").forEach(one -> bytes.add(one.asInt()));
        } else {
            for (byte one : token.getBytes(StandardCharsets.UTF_8)) {
                bytes.add(Byte.toUnsignedInt(one));
            }
        }
        return new TokenLogprob.Alternative(token, json.path("logprob").asDouble(NEVER), bytes);
    }
}
