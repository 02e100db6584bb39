package inference;

import java.util.Arrays;
import java.util.List;

/**
 * ChatML, with tools, calls, results and reasoning written as tagged text:
 *
 * <pre>{@code
 * <|im_start|>ROLE
 * CONTENT<|im_end|>
 * }</pre>
 *
 * where content blocks stand one per line as plain text, {@code <think>…</think>}, {@code <tool_call>{"name": …,
 * "arguments": …}</tool_call>} or {@code <tool_response>…</tool_response>}. All reasoning in the history is replayed. A
 * reply generated in this markup is, token for token, the beginning of the message it becomes in the next prompt.
 *
 * <p>Thread-safety: immutable.
 */
public final class ChatMlTemplate implements ChatTemplate {
    /** Control token that opens a message. */
    public static final int IM_START = 257;
    /** Control token that ends a message. */
    public static final int IM_END = 258;

    private final Tokenizer tokenizer;

    /** @param tokenizer for everything but the two control tokens */
    public ChatMlTemplate(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    @Override
    public PromptText write(InferenceRequest request, List<PromptFingerprint> chain) {
        return new ChatMlPrompt(this, request.tools(), request.messages(), chain);
    }

    /** Tokens of the tool definitions; empty without tools. */
    public int[] tools(List<ToolDefinition> tools) {
        if (tools.isEmpty()) {
            return new int[0];
        }
        StringBuilder text = new StringBuilder("# Tools\n<tools>\n");
        for (ToolDefinition tool : tools) {
            text.append("{\"name\": ").append(JsonText.quote(tool.name()));
            text.append(", \"description\": ").append(JsonText.quote(tool.description()));
            text.append(", \"parameters\": ").append(tool.parameters()).append("}\n");
        }
        text.append("</tools>\nCall a tool with <tool_call>{\"name\": NAME, \"arguments\": OBJECT}</tool_call>.");
        return framed("system", text.toString());
    }

    /** Tokens of one whole message, its end marker included. */
    public int[] message(Message message) {
        StringBuilder text = new StringBuilder();
        for (ContentBlock block : message.content()) {
            if (text.length() > 0) {
                text.append('\n');
            }
            write(block, text);
        }
        return framed(roleName(message.role()), text.toString());
    }

    /** Tokens that make the model speak. */
    public int[] replyOpening() {
        return opening("assistant");
    }

    private static String roleName(Role role) {
        return switch (role) {
            case SYSTEM -> "system";
            case USER -> "user";
            case ASSISTANT -> "assistant";
            case TOOL -> "tool";
        };
    }

    private static void write(ContentBlock block, StringBuilder text) {
        if (block instanceof ContentBlock.Text plain) {
            text.append(plain.text());
        } else if (block instanceof ContentBlock.Thinking thinking) {
            text.append("<think>").append(thinking.text()).append("</think>");
        } else if (block instanceof ContentBlock.ToolUse call) {
            String arguments = call.arguments().startsWith("{") ? call.arguments() : JsonText.quote(call.arguments());
            text.append("<tool_call>{\"name\": ").append(JsonText.quote(call.name()));
            text.append(", \"arguments\": ").append(arguments).append("}</tool_call>");
        } else if (block instanceof ContentBlock.ToolResult result) {
            text.append("<tool_response>");
            result.content().forEach(inner -> write(inner, text));
            text.append("</tool_response>");
        } else if (block instanceof ContentBlock.Image image) {
            text.append("<image>").append(image.reference()).append("</image>");
        } else if (block instanceof ContentBlock.Refusal refusal) {
            text.append(refusal.text());
        }
    }

    private int[] framed(String role, String content) {
        int[] opening = opening(role);
        int[] body = tokenizer.encode(content);
        int[] newline = tokenizer.encode("\n");
        int[] all = Arrays.copyOf(opening, opening.length + body.length + 1 + newline.length);
        System.arraycopy(body, 0, all, opening.length, body.length);
        all[opening.length + body.length] = IM_END;
        System.arraycopy(newline, 0, all, opening.length + body.length + 1, newline.length);
        return all;
    }

    private int[] opening(String role) {
        int[] name = tokenizer.encode(role + "\n");
        int[] all = new int[name.length + 1];
        all[0] = IM_START;
        System.arraycopy(name, 0, all, 1, name.length);
        return all;
    }
}
