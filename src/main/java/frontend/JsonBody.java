package frontend;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import inference.CompactJson;
import inference.InferenceFailure;
import java.io.IOException;

/**
 * JSON text of a request as a tree, parsed once, within the limits of {@link CompactJson#READER}. Numbers keep their exact value, so that a schema is written back as it was meant.
 */
public final class JsonBody {
    private JsonBody() {}

    /**
     * Parses a whole body.
     *
     * @throws RefusedRequest when it is not one JSON object
     */
    public static JsonField parse(byte[] body) {
        JsonNode tree;
        try {
            tree = CompactJson.READER.readTree(body);
        } catch (JsonProcessingException e) {
            throw malformed("the body is not valid JSON: " + problem(e) + place(e.getLocation()));
        } catch (IOException e) {
            // The bytes are in memory: what is left are characters that are no UTF-8, UTF-16 or UTF-32.
            throw malformed("the body is not text in UTF-8, UTF-16 or UTF-32");
        }
        if (!tree.isObject()) {
            throw malformed("the body must be a JSON object");
        }
        return JsonField.root(tree);
    }

    /** In our words: the parser's name its classes and settings. */
    private static String problem(JsonProcessingException e) {
        if (e instanceof JsonEOFException) {
            return "it ends too early";
        }
        if (e instanceof StreamConstraintsException) {
            return "it is nested more than " + CompactJson.MAX_DEPTH + " deep, or a number or name in it is too long";
        }
        if (e instanceof MismatchedInputException) {
            return "something follows after its end";
        }
        return "there is something that cannot stand there";
    }

    private static String place(JsonLocation at) {
        return at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
    }

    private static RefusedRequest malformed(String message) {
        return new RefusedRequest(InferenceFailure.of(InferenceFailure.Kind.INVALID_REQUEST, message));
    }
}
