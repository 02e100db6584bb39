package frontend;

import inference.AnswerFormat;

/** Reads what an answer's text must be: dialects put it in different places and spell it alike. */
public final class AnswerFormats {
    private AnswerFormats() {}

    /** A JSON schema with its name, {@code {"name", "schema", "strict"}}. */
    public static AnswerFormat schema(JsonField format) {
        return new AnswerFormat(
                format.at("name").textOr("answer"),
                format.at("schema").object().compact(),
                format.at("strict").booleanOrNull());
    }
}
