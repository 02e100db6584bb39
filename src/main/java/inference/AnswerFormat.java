package inference;

import org.jspecify.annotations.Nullable;

/**
 * What an answer's text must be: JSON.
 *
 * <p>Thread-safety: immutable.
 *
 * @param name of the schema, for engines that ask for one
 * @param schema JSON schema in compact form; null when any JSON object will do
 * @param strict whether the schema must be followed to the letter, null when not said
 */
public record AnswerFormat(String name, @Nullable String schema, @Nullable Boolean strict) {
    /** Any JSON object. */
    public static final AnswerFormat JSON_OBJECT = new AnswerFormat("object", null, null);
}
