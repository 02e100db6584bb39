package frontend;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What harnesses write into their system prompts anew for each session or request, though no model needs it: it is left out
 * of the prompt, because whatever stands behind it could never be served from another session's cache.
 *
 * <p>Thread-safety: immutable.
 *
 * @param patterns what to leave out, wherever it matches in the system text before the first message of another role
 */
public record PromptNoise(List<Pattern> patterns) {
    public PromptNoise {
        patterns = List.copyOf(patterns);
    }

    /** The text without noise. */
    String removedFrom(String text) {
        String left = text;
        for (Pattern pattern : patterns) {
            left = pattern.matcher(left).replaceAll("");
        }
        return left;
    }
}
