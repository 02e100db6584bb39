package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import akka.stream.javadsl.Source;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.FrontendFixture;
import frontend.ReasoningSeal;
import inference.ByteTokenizer;
import inference.ChatMlTemplate;
import inference.CompactJson;
import inference.ContentBlock;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import inference.ReplyBuilder;
import inference.Role;
import inference.ToolDefinition;
import inference.Usage;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;

/** One conversation is one prompt, whichever dialect it comes in, and comes back as it went out. */
class DialectRoundTripTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final ChatMlTemplate TEMPLATE = new ChatMlTemplate(new ByteTokenizer());
    private static final List<ToolDefinition> TOOLS = List.of(
            new ToolDefinition("zeta", "last first", "{\"type\":\"object\",\"properties\":{\"b\":{},\"a\":{}}}", null),
            new ToolDefinition("alpha", "", "{}", null));
    private static final FrontendFixture FRONTEND = FrontendFixture.start();

    @AfterContainer
    static void stop() {
        FRONTEND.close();
    }

    @Property(tries = 150)
    void aConversationIsTheSameInAllDialectsAndComesBackFromTheStore(
            @ForAll("conversations") List<Message> conversation, @ForAll Random spelling) throws Exception {
        List<Integer> tokens = tokens(TOOLS, conversation);
        for (Dialect dialect : dialects()) {
            InferenceRequest seen = sent(dialect, conversation, spelling);
            assertEquals(conversation, seen.messages(), dialect.path());
            assertEquals(TOOLS, seen.tools(), dialect.path());
            assertEquals(tokens, tokens(seen.tools(), seen.messages()), dialect.path());
            List<Message> stored = seen.messages().stream()
                    .map(message -> ConversationJson.readMessage(ConversationJson.write(message)))
                    .toList();
            assertEquals(
                    PromptFingerprint.chain(TOOLS, conversation),
                    PromptFingerprint.chain(seen.tools(), stored),
                    dialect.path());
            assertEquals(conversation, sent(dialect, stored, spelling).messages(), dialect.path());
        }
    }

    @Property(tries = 100)
    void anAnswerComesBackAsItWasSaidWhicheverDialectTheTurnGoesOnIn(
            @ForAll("answers") List<InferenceEvent> answer, @ForAll Random spelling) throws Exception {
        FRONTEND.script = request -> Source.from(answer);
        ReplyBuilder reply = new ReplyBuilder();
        answer.forEach(reply::add);
        Message said = reply.message();
        List<Message> before = List.of(Message.text(Role.USER, "go"));
        List<Message> after = next(said);
        for (Dialect dialect : dialects()) {
            ObjectNode first = dialect.request();
            dialect.write(before, first, spelling);
            ObjectNode second = dialect.request();
            dialect.write(before, second, spelling);
            dialect.replay(MAPPER.readTree(post(dialect, first).body()), second);
            dialect.write(after, second, spelling);
            FRONTEND.seen.clear();
            assertEquals(200, post(dialect, second).statusCode());
            List<Message> whole = new ArrayList<>(before);
            whole.add(said);
            whole.addAll(after);
            assertEquals(whole, FRONTEND.nextSeen().messages(), dialect.path());
        }
    }

    private static List<Message> next(Message said) {
        List<ContentBlock> results = new ArrayList<>();
        for (ContentBlock block : said.content()) {
            if (block instanceof ContentBlock.ToolUse call) {
                results.add(new ContentBlock.ToolResult(call.id(), List.of(new ContentBlock.Text("r")), false));
            }
        }
        return List.of(results.isEmpty() ? Message.text(Role.USER, "and now?") : new Message(Role.TOOL, results));
    }

    private static List<Dialect> dialects() {
        return List.of(new ChatDialect(), new ResponsesDialect(), new MessagesDialect());
    }

    private static InferenceRequest sent(Dialect dialect, List<Message> conversation, Random spelling)
            throws InterruptedException {
        ObjectNode body = dialect.request();
        dialect.tools(TOOLS, body);
        dialect.write(conversation, body, spelling);
        FRONTEND.seen.clear();
        HttpResponse<String> answer = post(dialect, body);
        assertEquals(200, answer.statusCode(), answer.body());
        return FRONTEND.nextSeen();
    }

    private static HttpResponse<String> post(Dialect dialect, ObjectNode body) {
        return FRONTEND.post(dialect.path(), body.toString());
    }

    private static List<Integer> tokens(List<ToolDefinition> tools, List<Message> messages) {
        List<Integer> tokens = new ArrayList<>();
        Arrays.stream(TEMPLATE.tools(tools)).forEach(tokens::add);
        messages.forEach(message -> Arrays.stream(TEMPLATE.message(message)).forEach(tokens::add));
        return tokens;
    }

    @Provide
    Arbitrary<List<InferenceEvent>> answers() {
        Arbitrary<InferenceEvent> thinking = string().map(InferenceEvent.ThinkingDelta::new);
        Arbitrary<InferenceEvent> text = string().map(InferenceEvent.TextDelta::new);
        Arbitrary<List<String>> calls = arguments().list().ofMaxSize(3);
        return Combinators.combine(
                        thinking.list().ofMaxSize(2), text.list().ofMinSize(1).ofMaxSize(3), calls)
                .as((thoughts, texts, arguments) -> {
                    List<InferenceEvent> events = new ArrayList<>(thoughts);
                    events.addAll(texts);
                    for (int i = 0; i < arguments.size(); i++) {
                        events.add(new InferenceEvent.ToolCallStarted(i, "call_" + i, "zeta"));
                        events.add(new InferenceEvent.ToolCallDelta(i, arguments.get(i)));
                    }
                    events.add(new InferenceEvent.Finished(FinishReason.STOP, null, new Usage(9, 3, 4, 0)));
                    return events;
                });
    }

    @Provide
    Arbitrary<List<Message>> conversations() {
        Arbitrary<Message> system =
                string().map(ContentBlock.Text::new).map(text -> new Message(Role.SYSTEM, List.of(text)));
        Arbitrary<List<Message>> rounds = Combinators.combine(user(), assistant(), Arbitraries.of(true, false))
                .as((asked, said, tools) -> List.of(asked, tools ? said : onlyText(said)))
                .list()
                .ofMaxSize(3)
                .map(DialectRoundTripTest::withResults);
        return Combinators.combine(system.optional(), rounds, user()).as((head, middle, last) -> {
            List<Message> all = new ArrayList<>(head.stream().toList());
            all.addAll(middle);
            all.add(last);
            return all;
        });
    }

    /** Rounds with an answer to every call. */
    private static List<Message> withResults(List<List<Message>> rounds) {
        List<Message> all = new ArrayList<>();
        for (List<Message> round : rounds) {
            all.addAll(round);
            Message said = round.get(1);
            if (said.content().stream().anyMatch(ContentBlock.ToolUse.class::isInstance)) {
                all.addAll(next(said));
            }
        }
        return all;
    }

    private static Message onlyText(Message said) {
        return new Message(
                Role.ASSISTANT,
                said.content().stream()
                        .filter(block -> !(block instanceof ContentBlock.ToolUse))
                        .toList());
    }

    private static Arbitrary<Message> user() {
        Arbitrary<ContentBlock> plain = Arbitraries.oneOf(
                string().map(ContentBlock.Text::new),
                Arbitraries.of(
                        new ContentBlock.Image("image/*", "https://a/b"),
                        new ContentBlock.Image("image/gif", "data:image/gif;base64,R0lG")));
        return plain.list().ofMinSize(1).ofMaxSize(3).map(blocks -> new Message(Role.USER, blocks));
    }

    private static Arbitrary<Message> assistant() {
        Arbitrary<ContentBlock> call = Combinators.combine(string(), arguments())
                .as((id, arguments) -> new ContentBlock.ToolUse(id, "zeta", CompactJson.arguments(arguments)));
        return Combinators.combine(
                        string().map(text -> new ContentBlock.Thinking(text, null))
                                .optional(),
                        string().map(ContentBlock.Text::new),
                        call.list().ofMaxSize(2))
                .as((thinking, text, calls) -> {
                    List<ContentBlock> content =
                            new ArrayList<>(thinking.stream().toList());
                    content.add(text);
                    content.addAll(calls);
                    return new Message(Role.ASSISTANT, content);
                });
    }

    private static Arbitrary<String> arguments() {
        return Arbitraries.of(
                "{}",
                "{\"b\": 1, \"a\": [\"é\", null, 1.50]}",
                "{\"n\":1e5,\"m\":-0,\"big\":12345678901234567890123}",
                "{\"path\":\"a/b\\u00e9\\n\"}");
    }

    private static Arbitrary<String> string() {
        return Arbitraries.strings()
                .all()
                .ofMinLength(1)
                .ofMaxLength(12)
                .map(text -> new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
    }

    /** How a client of one dialect writes a conversation. */
    private interface Dialect {
        String path();

        ObjectNode request();

        void tools(List<ToolDefinition> tools, ObjectNode body);

        /** Appends messages. */
        void write(List<Message> messages, ObjectNode body, Random spelling);

        /** Appends an answer as harnesses send it back. */
        void replay(JsonNode answer, ObjectNode body);
    }

    private static final class ChatDialect implements Dialect {
        @Override
        public String path() {
            return "/v1/chat/completions";
        }

        @Override
        public ObjectNode request() {
            return MAPPER.createObjectNode().put("model", "m");
        }

        @Override
        public void tools(List<ToolDefinition> tools, ObjectNode body) {
            tools.forEach(tool -> body.withArray("tools")
                    .addObject()
                    .put("type", "function")
                    .putObject("function")
                    .put("name", tool.name())
                    .put("description", tool.description())
                    .set("parameters", tree(tool.parameters())));
        }

        @Override
        public void write(List<Message> messages, ObjectNode body, Random spelling) {
            for (Message message : messages) {
                if (message.role() == Role.TOOL) {
                    message.content().forEach(block -> result((ContentBlock.ToolResult) block, body));
                    continue;
                }
                ObjectNode json = body.withArray("messages").addObject();
                json.put("role", message.role() == Role.SYSTEM && spelling.nextBoolean() ? "developer" : name(message));
                ArrayNode parts = json.putArray("content");
                for (ContentBlock block : message.content()) {
                    if (block instanceof ContentBlock.Text text) {
                        parts.addObject().put("type", "text").put("text", text.text());
                    } else if (block instanceof ContentBlock.Image image) {
                        parts.addObject()
                                .put("type", "image_url")
                                .putObject("image_url")
                                .put("url", image.reference());
                    } else if (block instanceof ContentBlock.Thinking thinking) {
                        json.put("reasoning_content", thinking.text());
                    } else if (block instanceof ContentBlock.ToolUse call) {
                        json.withArray("tool_calls")
                                .addObject()
                                .put("id", call.id())
                                .put("type", "function")
                                .putObject("function")
                                .put("name", call.name())
                                .put("arguments", spaced(call.arguments(), spelling));
                    }
                }
            }
        }

        private static void result(ContentBlock.ToolResult result, ObjectNode body) {
            body.withArray("messages")
                    .addObject()
                    .put("role", "tool")
                    .put("tool_call_id", result.toolUseId())
                    .put("content", text(result));
        }

        @Override
        public void replay(JsonNode answer, ObjectNode body) {
            body.withArray("messages").add(answer.at("/choices/0/message"));
        }
    }

    private static final class ResponsesDialect implements Dialect {
        @Override
        public String path() {
            return "/v1/responses";
        }

        @Override
        public ObjectNode request() {
            return MAPPER.createObjectNode().put("model", "m").put("store", false);
        }

        @Override
        public void tools(List<ToolDefinition> tools, ObjectNode body) {
            tools.forEach(tool -> body.withArray("tools")
                    .addObject()
                    .put("type", "function")
                    .put("name", tool.name())
                    .put("description", tool.description())
                    .set("parameters", tree(tool.parameters())));
        }

        @Override
        public void write(List<Message> messages, ObjectNode body, Random spelling) {
            for (Message message : messages) {
                for (ContentBlock block : message.content()) {
                    write(message, block, body.withArray("input").addObject(), spelling);
                }
            }
        }

        private static void write(Message message, ContentBlock block, ObjectNode item, Random spelling) {
            if (block instanceof ContentBlock.Thinking thinking) {
                item.put("type", "reasoning")
                        .putArray("summary")
                        .addObject()
                        .put("type", "summary_text")
                        .put("text", thinking.text());
            } else if (block instanceof ContentBlock.ToolUse call) {
                item.put("type", "function_call").put("call_id", call.id()).put("name", call.name());
                item.put("arguments", spaced(call.arguments(), spelling));
            } else if (block instanceof ContentBlock.ToolResult result) {
                item.put("type", "function_call_output").put("call_id", result.toolUseId());
                item.put("output", text(result));
            } else if (block instanceof ContentBlock.Image image) {
                item.put("role", name(message))
                        .putArray("content")
                        .addObject()
                        .put("type", "input_image")
                        .put("image_url", image.reference());
            } else if (block instanceof ContentBlock.Text text) {
                item.put("role", name(message)).put("content", text.text());
            }
        }

        @Override
        public void replay(JsonNode answer, ObjectNode body) {
            answer.get("output").forEach(body.withArray("input")::add);
        }
    }

    private static final class MessagesDialect implements Dialect {
        @Override
        public String path() {
            return "/v1/messages";
        }

        @Override
        public ObjectNode request() {
            ObjectNode body = MAPPER.createObjectNode().put("model", "m").put("max_tokens", 9);
            body.putObject("thinking").put("type", "adaptive");
            return body;
        }

        @Override
        public void tools(List<ToolDefinition> tools, ObjectNode body) {
            tools.forEach(tool -> body.withArray("tools")
                    .addObject()
                    .put("name", tool.name())
                    .put("description", tool.description())
                    .set("input_schema", tree(tool.parameters())));
        }

        @Override
        public void write(List<Message> messages, ObjectNode body, Random spelling) {
            for (Message message : messages) {
                if (message.role() == Role.SYSTEM && !body.has("messages") && spelling.nextBoolean()) {
                    message.content()
                            .forEach(block ->
                                    write(block, body.withArray("system").addObject()));
                    continue;
                }
                ObjectNode json = body.withArray("messages").addObject();
                json.put("role", message.role() == Role.TOOL ? "user" : name(message));
                ArrayNode content = json.putArray("content");
                message.content().forEach(block -> write(block, content.addObject()));
            }
        }

        private static void write(ContentBlock block, ObjectNode json) {
            if (block instanceof ContentBlock.Text text) {
                json.put("type", "text").put("text", text.text());
            } else if (block instanceof ContentBlock.Thinking thinking) {
                json.put("type", "thinking").put("thinking", thinking.text());
                json.put("signature", ReasoningSeal.of(thinking.text()));
            } else if (block instanceof ContentBlock.ToolUse call) {
                json.put("type", "tool_use").put("id", call.id()).put("name", call.name());
                json.set("input", tree(call.arguments()));
            } else if (block instanceof ContentBlock.ToolResult result) {
                json.put("type", "tool_result")
                        .put("tool_use_id", result.toolUseId())
                        .put("content", text(result));
            } else if (block instanceof ContentBlock.Image image) {
                ObjectNode source = json.put("type", "image").putObject("source");
                int data = image.reference().indexOf(";base64,");
                if (data < 0) {
                    source.put("type", "url").put("url", image.reference());
                } else {
                    source.put("type", "base64").put("media_type", image.mediaType());
                    source.put("data", image.reference().substring(data + ";base64,".length()));
                }
            }
        }

        @Override
        public void replay(JsonNode answer, ObjectNode body) {
            body.withArray("messages").addObject().put("role", "assistant").set("content", answer.get("content"));
        }
    }

    private static String name(Message message) {
        return message.role().name().toLowerCase(Locale.ROOT);
    }

    private static String text(ContentBlock.ToolResult result) {
        return ((ContentBlock.Text) result.content().get(0)).text();
    }

    private static String spaced(String arguments, Random spelling) {
        return spelling.nextBoolean() ? tree(arguments).toPrettyString() : arguments;
    }

    private static JsonNode tree(String json) {
        try {
            return CompactJson.READER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new AssertionError(json, e);
        }
    }
}
