package agents.session;

import inference.AgentHints;
import inference.ByteTokenizer;
import inference.ChatMlTemplate;
import inference.ContentBlock;
import inference.FinishReason;
import inference.InferenceRequest;
import inference.Message;
import inference.PlacementReason;
import inference.PromptFingerprint;
import inference.ReasoningEffort;
import inference.Role;
import inference.Sampling;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.ToolChoice;
import inference.ToolDefinition;
import inference.TurnId;
import inference.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import kv.Prefix;
import kv.SequenceHash;
import kv.WorkerId;

/**
 * Prompts of a conversation, one message per letter: {@code s} system, {@code u} user, {@code a} assistant, {@code t} tool,
 * {@code r} an assistant whose text follows its thoughts and a bar.
 */
public final class Conversation {
    public static final int BLOCK = 16;
    public static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    public static final WorkerId WORKER = new WorkerId("http://127.0.0.1:9001");
    private static final ChatMlTemplate TEMPLATE = new ChatMlTemplate(new ByteTokenizer());

    private Conversation() {}

    public static PromptRenderer renderer(PromptCache cache) {
        return new PromptRenderer(BLOCK, model -> TEMPLATE, cache);
    }

    /** Messages spelled as role letter and text: {@code "s:be brief", "u:hello"}. */
    public static List<Message> messages(String... spelled) {
        List<Message> messages = new ArrayList<>();
        for (String one : spelled) {
            if (one.charAt(0) == 'r') {
                String[] parts = one.substring(2).split("\\|", 2);
                messages.add(new Message(
                        Role.ASSISTANT,
                        List.of(new ContentBlock.Thinking(parts[0], null), new ContentBlock.Text(parts[1]))));
                continue;
            }
            Role role =
                    switch (one.charAt(0)) {
                        case 's' -> Role.SYSTEM;
                        case 'u' -> Role.USER;
                        case 'a' -> Role.ASSISTANT;
                        default -> Role.TOOL;
                    };
            messages.add(Message.text(role, one.substring(2)));
        }
        return messages;
    }

    public static InferenceRequest request(String turn, String... spelled) {
        return request(turn, "session-1", List.of(), messages(spelled));
    }

    public static InferenceRequest request(
            String turn, String session, List<ToolDefinition> tools, List<Message> messages) {
        return new InferenceRequest(
                new TurnId(turn),
                "sim-echo",
                new SessionContext(TenantId.DEFAULT, new SessionId(session), null, false),
                tools,
                ToolChoice.AUTO,
                true,
                messages,
                Sampling.DEFAULT,
                ReasoningEffort.NONE,
                AgentHints.NONE,
                List.of());
    }

    /** The same, of another effort. */
    public static InferenceRequest thinking(InferenceRequest request, ReasoningEffort effort) {
        return new InferenceRequest(
                request.turn(),
                request.model(),
                request.session(),
                request.tools(),
                request.toolChoice(),
                request.parallelToolCalls(),
                request.messages(),
                request.sampling(),
                effort,
                request.hints(),
                request.cacheMarks());
    }

    public static PromptOutline outline(String... spelled) {
        return renderer(new PromptCache(0)).render(request("any", spelled)).outline();
    }

    /** A turn that started and ended some seconds after {@link #START}. */
    public static TurnResult completed(
            String turn, int startSecond, int endSecond, FinishReason finish, String... spelled) {
        return new TurnResult(
                new TurnId(turn),
                TurnOutcome.COMPLETED,
                finish,
                outline(spelled),
                List.of(),
                List.of(),
                GapHint.NONE,
                null,
                null,
                WORKER,
                null,
                new Usage(100, 60, 5, 0),
                Duration.ofMillis(120),
                START.plusSeconds(startSecond),
                START.plusSeconds(endSecond));
    }

    /** A completed turn whose answer calls tools. */
    public static TurnResult calling(
            List<String> tools, String turn, int startSecond, int endSecond, String... spelled) {
        TurnResult plain = completed(turn, startSecond, endSecond, FinishReason.TOOL_CALLS, spelled);
        return new TurnResult(
                plain.id(),
                plain.outcome(),
                plain.finish(),
                plain.prompt(),
                tools,
                plain.marks(),
                plain.expectedGap(),
                plain.prompt().tip().fingerprint().followedBy(Message.text(Role.ASSISTANT, "a call")),
                null,
                plain.worker(),
                plain.placement(),
                plain.usage(),
                plain.timeToFirstToken(),
                plain.startedAt(),
                plain.endedAt());
    }

    /** The same turn, whose client wants its next prompt guessed: the prompt and so many tokens more. */
    public static TurnResult guessing(TurnResult turn, int moreTokens) {
        Checkpoint tip = turn.prompt().tip();
        int blocks = (tip.tokens() + moreTokens) / turn.prompt().blockSizeTokens();
        PromptFingerprint next = tip.fingerprint().followedBy(Message.text(Role.ASSISTANT, "an answer"));
        return new TurnResult(
                turn.id(),
                turn.outcome(),
                turn.finish(),
                turn.prompt(),
                turn.calls(),
                turn.marks(),
                turn.expectedGap(),
                turn.conversation(),
                new NextPrompt(next, new Prefix(blocks, new SequenceHash(blocks)), tip.tokens() + moreTokens),
                turn.worker(),
                turn.placement(),
                turn.usage(),
                turn.timeToFirstToken(),
                turn.startedAt(),
                turn.endedAt());
    }

    /** The same turn whose request marks prefixes, and says what it expects. */
    public static TurnResult with(TurnResult plain, GapHint expectedGap, KeptPoint... marks) {
        return new TurnResult(
                plain.id(),
                plain.outcome(),
                plain.finish(),
                plain.prompt(),
                plain.calls(),
                List.of(marks),
                expectedGap,
                plain.conversation(),
                plain.guess(),
                plain.worker(),
                plain.placement(),
                plain.usage(),
                plain.timeToFirstToken(),
                plain.startedAt(),
                plain.endedAt());
    }

    /** A turn that ended without a token. */
    public static TurnResult without(String turn, TurnOutcome outcome, int atSecond, String... spelled) {
        return new TurnResult(
                new TurnId(turn),
                outcome,
                null,
                outline(spelled),
                List.of(),
                List.of(),
                GapHint.NONE,
                null,
                null,
                null,
                null,
                new Usage(0, 0, 0, 0),
                null,
                START.plusSeconds(atSecond),
                START.plusSeconds(atSecond));
    }

    /** The same turn, placed for a reason. */
    public static TurnResult placed(TurnResult plain, PlacementReason placement) {
        return new TurnResult(
                plain.id(),
                plain.outcome(),
                plain.finish(),
                plain.prompt(),
                plain.calls(),
                plain.marks(),
                plain.expectedGap(),
                plain.conversation(),
                plain.guess(),
                plain.worker(),
                placement,
                plain.usage(),
                plain.timeToFirstToken(),
                plain.startedAt(),
                plain.endedAt());
    }
}
