package frontend.messages;

import frontend.AnswerFormats;
import frontend.CacheControls;
import frontend.Caller;
import frontend.ConversationBuilder;
import frontend.Efforts;
import frontend.HintsReader;
import frontend.JsonField;
import frontend.PromptNoise;
import frontend.RefusedRequest;
import frontend.SessionIdentity;
import inference.AnswerFormat;
import inference.CacheMark;
import inference.InferenceFailure;
import inference.InferenceRequest;
import inference.Message;
import inference.ReasoningEffort;
import inference.Sampling;
import inference.SessionContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decodes the bodies of {@code POST /v1/messages} and {@code /v1/messages/count_tokens}.
 *
 * <p>A known field of a wrong type is refused by its path. A known field that would change the answer and is not served is
 * refused too, never dropped. Unknown ones are ignored, and so are versions and betas: what a beta adds is a field.
 *
 * @see <a href="https://docs.anthropic.com/en/api/messages">Anthropic's API reference</a>
 */
public final class MessagesCodec {
    private static final int LEAST_BUDGET = 1024;
    private static final List<String> NEVER_SERVED = List.of("container", "mcp_servers");

    private MessagesCodec() {}

    /**
     * Decodes a request for an answer.
     *
     * @throws RefusedRequest naming the first field that is wrong or not served
     */
    public static MessagesRequest decode(JsonField body, Caller caller, PromptNoise noise) {
        Integer maxTokens = body.at("max_tokens").intOrNull(1, Integer.MAX_VALUE);
        if (maxTokens == null) {
            throw body.at("max_tokens").mustBe("an integer of at least 1");
        }
        return decode(body, caller, noise, maxTokens);
    }

    /**
     * Decodes a request to count its prompt.
     *
     * @throws RefusedRequest naming the first field that is wrong or not served
     */
    public static InferenceRequest decodeCount(JsonField body, Caller caller, PromptNoise noise) {
        return decode(body, caller, noise, null).inference();
    }

    private static MessagesRequest decode(
            JsonField body, Caller caller, PromptNoise noise, @Nullable Integer maxTokens) {
        String model = body.at("model").nonEmptyText();
        refuseUnserved(body);
        ConversationBuilder conversation = new ConversationBuilder(noise);
        CacheControls controls = new CacheControls();
        MessagesTools tools = MessagesTools.decode(body, conversation, controls);
        MessagesConversation reader = new MessagesConversation(conversation, controls);
        reader.system(body.at("system"));
        reader.messages(body.at("messages"));
        List<Message> messages = conversation.messages();
        List<CacheMark> marks = new ArrayList<>(conversation.marks());
        Duration whole = controls.read(body);
        if (whole != null) {
            CacheMark.end(messages, whole).ifPresent(marks::add);
        }
        marks.addAll(HintsReader.cacheMarks(body, messages));
        MessagesRequest.Display display = display(body.at("thinking"), maxTokens);
        SessionContext session = SessionIdentity.of(caller, body, model, tools.definitions(), messages);
        InferenceRequest request = new InferenceRequest(
                caller.turn(session.id()),
                model,
                session,
                tools.definitions(),
                tools.choice(),
                tools.parallel(),
                messages,
                sampling(body, maxTokens),
                effort(body.at("output_config"), display),
                HintsReader.hints(body),
                marks);
        return new MessagesRequest(
                request, body.at("stream").booleanOr(false), display, HintsReader.wantsRetention(body));
    }

    private static void refuseUnserved(JsonField body) {
        if (!body.at("thread").absent()) {
            throw new RefusedRequest(new InferenceFailure(
                    InferenceFailure.Kind.THREADS_NOT_SERVED,
                    "threads are not served: send the whole conversation",
                    "thread",
                    null));
        }
        for (String name : NEVER_SERVED) {
            if (!body.at(name).absent() && body.at(name).size() > 0) {
                throw body.at(name).refused("is not served");
            }
        }
        body.at("service_tier").textOrNull();
        body.at("context_management").names();
        body.at("metadata").at("user_id").textOrNull();
    }

    private static Sampling sampling(JsonField body, @Nullable Integer maxTokens) {
        List<String> stop = new ArrayList<>();
        body.at("stop_sequences").items().forEach(item -> stop.add(item.nonEmptyText()));
        return new Sampling(
                maxTokens,
                null,
                body.at("temperature").numberOrNull(0, 1),
                body.at("top_p").numberOrNull(0, 1),
                body.at("top_k").intOrNull(1, Integer.MAX_VALUE),
                null,
                null,
                null,
                stop,
                format(body),
                null,
                Sampling.UNBIASED);
    }

    private static @Nullable AnswerFormat format(JsonField body) {
        JsonField config = body.at("output_config");
        if (config.absent()) {
            return null;
        }
        JsonField format = config.object().at("format");
        if (format.absent()) {
            return null;
        }
        JsonField type = format.object().at("type");
        if (!type.text().equals("json_schema")) {
            throw type.mustBe("'json_schema'");
        }
        return AnswerFormats.schema(format);
    }

    /** A level says how much to think; whether to think at all is said elsewhere. */
    private static @Nullable ReasoningEffort effort(JsonField config, MessagesRequest.Display display) {
        ReasoningEffort effort =
                config.absent() ? null : Efforts.read(config.object().at("effort"), ReasoningEffort.LOW);
        return display == MessagesRequest.Display.NONE ? ReasoningEffort.NONE : effort;
    }

    private static MessagesRequest.Display display(JsonField thinking, @Nullable Integer maxTokens) {
        if (thinking.absent()) {
            return MessagesRequest.Display.NONE;
        }
        JsonField type = thinking.object().at("type");
        switch (type.text()) {
            case "disabled" -> {
                return MessagesRequest.Display.NONE;
            }
            case "enabled" -> {
                JsonField budget = thinking.at("budget_tokens");
                Integer tokens = budget.intOrNull(LEAST_BUDGET, Integer.MAX_VALUE);
                if (tokens == null || (maxTokens != null && tokens >= maxTokens)) {
                    throw budget.mustBe("an integer from " + LEAST_BUDGET + " to below max_tokens");
                }
            }
            case "adaptive" -> {}
            default -> throw type.mustBe("'enabled', 'adaptive' or 'disabled'");
        }
        JsonField shown = thinking.at("display");
        return switch (shown.textOr("summarized")) {
            case "summarized" -> MessagesRequest.Display.FULL;
            case "omitted" -> MessagesRequest.Display.OMITTED;
            default -> throw shown.mustBe("'summarized' or 'omitted'");
        };
    }
}
