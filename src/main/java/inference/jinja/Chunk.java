package inference.jinja;

import java.util.List;

/**
 * A stretch of a template's source.
 *
 * @param text of plain text; otherwise empty
 * @param tokens of an output or a tag, the last of kind END; otherwise empty
 */
record Chunk(Kind kind, String text, List<Token> tokens) {
    enum Kind {
        TEXT,
        OUTPUT,
        TAG
    }
}
