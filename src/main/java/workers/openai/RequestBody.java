package workers.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import inference.AnswerFormat;
import inference.InferenceRequest;
import inference.Message;
import inference.ReasoningEffort;
import inference.Sampling;
import inference.ToolChoice;
import inference.ToolDefinition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request as the body of {@code POST /v1/chat/completions}, with the extensions that engines share.
 *
 * <p>Thread-safety: stateless.
 */
public final class RequestBody {
    private static final ObjectMapper JSON = new ObjectMapper();

    private RequestBody() {}

    /**
     * Writes a streaming request.
     *
     * @param urgency how the engine understands a priority
     */
    public static ObjectNode write(InferenceRequest request, EnginePriority urgency) {
        ObjectNode body = JSON.createObjectNode();
        body.put("model", request.model());
        MessagesJson.write(request.messages(), body.putArray("messages"));
        if (!request.tools().isEmpty()) {
            tools(request.tools(), body.putArray("tools"));
            toolChoice(request.toolChoice(), body);
            body.put("parallel_tool_calls", request.parallelToolCalls());
        }
        drawing(request.sampling(), body);
        shape(request.sampling(), body);
        body.put("stream", true);
        body.putObject("stream_options").put("include_usage", true);
        effort(request.effort(), body);
        String salt = request.session().tenant().cacheSalt();
        if (!salt.isEmpty()) {
            body.put("cache_salt", salt);
        }
        if (urgency != EnginePriority.OFF) {
            // 0, too: SGLang takes what has none for the least urgent of all.
            body.put("priority", urgency.of(request.hints().priority()));
        }
        return body;
    }

    /** Makes a body one for the rest of an answer, in the manner of vLLM's continuation of a final message. */
    static ObjectNode continueWith(Message begun, ObjectNode body) {
        MessagesJson.write(List.of(begun), body.withArray("messages"));
        return body.put("continue_final_message", true).put("add_generation_prompt", false);
    }

    /** A text without what a prompt would begin with, as vLLM's and SGLang's {@code POST /tokenize} take it. */
    static ObjectNode bareText(String model, String text) {
        return JSON.createObjectNode().put("model", model).put("prompt", text).put("add_special_tokens", false);
    }

    /**
     * What engines make a request's prompt of, as vLLM's {@code POST /tokenize} takes it. That has no field for the effort, of which the
     * chat endpoint tells the template, and that there is one.
     *
     * @param opening whether with what makes the model speak
     * @see <a href="https://github.com/vllm-project/vllm/issues/54616">vLLM, issue 54616</a>
     */
    static ObjectNode prompt(InferenceRequest request, boolean opening) {
        ObjectNode body = write(request, EnginePriority.OFF);
        if (body.has("reasoning_effort")) {
            body.putObject("chat_template_kwargs")
                    .put("enable_thinking", true)
                    .set("reasoning_effort", body.get("reasoning_effort"));
        }
        return body.retain("model", "messages", "tools", "chat_template_kwargs").put("add_generation_prompt", opening);
    }

    private static void tools(List<ToolDefinition> tools, ArrayNode target) {
        for (ToolDefinition tool : tools) {
            ObjectNode function = target.addObject().put("type", "function").putObject("function");
            function.put("name", tool.name()).put("description", tool.description());
            function.putRawValue("parameters", new RawValue(tool.parameters()));
            if (tool.strict() != null) {
                function.put("strict", tool.strict());
            }
        }
    }

    private static void toolChoice(ToolChoice choice, ObjectNode body) {
        switch (choice.mode()) {
            case AUTO -> body.put("tool_choice", "auto");
            case NONE -> body.put("tool_choice", "none");
            case REQUIRED -> body.put("tool_choice", "required");
            case NAMED ->
                body.putObject("tool_choice")
                        .put("type", "function")
                        .putObject("function")
                        .put("name", choice.name());
        }
    }

    private static void effort(@Nullable ReasoningEffort effort, ObjectNode body) {
        if (effort == ReasoningEffort.NONE) {
            body.putObject("chat_template_kwargs").put("enable_thinking", false);
        } else if (effort != null) {
            body.put("reasoning_effort", effort.word());
        }
    }

    private static void drawing(Sampling sampling, ObjectNode body) {
        if (sampling.temperature() != null) {
            body.put("temperature", sampling.temperature());
        }
        if (sampling.topP() != null) {
            body.put("top_p", sampling.topP());
        }
        if (sampling.topK() != null) {
            body.put("top_k", sampling.topK());
        }
        if (sampling.seed() != null) {
            body.put("seed", sampling.seed());
        }
        if (sampling.presencePenalty() != null) {
            body.put("presence_penalty", sampling.presencePenalty());
        }
        if (sampling.frequencyPenalty() != null) {
            body.put("frequency_penalty", sampling.frequencyPenalty());
        }
        if (!sampling.logitBias().isEmpty()) {
            ObjectNode bias = body.putObject("logit_bias");
            sampling.logitBias().forEach((token, added) -> bias.put(token.toString(), added));
        }
    }

    private static void shape(Sampling sampling, ObjectNode body) {
        if (sampling.maxTokens() != null) {
            body.put("max_tokens", sampling.maxTokens());
        }
        if (sampling.minTokens() != null) {
            body.put("min_tokens", sampling.minTokens());
        }
        if (!sampling.stop().isEmpty()) {
            ArrayNode stop = body.putArray("stop");
            sampling.stop().forEach(stop::add);
        }
        if (sampling.format() != null) {
            format(sampling.format(), body.putObject("response_format"));
        }
        if (sampling.topLogprobs() != null) {
            body.put("logprobs", true).put("top_logprobs", sampling.topLogprobs());
        }
    }

    private static void format(AnswerFormat format, ObjectNode target) {
        if (format.schema() == null) {
            target.put("type", "json_object");
            return;
        }
        ObjectNode schema = target.put("type", "json_schema").putObject("json_schema");
        schema.put("name", format.name());
        schema.putRawValue("schema", new RawValue(format.schema()));
        if (format.strict() != null) {
            schema.put("strict", format.strict());
        }
    }

    static byte[] bytes(JsonNode body) {
        try {
            return JSON.writeValueAsBytes(body);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of JSON nodes is always writable", e);
        }
    }
}
