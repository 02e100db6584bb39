package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import akka.stream.javadsl.Source;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.FrontendFixture;
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
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
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
        for (DialectClient dialect : DialectClient.all()) {
            List<Message> said = dialect.sayable(conversation);
            InferenceRequest seen = sent(dialect, conversation, spelling);
            assertEquals(said, seen.messages(), dialect.path());
            assertEquals(TOOLS, seen.tools(), dialect.path());
            assertEquals(tokens, tokens(seen.tools(), seen.messages()), dialect.path());
            List<Message> stored = seen.messages().stream()
                    .map(message -> ConversationJson.readMessage(ConversationJson.write(message)))
                    .toList();
            assertEquals(
                    PromptFingerprint.chain(TOOLS, said),
                    PromptFingerprint.chain(seen.tools(), stored),
                    dialect.path());
            assertEquals(said, sent(dialect, stored, spelling).messages(), dialect.path());
        }
    }

    @Property(tries = 50)
    void whetherAResultIsAnErrorIsNeitherInThePromptNorInItsFingerprint(
            @ForAll("conversations") List<Message> conversation, @ForAll Random spelling) throws Exception {
        DialectClient messages = new DialectClient.Messages();
        List<Message> flagged = sent(messages, conversation, spelling).messages();
        List<Message> plain = sent(messages, DialectClient.withoutErrors(conversation), spelling)
                .messages();
        assertEquals(DialectClient.withoutErrors(flagged), plain);
        assertEquals(tokens(TOOLS, plain), tokens(TOOLS, flagged));
        assertEquals(PromptFingerprint.chain(TOOLS, plain), PromptFingerprint.chain(TOOLS, flagged));
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
        for (DialectClient dialect : DialectClient.all()) {
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
            assertEquals(dialect.sayable(whole), FRONTEND.nextSeen().messages(), dialect.path());
        }
    }

    private static List<Message> next(Message said) {
        ContentBlock.ToolResult result = new ContentBlock.ToolResult("", List.of(new ContentBlock.Text("r")), false);
        List<Message> results = results(said, Collections.nCopies(3, result));
        return results.isEmpty() ? List.of(Message.text(Role.USER, "and now?")) : results;
    }

    /** A message with an answer to each call, if there are any. */
    private static List<Message> results(Message said, List<ContentBlock.ToolResult> answers) {
        List<ContentBlock> results = new ArrayList<>();
        for (ContentBlock block : said.content()) {
            if (block instanceof ContentBlock.ToolUse call) {
                ContentBlock.ToolResult answer = answers.get(results.size());
                results.add(new ContentBlock.ToolResult(call.id(), answer.content(), answer.error()));
            }
        }
        return results.isEmpty() ? List.of() : List.of(new Message(Role.TOOL, results));
    }

    private static InferenceRequest sent(DialectClient dialect, List<Message> conversation, Random spelling)
            throws InterruptedException {
        ObjectNode body = dialect.request();
        dialect.tools(TOOLS, body);
        dialect.write(conversation, body, spelling);
        FRONTEND.seen.clear();
        HttpResponse<String> answer = post(dialect, body);
        assertEquals(200, answer.statusCode(), answer.body());
        return FRONTEND.nextSeen();
    }

    private static HttpResponse<String> post(DialectClient dialect, ObjectNode body) {
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
        // In the order in which the chat protocol keeps them.
        Arbitrary<List<InferenceEvent>> words = Combinators.combine(
                        string().map(InferenceEvent.TextDelta::new).list().ofMaxSize(2),
                        string().map(InferenceEvent.RefusalDelta::new).list().ofMaxSize(2))
                .filter((texts, refusals) -> texts.size() + refusals.size() > 0)
                .as((texts, refusals) -> Stream.concat(texts.stream(), refusals.stream())
                        .map(InferenceEvent.class::cast)
                        .toList());
        Arbitrary<List<String>> calls = arguments().list().ofMaxSize(3);
        return Combinators.combine(thinking.list().ofMaxSize(2), words, calls).as((thoughts, said, arguments) -> {
            List<InferenceEvent> events = new ArrayList<>(thoughts);
            events.addAll(said);
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
        Arbitrary<List<Message>> rounds = Combinators.combine(
                        user(), assistant(), toolResult().list().ofSize(2))
                .as((asked, said, answers) -> {
                    List<Message> round = new ArrayList<>(List.of(asked, said));
                    round.addAll(results(said, answers));
                    return round;
                })
                .list()
                .ofMaxSize(3)
                .map(all -> all.stream().flatMap(List::stream).toList());
        return Combinators.combine(system.optional(), rounds, user()).as((head, middle, last) -> {
            List<Message> all = new ArrayList<>(head.stream().toList());
            all.addAll(middle);
            all.add(last);
            return all;
        });
    }

    private static Arbitrary<Message> user() {
        return plain().list().ofMinSize(1).ofMaxSize(3).map(blocks -> new Message(Role.USER, blocks));
    }

    private static Arbitrary<ContentBlock.ToolResult> toolResult() {
        return Combinators.combine(plain().list().ofMaxSize(3), Arbitraries.of(true, false))
                .as((content, error) -> new ContentBlock.ToolResult("", content, error));
    }

    private static Arbitrary<ContentBlock> plain() {
        return Arbitraries.oneOf(
                string().map(ContentBlock.Text::new),
                string().map(text ->
                        new ContentBlock.Text(DialectClient.DOCUMENT_BEGIN + text + DialectClient.DOCUMENT_END)),
                Arbitraries.of(
                        new ContentBlock.Image("image/*", "https://a/b"),
                        new ContentBlock.Image("image/gif", "data:image/gif;base64,R0lG")));
    }

    private static Arbitrary<Message> assistant() {
        Arbitrary<ContentBlock> call = Combinators.combine(string(), arguments())
                .as((id, arguments) -> new ContentBlock.ToolUse(id, "zeta", CompactJson.arguments(arguments)));
        return Combinators.combine(
                        string().map(text -> new ContentBlock.Thinking(text, null))
                                .optional(),
                        string().map(ContentBlock.Text::new),
                        string().map(ContentBlock.Refusal::new).optional(),
                        call.list().ofMaxSize(2))
                .as((thinking, text, refusal, calls) -> {
                    List<ContentBlock> content =
                            new ArrayList<>(thinking.stream().toList());
                    content.add(text);
                    refusal.ifPresent(content::add);
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
}
