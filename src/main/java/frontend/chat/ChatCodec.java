package frontend.chat;

import frontend.AnswerFormats;
import frontend.CacheControls;
import frontend.Caller;
import frontend.ConversationBuilder;
import frontend.Efforts;
import frontend.FrontendSettings;
import frontend.HintsReader;
import frontend.JsonField;
import frontend.Logprobs;
import frontend.RefusedRequest;
import frontend.SessionIdentity;
import inference.AnswerFormat;
import inference.CacheMark;
import inference.InferenceRequest;
import inference.Message;
import inference.ReasoningEffort;
import inference.Sampling;
import inference.SessionContext;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Decodes the body of {@code POST /v1/chat/completions}.
 *
 * <p>A known field of a wrong type is refused by its path. A known field that would change the answer and is not served is
 * refused too, never dropped. Fields that only describe or store the request, and unknown ones, are ignored.
 *
 * @see <a href="https://platform.openai.com/docs/api-reference/chat/create">OpenAI's API reference</a>
 */
public final class ChatCodec {
    private static final int MAX_STOP_STRINGS = 4;
    private static final int MOST_BIAS = 100;
    private static final List<String> NEVER_SERVED =
            List.of("audio", "functions", "function_call", "web_search_options");
    private static final List<String> IGNORED_TEXTS = List.of(
            "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "service_tier", "user", "verbosity");

    private ChatCodec() {}

    /**
     * Decodes one request.
     *
     * @throws RefusedRequest naming the first field that is wrong or not served
     */
    public static ChatRequest decode(JsonField body, Caller caller, FrontendSettings settings) {
        String model = body.at("model").nonEmptyText();
        refuseUnserved(body);
        ConversationBuilder conversation = new ConversationBuilder(settings.promptNoise());
        CacheControls controls = new CacheControls();
        ChatTools tools = ChatTools.decode(body, conversation, controls);
        new ChatMessages(conversation, controls).decode(body.at("messages"));
        List<Message> messages = conversation.messages();
        List<CacheMark> marks = new ArrayList<>(conversation.marks());
        marks.addAll(HintsReader.cacheMarks(body, messages));
        JsonField options = body.at("stream_options");
        boolean includeUsage =
                !options.absent() && options.object().at("include_usage").booleanOr(false);
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
                Efforts.read(body.at("reasoning_effort"), ReasoningEffort.NONE),
                HintsReader.hints(body),
                marks);
        return new ChatRequest(
                request,
                tools.freeForm(),
                choices(body.at("n"), settings.maxChoices()),
                body.at("stream").booleanOr(false),
                includeUsage,
                HintsReader.wantsRetention(body));
    }

    private static void refuseUnserved(JsonField body) {
        for (String name : NEVER_SERVED) {
            if (!body.at(name).absent()) {
                throw notServed(body.at(name));
            }
        }
        for (String name : IGNORED_TEXTS) {
            body.at(name).textOrNull();
        }
        for (JsonField modality : body.at("modalities").items()) {
            if (!modality.text().equals("text")) {
                throw modality.mustBe("'text', the only modality served");
            }
        }
    }

    private static int choices(JsonField n, int most) {
        Integer choices = n.intOrNull(1, Integer.MAX_VALUE);
        if (choices != null && choices > most) {
            throw n.refused("is " + choices + ", more than " + most + " (holdfast.frontend.max-choices)");
        }
        return choices == null ? 1 : choices;
    }

    private static RefusedRequest notServed(JsonField field) {
        return field.refused("is not served");
    }

    private static Sampling sampling(JsonField body) {
        Integer completion = body.at("max_completion_tokens").intOrNull(1, Integer.MAX_VALUE);
        Integer legacy = body.at("max_tokens").intOrNull(1, Integer.MAX_VALUE);
        Integer most = completion != null ? completion : legacy;
        Integer least = body.at("min_tokens").intOrNull(0, Integer.MAX_VALUE);
        if (least != null && most != null && least > most) {
            throw body.at("min_tokens").mustBe("at most the token limit, " + most);
        }
        return new Sampling(
                most,
                least,
                body.at("temperature").numberOrNull(0, 2),
                body.at("top_p").numberOrNull(0, 1),
                body.at("top_k").intOrNull(1, Integer.MAX_VALUE),
                body.at("seed").integerOrNull(Long.MIN_VALUE, Long.MAX_VALUE),
                body.at("presence_penalty").numberOrNull(-2, 2),
                body.at("frequency_penalty").numberOrNull(-2, 2),
                stop(body.at("stop")),
                format(body.at("response_format")),
                topLogprobs(body),
                logitBias(body.at("logit_bias")));
    }

    private static @Nullable Integer topLogprobs(JsonField body) {
        Integer alternatives = body.at("top_logprobs").intOrNull(0, Logprobs.MOST);
        if (body.at("logprobs").booleanOr(false)) {
            return alternatives == null ? Integer.valueOf(0) : alternatives;
        }
        if (alternatives != null && alternatives > 0) {
            throw body.at("top_logprobs").refused("needs 'logprobs' to be true");
        }
        return null;
    }

    private static SortedMap<Integer, Double> logitBias(JsonField bias) {
        SortedMap<Integer, Double> added = new TreeMap<>();
        for (String token : bias.names()) {
            if (!token.matches("\\d{1,9}")) {
                throw bias.mustBe("an object whose keys are token ids");
            }
            Double value = bias.at(token).numberOrNull(-MOST_BIAS, MOST_BIAS);
            if (value == null) {
                throw bias.at(token).mustBe("a number from -" + MOST_BIAS + " to " + MOST_BIAS);
            }
            added.put(Integer.valueOf(token), value);
        }
        return added;
    }

    private static @Nullable AnswerFormat format(JsonField format) {
        if (format.absent()) {
            return null;
        }
        JsonField type = format.object().at("type");
        return switch (type.text()) {
            case "text" -> null;
            case "json_object" -> AnswerFormat.JSON_OBJECT;
            case "json_schema" -> AnswerFormats.schema(format.at("json_schema").object());
            default -> throw type.mustBe("'text', 'json_object' or 'json_schema'");
        };
    }

    private static List<String> stop(JsonField stop) {
        if (stop.isText()) {
            return List.of(stop.nonEmptyText());
        }
        if (!stop.absent() && (!stop.isArray() || stop.size() > MAX_STOP_STRINGS)) {
            throw stop.mustBe("a string or an array of up to " + MAX_STOP_STRINGS + " strings");
        }
        List<String> strings = new ArrayList<>();
        stop.items().forEach(item -> strings.add(item.nonEmptyText()));
        return strings;
    }
}
