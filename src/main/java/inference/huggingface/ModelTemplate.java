package inference.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import inference.ChatTemplate;
import inference.ContentBlock;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import inference.PromptText;
import inference.ReasoningEffort;
import inference.Role;
import inference.ToolDefinition;
import inference.jinja.JinjaTemplate;
import inference.jinja.TemplateFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model's own chat template over its own tokenizer.
 *
 * <p>A request that the template refuses, because its roles do not alternate for example, is refused by the engine, too.
 *
 * <p>Thread-safety: safe for concurrent use.
 *
 * @see <a href="https://huggingface.co/docs/transformers/chat_templating">Transformers, chat templates</a>
 */
public final class ModelTemplate implements ChatTemplate {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<Message> HELLO = List.of(Message.text(Role.USER, "Hello"));
    private static final List<Message> INSTRUCTED = List.of(
            Message.text(Role.SYSTEM, "Be brief."),
            Message.text(Role.USER, "Hello"),
            new Message(
                    Role.ASSISTANT, List.of(new ContentBlock.Thinking("Hm.", null), new ContentBlock.Text("Hello."))),
            Message.text(Role.USER, "Well?"));
    private static final ToolDefinition TOOL = new ToolDefinition(
            "read", "Reads a file.", "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"}}}", null);

    private final ModelTokenizer tokenizer;
    private final JinjaTemplate plain;
    private final JinjaTemplate withTools;
    private final Map<String, String> controlTokens;
    private final Set<ReasoningEffort> shown;

    private ModelTemplate(
            ModelTokenizer tokenizer, JinjaTemplate plain, JinjaTemplate withTools, Map<String, String> controlTokens) {
        this.tokenizer = tokenizer;
        this.plain = plain;
        this.withTools = withTools;
        this.controlTokens = controlTokens;
        this.shown = tryEfforts();
    }

    /**
     * Reads a template, and tries it with a message, and with a tool besides, which it may refuse in its own words. Also tried is which efforts
     * show in what it writes.
     *
     * @param tokenizerConfig a {@code tokenizer_config.json}: the names of control tokens, and the template if no other file has it
     * @param chatTemplate the template, null for the one of {@code tokenizerConfig}
     * @param clock for templates that write the date
     * @throws IOException when a file cannot be read, or holds no template that can be
     */
    public static ModelTemplate read(
            ModelTokenizer tokenizer, Path tokenizerConfig, @Nullable Path chatTemplate, InstantSource clock)
            throws IOException {
        JsonNode config = JSON.readTree(tokenizerConfig.toFile());
        JsonNode own = config.path("chat_template");
        String plain = chatTemplate == null ? named(own, "default") : Files.readString(chatTemplate);
        String withTools = chatTemplate == null && own.isArray() ? named(own, "tool_use") : plain;
        if (plain == null) {
            throw new IOException("it has no chat_template, and no chat-template is named");
        }
        Map<String, String> controlTokens = new HashMap<>();
        for (String name : List.of("bos_token", "eos_token", "pad_token", "unk_token")) {
            JsonNode token = config.path(name);
            String content = token.isObject() ? token.path("content").textValue() : token.textValue();
            if (content != null) {
                controlTokens.put(name, content);
            }
        }
        try {
            ModelTemplate template = new ModelTemplate(
                    tokenizer,
                    new JinjaTemplate(plain, clock),
                    new JinjaTemplate(withTools == null ? plain : withTools, clock),
                    controlTokens);
            template.render(List.of(), HELLO, null, true);
            template.tryTools();
            return template;
        } catch (TemplateFailure unusable) {
            throw new IOException(unusable.getMessage(), unusable);
        }
    }

    private void tryTools() {
        try {
            render(List.of(TOOL), HELLO, null, true);
        } catch (TemplateFailure failure) {
            if (!failure.raised()) {
                throw failure;
            }
        }
    }

    /** Those that change one of a few prompts, with a tool and without, or are refused there. */
    private Set<ReasoningEffort> tryEfforts() {
        Set<ReasoningEffort> changing = EnumSet.noneOf(ReasoningEffort.class);
        for (List<ToolDefinition> tools : List.of(List.<ToolDefinition>of(), List.of(TOOL))) {
            for (List<Message> messages : List.of(HELLO, INSTRUCTED)) {
                Optional<String> plain = written(tools, messages, null);
                for (ReasoningEffort effort : ReasoningEffort.values()) {
                    if (!written(tools, messages, effort).equals(plain)) {
                        changing.add(effort);
                    }
                }
            }
        }
        return changing;
    }

    private Optional<String> written(
            List<ToolDefinition> tools, List<Message> messages, @Nullable ReasoningEffort effort) {
        try {
            return Optional.of(render(tools, messages, effort, false));
        } catch (TemplateFailure refused) {
            return Optional.empty();
        }
    }

    @Override
    public boolean shows(ReasoningEffort effort) {
        return shown.contains(effort);
    }

    /** A config has one template, or several with names. */
    private static @Nullable String named(JsonNode templates, String name) {
        for (JsonNode template : templates) {
            if (name.equals(template.path("name").textValue())) {
                return template.path("template").textValue();
            }
        }
        return templates.textValue();
    }

    /** @throws TemplateFailure when the template does not write the request */
    @Override
    public PromptText write(InferenceRequest request, List<PromptFingerprint> chain) {
        return new TemplatedPrompt(this, tokenizer, request);
    }

    /**
     * A prompt's text.
     *
     * @param effort how much the model shall think, null for as much as it does by itself
     * @param opening whether what makes the model speak follows
     * @throws TemplateFailure when the template refuses the messages
     */
    String render(
            List<ToolDefinition> tools, List<Message> messages, @Nullable ReasoningEffort effort, boolean opening) {
        Map<String, @Nullable Object> variables = new HashMap<>(controlTokens);
        variables.put("messages", TemplateValues.messages(messages));
        variables.put("tools", tools.isEmpty() ? null : TemplateValues.tools(tools));
        variables.put("documents", null);
        variables.put("add_generation_prompt", opening);
        if (effort == ReasoningEffort.NONE) {
            variables.put("enable_thinking", false);
        } else if (effort != null) {
            variables.put("reasoning_effort", effort.word());
        }
        return (tools.isEmpty() ? plain : withTools).render(variables);
    }
}
