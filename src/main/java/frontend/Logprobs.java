package frontend;

import com.fasterxml.jackson.core.JsonGenerator;
import inference.TokenLogprob;
import java.io.IOException;
import java.util.List;

/** Log probabilities in OpenAI's shape, which chat completions and responses share. */
public final class Logprobs {
    /** Most alternatives that can be asked for. */
    public static final int MOST = 20;

    private Logprobs() {}

    /** A member that is an array, one element per token. */
    public static void arrayField(JsonGenerator json, String name, List<TokenLogprob> tokens) throws IOException {
        json.writeArrayFieldStart(name);
        for (TokenLogprob token : tokens) {
            json.writeStartObject();
            members(json, token.chosen());
            json.writeArrayFieldStart("top_logprobs");
            for (TokenLogprob.Alternative alternative : token.likeliest()) {
                json.writeStartObject();
                members(json, alternative);
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void members(JsonGenerator json, TokenLogprob.Alternative token) throws IOException {
        json.writeStringField("token", token.token());
        json.writeNumberField("logprob", token.logprob());
        json.writeArrayFieldStart("bytes");
        for (int one : token.bytes()) {
            json.writeNumber(one);
        }
        json.writeEndArray();
    }
}
