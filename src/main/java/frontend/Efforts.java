package frontend;

import inference.ReasoningEffort;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads how much a model shall think. */
public final class Efforts {
    private Efforts() {}

    /**
     * The effort that a field asks for, null when absent.
     *
     * @param least the first that the dialect has
     */
    public static @Nullable ReasoningEffort read(JsonField field, ReasoningEffort least) {
        String word = field.textOrNull();
        if (word == null) {
            return null;
        }
        List<ReasoningEffort> known = Arrays.stream(ReasoningEffort.values())
                .filter(effort -> effort.compareTo(least) >= 0)
                .toList();
        return known.stream()
                .filter(effort -> effort.word().equals(word))
                .findFirst()
                .orElseThrow(() -> field.mustBe(
                        "one of " + known.stream().map(ReasoningEffort::word).collect(Collectors.joining(", "))));
    }
}
