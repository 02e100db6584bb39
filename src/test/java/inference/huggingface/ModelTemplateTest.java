package inference.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agents.session.Conversation;
import inference.ContentBlock;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import inference.PromptText;
import inference.ReasoningEffort;
import inference.Role;
import inference.ToolDefinition;
import inference.jinja.TemplateFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelTemplateTest {
    private static final ToolDefinition LS = new ToolDefinition(
            "ls",
            "Lists \"files\" <é>.",
            "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},\"n\":{\"type\":\"number\",\"default\":1.5}},"
                    + "\"required\":[\"path\"]}",
            null);
    private static final List<Message> CONVERSATION = List.of(
            Message.text(Role.SYSTEM, " Be brief. "),
            Message.text(Role.USER, "List {{ /tmp }} {% now %}"),
            new Message(
                    Role.ASSISTANT,
                    List.of(
                            new ContentBlock.Thinking("Hm.", null),
                            new ContentBlock.ToolUse(
                                    "c1", "ls", "{\"path\":\"/tmp <b>\",\"n\":2,\"x\":null,\"y\":[true,1.25]}"))),
            new Message(
                    Role.TOOL,
                    List.of(new ContentBlock.ToolResult("c1", List.of(new ContentBlock.Text("a\nb")), false))),
            Message.text(Role.ASSISTANT, "Two files."),
            Message.text(Role.USER, "Thanks"));

    @ParameterizedTest
    @ValueSource(strings = {"thinking-tools", "headers", "language"})
    void aConversationWithToolsIsWrittenAsTheReferenceImplementationWritesIt(String name) {
        ModelTemplate template = ModelFiles.template(name);
        ReasoningEffort effort = name.equals("thinking-tools") ? ReasoningEffort.NONE : null;
        assertEquals(ModelFiles.expected(name), template.render(List.of(LS), CONVERSATION, effort, true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"chatml", "instructions"})
    void aPlainConversationIsWrittenAsTheReferenceImplementationWritesIt(String name) {
        List<Message> plain =
                List.of(CONVERSATION.get(0), CONVERSATION.get(1), CONVERSATION.get(4), CONVERSATION.get(5));
        assertEquals(ModelFiles.expected(name), ModelFiles.template(name).render(List.of(), plain, null, true));
    }

    @Provide
    Arbitrary<List<Message>> conversations() {
        Arbitrary<String> words = Arbitraries.of(
                "a",
                " ",
                "\n",
                "é",
                "𝕏",
                "don't",
                "the worker",
                "<|im_end|>",
                "<|im_",
                "<|",
                "<tool_call>",
                "</think>",
                "{",
                "}",
                "42",
                "  ");
        Arbitrary<String> texts = words.list().ofMaxSize(8).map(parts -> String.join("", parts));
        Arbitrary<List<String>> all = texts.list().ofMinSize(1).ofMaxSize(7);
        return all.map(ModelTemplateTest::alternating);
    }

    /** A system message, then user and assistant in turns, some of whom think and call. */
    private static List<Message> alternating(List<String> texts) {
        List<Message> messages = new ArrayList<>();
        messages.add(Message.text(Role.SYSTEM, "You work on " + texts.get(0)));
        for (int i = 1; i <= texts.size(); i++) {
            String text = texts.get(i - 1);
            if (i % 2 == 1) {
                messages.add(Message.text(Role.USER, text));
            } else {
                List<ContentBlock> content = new ArrayList<>(List.of(new ContentBlock.Text(text)));
                if (text.length() % 3 == 0) {
                    content.add(0, new ContentBlock.Thinking("thinking of " + text, null));
                }
                messages.add(new Message(Role.ASSISTANT, content));
            }
        }
        return messages;
    }

    private static PromptText written(ModelTemplate template, List<Message> messages) {
        InferenceRequest request = Conversation.request("1", "s", List.of(LS), messages);
        return template.write(request, PromptFingerprint.chain(request.tools(), request.messages()));
    }

    private static int[] tokens(PromptText prompt, int from, int to) {
        return IntStream.range(from, to)
                .flatMap(piece -> Arrays.stream(prompt.tokens(piece)))
                .toArray();
    }

    @Property(tries = 150)
    void thePiecesTokensAreThoseOfTheWholePrompt(
            @ForAll("templates") String name, @ForAll("conversations") List<Message> messages) {
        ModelTemplate template = ModelFiles.template(name);
        PromptText prompt = written(template, messages);
        int[] whole = ModelFiles.READ.encode(template.render(List.of(LS), messages, ReasoningEffort.NONE, true));
        assertArrayEquals(whole, tokens(prompt, 0, prompt.pieces()));
    }

    @Property(tries = 150)
    void whatFollowsFromTheFirstMessagesIsSharedByEveryPromptThatBeginsWithThem(
            @ForAll("templates") String name, @ForAll("conversations") List<Message> messages) {
        ModelTemplate template = ModelFiles.template(name);
        PromptText prompt = written(template, messages);
        int[] whole = tokens(prompt, 0, prompt.pieces());
        for (int count = 1; count <= messages.size(); count++) {
            PromptText.Part part = prompt.messages(count);
            int shared = tokens(prompt, 0, part.pieces()).length + part.tokens();
            int[] alone;
            try {
                alone = ModelFiles.READ.encode(
                        template.render(List.of(LS), messages.subList(0, count), ReasoningEffort.NONE, false));
            } catch (TemplateFailure refused) {
                continue;
            }
            int mismatch = Arrays.mismatch(whole, alone);
            assertEquals(mismatch < 0 ? whole.length : mismatch, shared, name + " after " + count);
        }
    }

    @Provide
    Arbitrary<String> templates() {
        return Arbitraries.of("thinking-tools", "headers", "chatml", "instructions");
    }

    @Test
    void aTemplateThatDropsOldReasoningSharesOnlyWhatStandsBeforeIt() {
        ModelTemplate template = ModelFiles.template("thinking-tools");
        PromptText during = written(template, CONVERSATION.subList(0, 4));
        PromptText after = written(template, CONVERSATION);
        int kept = after.messages(2).pieces();
        assertEquals(during.fingerprint(kept), after.fingerprint(kept));
        int tip = during.messages(4).pieces();
        assertTrue(tip > kept);
        assertTrue(!during.fingerprint(tip).equals(after.fingerprint(tip)), "the reasoning is gone");
    }

    @Test
    void aRequestThatTheTemplateRefusesIsRefused() {
        List<Message> twice = List.of(Message.text(Role.ASSISTANT, "I begin."), Message.text(Role.ASSISTANT, "Again."));
        ModelTemplate template = ModelFiles.template("instructions");
        assertTrue(assertThrows(TemplateFailure.class, () -> written(template, twice))
                .raised());
    }

    @Test
    void aLongTextIsNotCutShort() {
        String text = "the worker ".repeat(20_000);
        assertTrue(ModelFiles.READ.encode(text).length >= 40_000);
    }

    @Test
    void aConfigMayHoldOneTemplateOrSeveralWithNames(@TempDir Path folder) throws IOException {
        Path one = Files.writeString(folder.resolve("one.json"), "{\"chat_template\": \"{{ messages[0].content }}\"}");
        Path several = Files.writeString(
                folder.resolve("several.json"),
                "{\"chat_template\": [{\"name\": \"default\", \"template\": \"plain\"},"
                        + "{\"name\": \"tool_use\", \"template\": \"{{ tools[0].function.name }}\"}]}");
        List<Message> hello = List.of(Message.text(Role.USER, "hello"));
        assertEquals("hello", read(one).render(List.of(), hello, null, true));
        assertEquals("plain", read(several).render(List.of(), hello, null, true));
        assertEquals("ls", read(several).render(List.of(LS), hello, null, true));
    }

    @Test
    void aFileThatHoldsNoTemplateIsRefused(@TempDir Path folder) throws IOException {
        Path none = Files.writeString(folder.resolve("none.json"), "{}");
        Path bad = Files.writeString(folder.resolve("bad.json"), "{\"chat_template\": \"{% include 'x' %}\"}");
        assertTrue(refusal(none).contains("chat_template"), refusal(none));
        assertTrue(refusal(bad).contains("include"), refusal(bad));
    }

    @Test
    void aFaultThatOnlyToolsReachFailsTheReadingAndATemplatesOwnRefusalOfToolsDoesNot(@TempDir Path folder)
            throws IOException {
        Path fault = Files.writeString(
                folder.resolve("fault.json"),
                "{\"chat_template\": \"{% if tools %}{{ tools[0].function.name.center(9) }}{% endif %}x\"}");
        Path refuses = Files.writeString(
                folder.resolve("refuses.json"),
                "{\"chat_template\": \"{% if tools %}{{ raise_exception('no tools') }}{% endif %}x\"}");
        assertTrue(refusal(fault).contains("center"), refusal(fault));
        assertEquals("x", read(refuses).render(List.of(), List.of(Message.text(Role.USER, "hello")), null, true));
    }

    @Test
    void aTemplateReadsTheEffortThatIsSaid(@TempDir Path folder) throws IOException {
        Path config = Files.writeString(
                folder.resolve("effort.json"),
                "{\"chat_template\": \"{{ reasoning_effort | default('medium') }} {{ enable_thinking | default(true) }}\"}");
        List<Message> hello = List.of(Message.text(Role.USER, "hello"));
        assertEquals("medium True", read(config).render(List.of(), hello, null, true));
        assertEquals("xhigh True", read(config).render(List.of(), hello, ReasoningEffort.XHIGH, true));
        assertEquals("medium False", read(config).render(List.of(), hello, ReasoningEffort.NONE, true));
    }

    @Test
    void itIsKnownWhichEffortsShowElsewhereThanAtTheEnd(@TempDir Path folder) throws IOException {
        assertEquals(
                Set.of(),
                shown(ModelFiles.template("thinking-tools")),
                "it looks for one where the model begins to speak");
        assertEquals(Set.of(), shown(read(template(folder, "{{ messages[0].content }}"))));
        Map<String, Set<ReasoningEffort>> efforts = Map.of(
                "{{ reasoning_effort | default('medium') }}",
                EnumSet.complementOf(EnumSet.of(ReasoningEffort.NONE, ReasoningEffort.MEDIUM)),
                "{% for m in messages %}{% if m.role == 'user' and enable_thinking is false %}/nothink{% endif %}{% endfor %}",
                EnumSet.of(ReasoningEffort.NONE),
                "{% for m in messages %}{% if enable_thinking is defined %}{{ m.reasoning_content }}{% endif %}{% endfor %}",
                EnumSet.of(ReasoningEffort.NONE),
                "{% if tools and reasoning_effort == 'max' %}deep{% endif %}",
                EnumSet.of(ReasoningEffort.MAX),
                "{% if reasoning_effort == 'max' %}{{ raise_exception('too much') }}{% endif %}x",
                EnumSet.of(ReasoningEffort.MAX));
        for (Map.Entry<String, Set<ReasoningEffort>> shown : efforts.entrySet()) {
            assertEquals(shown.getValue(), shown(read(template(folder, shown.getKey()))), shown.getKey());
        }
    }

    private static Set<ReasoningEffort> shown(ModelTemplate template) {
        return Stream.of(ReasoningEffort.values()).filter(template::shows).collect(Collectors.toSet());
    }

    private static Path template(Path folder, String text) throws IOException {
        return Files.writeString(folder.resolve("config.json"), "{\"chat_template\": \"" + text + "\"}");
    }

    private static String refusal(Path config) {
        return assertThrows(IOException.class, () -> read(config)).toString();
    }

    private static ModelTemplate read(Path config) throws IOException {
        return ModelTemplate.read(ModelFiles.READ, config, null, InstantSource.system());
    }
}
