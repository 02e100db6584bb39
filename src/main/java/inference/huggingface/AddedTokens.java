package inference.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The tokens that a tokenizer takes out of a text before anything else is done to it: control tokens mostly. What stands before one and
 * what begins with it are tokenised apart, so that is where a text may be cut.
 *
 * <p>Thread-safety: immutable.
 *
 * @see <a href="https://huggingface.co/docs/tokenizers/api/added-tokens">Tokenizers, added tokens</a>
 */
final class AddedTokens {
    /** By first character, longest first: of those that match at one place the longest is taken. */
    private final Map<Character, List<Added>> byFirst = new HashMap<>();

    /**
     * An added token.
     *
     * @param cuts whether a text may be cut before it: not before one that takes the white space before it along, or that is none
     *     inside a word
     */
    private record Added(String content, boolean cuts) {}

    /** @param tokenizer content of a {@code tokenizer.json} */
    AddedTokens(JsonNode tokenizer) {
        List<Added> all = new ArrayList<>();
        for (JsonNode token : tokenizer.path("added_tokens")) {
            String content = token.path("content").asText();
            // One that is looked for in normalised text is no boundary of the text itself.
            if (!content.isEmpty() && !token.path("normalized").asBoolean()) {
                boolean cuts = !token.path("lstrip").asBoolean()
                        && !token.path("single_word").asBoolean();
                all.add(new Added(content, cuts));
            }
        }
        all.sort(
                Comparator.comparingInt((Added token) -> token.content.length()).reversed());
        all.forEach(token -> byFirst.computeIfAbsent(token.content.charAt(0), first -> new ArrayList<>())
                .add(token));
    }

    /** Cuts a text before every added token. The parts are the text; linear in it. */
    List<String> cut(String text) {
        List<String> parts = new ArrayList<>();
        int from = 0;
        int at = 0;
        while (at < text.length()) {
            Added token = at(text, at);
            if (token == null) {
                at++;
                continue;
            }
            if (token.cuts && at > from) {
                parts.add(text.substring(from, at));
                from = at;
            }
            at += token.content.length();
        }
        if (from < text.length()) {
            parts.add(text.substring(from));
        }
        return parts;
    }

    private @Nullable Added at(String text, int at) {
        for (Added token : byFirst.getOrDefault(text.charAt(at), List.of())) {
            if (text.startsWith(token.content, at)) {
                return token;
            }
        }
        return null;
    }
}
