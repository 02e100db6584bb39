package inference;

import com.fasterxml.jackson.core.io.JsonStringEncoder;

/** JSON strings inside prompts. */
final class JsonText {
    private JsonText() {}

    /** A JSON string literal of a text. */
    static String quote(String text) {
        return '"' + String.valueOf(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }
}
