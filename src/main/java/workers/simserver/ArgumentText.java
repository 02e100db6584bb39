package workers.simserver;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.StringWriter;

/** The one spelling of a call's arguments inside prompts: compact, keys and number literals as they were. Stateless. */
final class ArgumentText {
    private static final JsonFactory JSON = new JsonFactory();

    private ArgumentText() {}

    /** A JSON object in compact form, {@code {}} for nothing; text that is no JSON object stays as it is. */
    static String of(String arguments) {
        if (arguments.isBlank()) {
            return "{}";
        }
        StringWriter compact = new StringWriter(arguments.length());
        try (JsonParser in = JSON.createParser(arguments);
                JsonGenerator out = JSON.createGenerator(compact)) {
            JsonToken token = in.nextToken();
            if (token != JsonToken.START_OBJECT) {
                return arguments;
            }
            do {
                if (token.isNumeric()) {
                    out.writeNumber(in.getText());
                } else {
                    out.copyCurrentEvent(in);
                }
                token = in.nextToken();
            } while (token != null && !out.getOutputContext().inRoot());
            if (token != null) {
                return arguments;
            }
        } catch (IOException notJson) {
            return arguments;
        }
        return compact.toString();
    }
}
