package frontend.messages;

import frontend.JsonField;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a {@code document} block as the text that any model can be given. It is framed in one way, so that equal documents are equal
 * prompts: {@code <document>}, {@code <title>} and {@code <context>} where there are any, the document's own text, {@code </document>},
 * each on a line of its own and none of them escaped.
 *
 * <p>Thread-safety: immutable.
 *
 * @param text as the prompt has it
 * @param parts blocks that the document consists of, which may have marks of their own
 */
record MessagesDocument(String text, List<JsonField> parts) {
    MessagesDocument {
        parts = List.copyOf(parts);
    }

    static MessagesDocument of(JsonField block) {
        JsonField citations = block.at("citations");
        if (!citations.absent() && citations.object().at("enabled").booleanOr(false)) {
            throw citations.at("enabled").refused("must not be true: citations are not served");
        }
        JsonField source = block.at("source").object();
        List<JsonField> parts = new ArrayList<>();
        List<String> lines = new ArrayList<>();
        lines.add("<document>");
        frame("title", block.at("title").textOrNull(), lines);
        frame("context", block.at("context").textOrNull(), lines);
        switch (source.at("type").text()) {
            case "text" -> lines.add(plain(source));
            case "content" -> content(source.at("content"), lines, parts);
            default ->
                throw source.at("type")
                        .mustBe("'text' or 'content', the kinds of documents served: PDFs and files are not");
        }
        lines.add("</document>\n");
        return new MessagesDocument(String.join("\n", lines), parts);
    }

    private static void frame(String name, @Nullable String text, List<String> lines) {
        if (text != null && !text.isEmpty()) {
            lines.add("<" + name + ">" + text + "</" + name + ">");
        }
    }

    private static String plain(JsonField source) {
        JsonField type = source.at("media_type");
        if (!type.textOr("text/plain").equals("text/plain")) {
            throw type.mustBe("'text/plain'");
        }
        return source.at("data").text();
    }

    private static void content(JsonField content, List<String> lines, List<JsonField> parts) {
        if (content.isText()) {
            lines.add(content.text());
            return;
        }
        if (!content.isArray()) {
            throw content.mustBe("a string or an array of blocks");
        }
        for (JsonField part : content.items()) {
            JsonField type = part.object().at("type");
            if (!type.text().equals("text")) {
                throw type.mustBe("'text', the only kind served in a document");
            }
            lines.add(MessagesConversation.markable(part));
            parts.add(part);
        }
    }
}
