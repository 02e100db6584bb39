package frontend.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.CacheControls;
import frontend.ConversationBuilder;
import frontend.JsonBody;
import frontend.PromptNoise;
import inference.ContentBlock;
import inference.Message;
import inference.Role;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** A conversation survives every way in which a client may write it. */
class ChatMessagesPropertyTest {

    @Property(tries = 500)
    void aConversationComesBackHoweverItIsSplitAndSpelled(
            @ForAll("conversations") List<Message> conversation, @ForAll Random spelling) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        ArrayNode messages = body.putArray("messages");
        conversation.forEach(message -> write(message, spelling, messages));
        String json = spelling.nextBoolean() ? body.toString() : body.toPrettyString();
        ConversationBuilder read = new ConversationBuilder(new PromptNoise(List.of()));
        new ChatMessages(read, new CacheControls())
                .decode(JsonBody.parse(json.getBytes(StandardCharsets.UTF_8)).at("messages"));
        assertEquals(conversation, read.messages());
    }

    @Provide
    Arbitrary<List<Message>> conversations() {
        return message().list().ofMinSize(1).ofMaxSize(8).map(ChatMessagesPropertyTest::merged);
    }

    /** Adjacent messages of one role as one, by a way of its own. */
    private static List<Message> merged(List<Message> messages) {
        List<Message> merged = new ArrayList<>();
        for (Message next : messages) {
            int last = merged.size() - 1;
            if (last >= 0 && merged.get(last).role() == next.role()) {
                List<ContentBlock> both = new ArrayList<>(merged.get(last).content());
                both.addAll(next.content());
                merged.set(last, new Message(next.role(), both));
            } else {
                merged.add(next);
            }
        }
        return merged;
    }

    private static Arbitrary<Message> message() {
        Arbitrary<Message> spoken = Arbitraries.of(Role.SYSTEM, Role.USER)
                .flatMap(role -> plain().list().ofMaxSize(3).map(blocks -> new Message(role, blocks)));
        Arbitrary<ContentBlock> said = Arbitraries.oneOf(
                plain(),
                string().map(text -> new ContentBlock.Thinking(text, null)),
                string().map(ContentBlock.Refusal::new),
                Combinators.combine(string(), string(), Arbitraries.of("{}", "{\"a\":1,\"b\":[\"é\"]}", "raw text"))
                        .as(ContentBlock.ToolUse::new));
        Arbitrary<Message> answer = said.list().ofMaxSize(4).map(blocks -> new Message(Role.ASSISTANT, blocks));
        Arbitrary<ContentBlock> result = Combinators.combine(
                        string(), plain().list().ofMaxSize(2))
                .as((id, blocks) -> new ContentBlock.ToolResult(id, blocks, false));
        Arbitrary<Message> results = result.list().ofMinSize(1).ofMaxSize(3).map(all -> new Message(Role.TOOL, all));
        return Arbitraries.oneOf(spoken, answer, results);
    }

    private static Arbitrary<ContentBlock> plain() {
        return Arbitraries.oneOf(
                string().map(ContentBlock.Text::new),
                Arbitraries.of(
                        new ContentBlock.Image("image/*", "https://a/b"),
                        new ContentBlock.Image("image/gif", "data:image/gif;base64,R0lG")));
    }

    private static Arbitrary<String> string() {
        return Arbitraries.strings()
                .all()
                .ofMinLength(1)
                .ofMaxLength(12)
                .map(text -> new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
    }

    /** Writes one message as one or, where the wire allows it, several. */
    private static void write(Message message, Random spelling, ArrayNode messages) {
        if (message.content().isEmpty()) {
            ObjectNode empty = messages.addObject().put("role", roleName(message.role(), spelling));
            if (spelling.nextBoolean()) {
                empty.put("content", "");
            }
        }
        for (ContentBlock block : message.content()) {
            ObjectNode json = messages.addObject().put("role", roleName(message.role(), spelling));
            if (block instanceof ContentBlock.ToolResult result) {
                json.put("tool_call_id", result.toolUseId());
                content(json, result.content(), spelling);
            } else if (block instanceof ContentBlock.Thinking thinking) {
                json.put("reasoning_content", thinking.text());
            } else if (block instanceof ContentBlock.Refusal refusal) {
                refusal(json, refusal, spelling);
            } else if (block instanceof ContentBlock.ToolUse call) {
                toolCall(json.putNull("content").putArray("tool_calls").addObject(), call);
            } else {
                content(json, List.of(block), spelling);
            }
        }
    }

    private static void refusal(ObjectNode json, ContentBlock.Refusal refusal, Random spelling) {
        if (spelling.nextBoolean()) {
            json.put("refusal", refusal.text());
        } else {
            json.putArray("content").addObject().put("type", "refusal").put("refusal", refusal.text());
        }
    }

    private static void toolCall(ObjectNode json, ContentBlock.ToolUse call) {
        json.put("id", call.id()).put("type", "function");
        json.putObject("function").put("name", call.name()).put("arguments", call.arguments());
    }

    private static void content(ObjectNode json, List<ContentBlock> blocks, Random spelling) {
        if (blocks.size() == 1 && blocks.get(0) instanceof ContentBlock.Text text && spelling.nextBoolean()) {
            json.put("content", text.text());
            return;
        }
        ArrayNode parts = json.putArray("content");
        for (ContentBlock block : blocks) {
            if (block instanceof ContentBlock.Text text) {
                parts.addObject().put("type", "text").put("text", text.text());
            } else if (block instanceof ContentBlock.Image image) {
                ObjectNode part = parts.addObject().put("type", "image_url");
                part.putObject("image_url").put("url", image.reference());
            }
        }
    }

    private static String roleName(Role role, Random spelling) {
        return switch (role) {
            case SYSTEM -> spelling.nextBoolean() ? "system" : "developer";
            case USER -> "user";
            case ASSISTANT -> "assistant";
            case TOOL -> "tool";
        };
    }
}
