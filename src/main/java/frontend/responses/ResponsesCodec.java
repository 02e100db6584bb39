package frontend.responses;

import frontend.AnswerFormats;
import frontend.Caller;
import frontend.ConversationBuilder;
import frontend.Efforts;
import frontend.HintsReader;
import frontend.JsonField;
import frontend.Logprobs;
import frontend.PromptNoise;
import frontend.RefusedRequest;
import frontend.SessionIdentity;
import inference.AnswerFormat;
import inference.InferenceRequest;
import inference.Message;
import inference.ReasoningEffort;
import inference.Sampling;
import inference.SessionContext;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decodes the body of {@code POST /v1/responses}.
 *
 * <p>A known field of a wrong type is refused by its path. A known field that would change the answer and is not served is
 * refused too, never dropped. Fields that only describe the request, and unknown ones, are ignored.
 *
 * @see <a href="https://platform.openai.com/docs/api-reference/responses/create">OpenAI's API reference</a>
 */
final class ResponsesCodec {
    private static final List<String> NEVER_SERVED = List.of("conversation", "prompt");
    private static final List<String> TEXTS =
            List.of("safety_identifier", "prompt_cache_retention", "service_tier", "user");
    private static final String SEALED = "reasoning.encrypted_content";
    private static final String LOGPROBS = "message.output_text.logprobs";

    private ResponsesCodec() {}

    /**
     * Decodes one request.
     *
     * @param line the responses that it continues
     * @param owners bodies of the responses that put out what it refers to
     * @throws RefusedRequest naming the first field that is wrong or not served
     */
    static ResponsesRequest decode(
            JsonField body,
            Caller caller,
            PromptNoise noise,
            ResponsesInput input,
            List<ResponseStore.StoredResponse> line,
            Map<String, String> owners) {
        String model = body.at("model").nonEmptyText();
        refuseUnserved(body);
        ResponsesTools tools = ResponsesTools.decode(body);
        ConversationBuilder conversation = new ConversationBuilder(noise);
        ResponsesConversation reader = new ResponsesConversation(conversation);
        reader.instructions(body.at("instructions"));
        input.history(line).forEach(reader::item);
        List<JsonField> items = input.items(owners);
        items.forEach(reader::item);
        List<Message> messages = conversation.messages();
        if (messages.isEmpty()) {
            throw body.at("input").mustBe("an array with at least one item of a known type");
        }
        SessionContext session = SessionIdentity.of(caller, body, model, tools.definitions(), messages);
        InferenceRequest request = new InferenceRequest(
                caller.turn(session.id()),
                model,
                session,
                tools.definitions(),
                tools.choice(),
                body.at("parallel_tool_calls").booleanOr(true),
                messages,
                sampling(body),
                effort(body.at("reasoning")),
                HintsReader.hints(body),
                HintsReader.cacheMarks(body, messages));
        boolean store = body.at("store").booleanOr(true);
        return new ResponsesRequest(
                request,
                body.at("stream").booleanOr(false),
                store,
                includes(body, SEALED),
                tools.freeForm(),
                input.previous(),
                store ? ResponsesInput.kept(items, request.turn().value()) : "[]",
                HintsReader.wantsRetention(body),
                ResponseSettings.of(body).toString());
    }

    private static void refuseUnserved(JsonField body) {
        for (String name : NEVER_SERVED) {
            if (!body.at(name).absent()) {
                throw body.at(name).refused("is not served");
            }
        }
        if (body.at("background").booleanOr(false)) {
            throw body.at("background").refused("is not served");
        }
        JsonField truncation = body.at("truncation");
        if (!Set.of("auto", "disabled").contains(truncation.textOr("disabled"))) {
            throw truncation.mustBe("'auto' or 'disabled'");
        }
        TEXTS.forEach(name -> body.at(name).textOrNull());
        body.at("max_tool_calls").intOrNull(1, Integer.MAX_VALUE);
    }

    private static boolean includes(JsonField body, String what) {
        boolean included = false;
        for (JsonField item : body.at("include").items()) {
            included |= item.text().equals(what);
        }
        return included;
    }

    /** Either way of asking is enough: to answer it with nothing would be to drop it. */
    private static @Nullable Integer topLogprobs(JsonField body) {
        Integer alternatives = body.at("top_logprobs").intOrNull(0, Logprobs.MOST);
        if (alternatives != null && alternatives > 0) {
            return alternatives;
        }
        return includes(body, LOGPROBS) ? Integer.valueOf(0) : null;
    }

    private static Sampling sampling(JsonField body) {
        return new Sampling(
                body.at("max_output_tokens").intOrNull(1, Integer.MAX_VALUE),
                null,
                body.at("temperature").numberOrNull(0, 2),
                body.at("top_p").numberOrNull(0, 1),
                null,
                null,
                body.at("presence_penalty").numberOrNull(-2, 2),
                body.at("frequency_penalty").numberOrNull(-2, 2),
                List.of(),
                format(body.at("text")),
                topLogprobs(body),
                Sampling.UNBIASED);
    }

    private static @Nullable AnswerFormat format(JsonField text) {
        if (text.absent()) {
            return null;
        }
        text.object().at("verbosity").textOrNull();
        JsonField format = text.at("format");
        if (format.absent()) {
            return null;
        }
        JsonField type = format.object().at("type");
        return switch (type.text()) {
            case "text" -> null;
            case "json_object" -> AnswerFormat.JSON_OBJECT;
            case "json_schema" -> AnswerFormats.schema(format);
            default -> throw type.mustBe("'text', 'json_object' or 'json_schema'");
        };
    }

    private static @Nullable ReasoningEffort effort(JsonField reasoning) {
        if (reasoning.absent()) {
            return null;
        }
        reasoning.object().at("summary").textOrNull();
        return Efforts.read(reasoning.at("effort"), ReasoningEffort.NONE);
    }
}
