package workers.simserver;

import inference.Message;
import inference.Role;
import inference.ToolChoice;
import inference.ToolDefinition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Decides what the engine answers, from the conversation alone.
 *
 * <p>With a {@link Directive} in the newest user message that has a readable one, its element k is the answer to the k-th
 * assistant turn after that message. Without: a tool call when the choice forces one or when a word of the user's text is a
 * word of a tool's name, else an echo.
 *
 * <p>Thread-safety: stateless.
 */
final class Script {
    private static final int SHORTEST_TRIGGER_LETTERS = 4;

    private Script() {}

    /** Actions of the next reply, at least one. */
    static List<Action> reply(Conversation conversation) {
        List<Message> messages = conversation.messages();
        int turnsSince = 0;
        for (int i = messages.size() - 1; i >= 0; i--) {
            Message message = messages.get(i);
            if (message.role() == Role.ASSISTANT) {
                turnsSince++;
            } else if (message.role() == Role.USER) {
                Optional<Directive> directive = Directive.find(Conversation.allText(message.content()));
                if (directive.isPresent()) {
                    return scripted(directive.get().turns(), turnsSince, conversation);
                }
            }
        }
        return unscripted(conversation);
    }

    private static List<Action> scripted(List<List<Action>> turns, int turn, Conversation conversation) {
        if (turn >= turns.size()) {
            return List.of(say("script complete"));
        }
        List<Action> kept = new ArrayList<>();
        boolean content = false;
        boolean called = false;
        for (Action action : turns.get(turn)) {
            if (action instanceof Action.Call call) {
                boolean allowed = conversation.tool(call.name()).isPresent()
                        && conversation.toolChoice().mode() != ToolChoice.Mode.NONE
                        && (!called || conversation.parallelToolCalls());
                if (!allowed) {
                    continue;
                }
                called = true;
            } else if (action instanceof Action.Think && !conversation.reasoning()) {
                continue;
            } else if (action instanceof Action.Say say) {
                action = new Action.Say(say.text().replace("{{tool}}", conversation.toolText()), say.pacing());
            }
            kept.add(action);
            content |= hasContent(action);
            if (action instanceof Action.Fail) {
                break;
            }
        }
        boolean fails = !kept.isEmpty() && kept.get(0) instanceof Action.Fail;
        if (!content && !fails) {
            kept.add(0, say("ok"));
        }
        return kept;
    }

    private static boolean hasContent(Action action) {
        if (action instanceof Action.Say say) {
            return !say.text().isEmpty();
        } else if (action instanceof Action.Think think) {
            return !think.text().isEmpty();
        } else if (action instanceof Action.Refuse refuse) {
            return !refuse.text().isEmpty();
        }
        return action instanceof Action.Call;
    }

    private static List<Action> unscripted(Conversation conversation) {
        Optional<ToolDefinition> tool = toolToCall(conversation);
        if (tool.isPresent()) {
            String arguments = SampleArguments.of(tool.get().parameters());
            return List.of(new Action.Call(tool.get().name(), arguments, Action.Pacing.NONE));
        }
        return List.of(say("echo: " + conversation.userText()));
    }

    private static Optional<ToolDefinition> toolToCall(Conversation conversation) {
        ToolChoice choice = conversation.toolChoice();
        return switch (choice.mode()) {
            case NONE -> Optional.empty();
            case REQUIRED -> conversation.tools().stream().findFirst();
            case NAMED -> conversation.tool(String.valueOf(choice.name()));
            case AUTO -> mentionedTool(conversation);
        };
    }

    /** A tool that the user's newest text mentions, unless that text was answered already. */
    private static Optional<ToolDefinition> mentionedTool(Conversation conversation) {
        boolean answered =
                conversation.newest(Role.USER) < conversation.messages().size() - 1;
        if (answered || conversation.tools().isEmpty()) {
            return Optional.empty();
        }
        Set<String> said = words(conversation.userText());
        return conversation.tools().stream()
                .filter(tool -> words(tool.name()).stream()
                        .anyMatch(word -> word.length() >= SHORTEST_TRIGGER_LETTERS && said.contains(word)))
                .findFirst();
    }

    private static Set<String> words(String text) {
        return Arrays.stream(text.toLowerCase(Locale.ROOT).split("[^\\p{L}]+", -1))
                .collect(Collectors.toSet());
    }

    private static Action say(String text) {
        return new Action.Say(text, Action.Pacing.NONE);
    }
}
