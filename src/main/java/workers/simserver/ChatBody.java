package workers.simserver;

import inference.CompactJson;
import inference.Message;
import inference.ToolChoice;
import inference.ToolDefinition;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The body of {@code POST /v1/chat/completions}, as far as this engine knows its fields; others are ignored.
 *
 * <p>Thread-safety: immutable.
 *
 * @param begun beginning of the answer, of which only the rest is wanted, null for none
 * @param includeUsage whether a stream ends with a usage chunk
 * @param topLogprobs alternatives to tell with each token of the text, null for no log probabilities
 * @param maxTokens most answer tokens, null for as many as fit
 * @param priority lower is earlier
 * @param cacheSalt keeps this prompt's blocks apart from those of others, null for none
 * @param pullFrom base URL of an engine to take the prompt's blocks over from, null for none
 */
record ChatBody(
        String model,
        Conversation conversation,
        @Nullable BegunAnswer begun,
        boolean stream,
        boolean includeUsage,
        @Nullable Integer topLogprobs,
        @Nullable Integer maxTokens,
        int minTokens,
        boolean ignoreEnd,
        List<String> stop,
        int priority,
        @Nullable String cacheSalt,
        @Nullable String pullFrom) {
    ChatBody {
        stop = List.copyOf(stop);
    }

    /** Reads a body; throws {@link RequestFailure} when it makes no sense. */
    static ChatBody read(byte[] bytes) {
        BodyField body = BodyField.read(bytes);
        if (body.at("n").integerOr(1, 1) != 1) {
            throw body.at("n").mustBe("1, the only number of choices served");
        }
        if (body.at("logit_bias").size() > 0) {
            throw body.at("logit_bias").mustBe("left out: what is said here is scripted, not drawn");
        }
        BodyField format = body.at("response_format").at("type");
        if (!format.textOr("text").equals("text")) {
            throw format.mustBe("text: what is said here is scripted, not made to fit");
        }
        BodyField longest = body.at("max_completion_tokens");
        Integer maxTokens = (longest.absent() ? body.at("max_tokens") : longest).integerOrNull(1);
        int minTokens = body.at("min_tokens").integerOr(0, 0);
        if (maxTokens != null && minTokens > maxTokens) {
            throw body.at("min_tokens").mustBe("at most max_tokens");
        }
        BodyField salt = body.at("cache_salt");
        if (salt.isText() && salt.text().isEmpty()) {
            throw salt.mustBe("a non-empty string");
        }
        BodyField source = body.at("kv_transfer_params").at("source");
        List<BodyField> messages = body.at("messages").items();
        BegunAnswer begun = null;
        if (body.at("continue_final_message").flagOr(false) && !messages.isEmpty()) {
            begun = BegunAnswer.read(messages.remove(messages.size() - 1));
        }
        return new ChatBody(
                body.at("model").text(),
                conversation(body, Messages.read(body.at("messages"), messages)),
                begun,
                body.at("stream").flagOr(false),
                body.at("stream_options").at("include_usage").flagOr(false),
                topLogprobs(body),
                maxTokens,
                minTokens,
                body.at("ignore_eos").flagOr(false),
                stop(body.at("stop")),
                body.at("priority").integerOr(Integer.MIN_VALUE, 0),
                salt.absent() ? null : salt.text(),
                source.absent() ? null : source.text());
    }

    private static Conversation conversation(BodyField body, List<Message> messages) {
        List<ToolDefinition> tools = tools(body.at("tools"));
        return new Conversation(
                messages,
                tools,
                toolChoice(body.at("tool_choice"), tools),
                body.at("parallel_tool_calls").flagOr(true),
                reasons(body));
    }

    private static @Nullable Integer topLogprobs(BodyField body) {
        BodyField top = body.at("top_logprobs");
        int alternatives = top.integerOr(0, 0);
        if (alternatives > MadeUpLogprobs.MOST) {
            throw top.mustBe("at most " + MadeUpLogprobs.MOST);
        }
        return body.at("logprobs").flagOr(false) ? Integer.valueOf(alternatives) : null;
    }

    private static boolean reasons(BodyField body) {
        return !body.at("reasoning_effort").textOr("").equals("none")
                && body.at("chat_template_kwargs").at("enable_thinking").flagOr(true);
    }

    private static List<ToolDefinition> tools(BodyField field) {
        List<ToolDefinition> tools = new ArrayList<>();
        for (BodyField tool : field.items()) {
            BodyField type = tool.at("type");
            BodyField definition = tool.at(type.textOr("function"));
            if (!definition.isObject()) {
                throw type.mustBe("\"function\" or \"custom\", with a definition of that name");
            }
            BodyField parameters = definition.at("parameters");
            tools.add(new ToolDefinition(
                    definition.at("name").text(),
                    definition.at("description").textOr(""),
                    parameters.absent() ? "{}" : CompactJson.of(parameters.node()),
                    null));
        }
        return tools;
    }

    private static ToolChoice toolChoice(BodyField choice, List<ToolDefinition> tools) {
        if (choice.absent()) {
            return ToolChoice.AUTO;
        }
        if (choice.isObject()) {
            BodyField name = choice.at(choice.at("type").text()).at("name");
            String named = name.text();
            if (tools.stream().noneMatch(tool -> tool.name().equals(named))) {
                throw name.mustBe("the name of one of the tools");
            }
            return new ToolChoice(ToolChoice.Mode.NAMED, named);
        }
        return switch (choice.text()) {
            case "auto" -> ToolChoice.AUTO;
            case "none" -> new ToolChoice(ToolChoice.Mode.NONE, null);
            case "required" -> {
                if (tools.isEmpty()) {
                    throw choice.mustBe("\"auto\" or \"none\" when there are no tools");
                }
                yield new ToolChoice(ToolChoice.Mode.REQUIRED, null);
            }
            default -> throw choice.mustBe("\"auto\", \"none\", \"required\" or a named tool");
        };
    }

    private static List<String> stop(BodyField field) {
        List<String> stops = new ArrayList<>();
        if (field.isText()) {
            stops.add(field.text());
        } else {
            field.items().forEach(item -> stops.add(item.text()));
        }
        if (stops.contains("")) {
            throw field.mustBe("a non-empty string or an array of them");
        }
        return stops;
    }
}
