package testkit;

import inference.AgentHints;
import inference.ContentBlock;
import inference.InferenceRequest;
import inference.Message;
import inference.ReasoningEffort;
import inference.Role;
import inference.Sampling;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.ToolChoice;
import inference.ToolDefinition;
import inference.TurnId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Conversations of agents: users, answers, calls of tools, results, reasoning; the same ones for the same seed. */
public final class RandomConversations {
    private static final List<String> WORDS = List.of(
            "router",
            "worker",
            "the",
            "\n",
            "\n\n",
            " ",
            "  ",
            ".",
            "...",
            "42",
            "é",
            "日本",
            "{\"a\": 1}",
            "'s",
            "<b>",
            "x");

    private final Random random;
    private final Shape shape;

    /**
     * What a template takes.
     *
     * @param calls how many of a message, at most
     */
    public record Shape(int calls, boolean reasoning) {}

    public RandomConversations(long seed, Shape shape) {
        this.random = new Random(seed);
        this.shape = shape;
    }

    /** Every prompt of one session, in order; the last message of each is not the model's. */
    public List<InferenceRequest> session(int turns) {
        List<ToolDefinition> tools = shape.calls() > 0 && random.nextInt(4) > 0 ? tools() : List.of();
        ReasoningEffort effort = random.nextBoolean() ? null : ReasoningEffort.NONE;
        List<Message> messages = new ArrayList<>();
        if (random.nextInt(4) > 0) {
            messages.add(Message.text(Role.SYSTEM, "Be" + text(30)));
        }
        messages.add(Message.text(Role.USER, text(10)));
        List<InferenceRequest> prompts = new ArrayList<>();
        for (int turn = 0; turn < turns; turn++) {
            prompts.add(request("turn-" + turn, tools, messages, effort));
            int calls = tools.isEmpty() ? 0 : random.nextInt(shape.calls() + 1);
            messages.add(answer(calls));
            messages.add(calls == 0 ? Message.text(Role.USER, text(20)) : results(calls));
            if (calls > 0 && random.nextInt(5) == 0) {
                messages.add(Message.text(Role.USER, "and" + text(5)));
            }
        }
        return prompts;
    }

    public static InferenceRequest request(
            String turn, List<ToolDefinition> tools, List<Message> messages, @Nullable ReasoningEffort effort) {
        return new InferenceRequest(
                new TurnId(turn),
                "served",
                new SessionContext(TenantId.DEFAULT, new SessionId("session-1"), null, false),
                tools,
                ToolChoice.AUTO,
                true,
                messages,
                Sampling.DEFAULT,
                effort,
                AgentHints.NONE,
                List.of());
    }

    private Message answer(int calls) {
        List<ContentBlock> content = new ArrayList<>();
        if (shape.reasoning() && random.nextBoolean()) {
            content.add(new ContentBlock.Thinking("think" + text(20), null));
        }
        if (calls == 0 || random.nextBoolean()) {
            content.add(new ContentBlock.Text("so" + text(20)));
        }
        for (int i = 0; i < calls; i++) {
            content.add(new ContentBlock.ToolUse("call" + i, "ls", "{\"path\": \"/tmp\", \"depth\": " + i + "}"));
        }
        return new Message(Role.ASSISTANT, content);
    }

    private Message results(int calls) {
        List<ContentBlock> content = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            content.add(new ContentBlock.ToolResult("call" + i, List.of(new ContentBlock.Text(text(40))), false));
        }
        return new Message(Role.TOOL, content);
    }

    private List<ToolDefinition> tools() {
        return List.of(
                new ToolDefinition("ls", "Lists" + text(5), "{\"type\":\"object\"}", null),
                new ToolDefinition("cat", "Reads" + text(5), "{\"type\":\"object\",\"properties\":{}}", null));
    }

    private String text(int most) {
        StringBuilder text = new StringBuilder();
        int words = 1 + random.nextInt(most);
        for (int i = 0; i < words; i++) {
            text.append(random.nextInt(3) > 0 ? " " : "").append(WORDS.get(random.nextInt(WORDS.size())));
        }
        return text.toString();
    }
}
