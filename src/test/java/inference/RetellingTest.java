package inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import inference.InferenceEvent.Finished;
import inference.InferenceEvent.RefusalDelta;
import inference.InferenceEvent.TextDelta;
import inference.InferenceEvent.ThinkingDelta;
import inference.InferenceEvent.ToolCallDelta;
import inference.InferenceEvent.ToolCallStarted;
import inference.Retelling.Told;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class RetellingTest {
    private static final Finished END = new Finished(FinishReason.STOP, null, new Usage(9, 0, 9, 0));

    @Property
    void whoeverHasTheBeginningGetsTheRestWhereverItBrokeOffAndHoweverItIsCut(
            @ForAll("answers") List<InferenceEvent> answer, @ForAll Random random) {
        List<InferenceEvent> first = cut(answer, random);
        ReplyBuilder client = new ReplyBuilder();
        first.subList(0, random.nextInt(first.size() + 1)).forEach(client::add);
        int had = length(client);
        Retelling retelling = new Retelling(client);
        int got = 0;
        for (InferenceEvent event : cut(answer, random)) {
            Told told = retelling.next(event);
            if (told instanceof Told.New fresh) {
                client.add(fresh.event());
                got += length(fresh.event());
            } else {
                assertEquals(new Told.Known(), told);
            }
        }

        assertEquals(new Told.New(END), retelling.next(END));
        assertEquals(reply(answer).message(), client.message());
        assertEquals(reply(answer).logprobs(), client.logprobs());
        assertEquals(length(client), had + got, "nothing came twice");
    }

    @Property
    void anAnswerThatIsNotTheSameGivesNothingNew(
            @ForAll("answers") List<InferenceEvent> answer, @ForAll Random random) {
        ReplyBuilder client = reply(answer);
        int length = length(client);
        Assume.that(length > 0);
        int wrong = random.nextInt(length);
        Retelling retelling = new Retelling(client);
        int told = 0;
        for (InferenceEvent event : characters(answer)) {
            int more = length(event);
            if (told <= wrong && wrong < told + more) {
                assertInstanceOf(Told.Different.class, retelling.next(changed(event)));
                return;
            }
            assertEquals(new Told.Known(), retelling.next(event));
            told += more;
        }
        throw new AssertionError("character " + wrong + " never came");
    }

    @Property
    void anAnswerThatEndsBeforeWhatWasSaidIsAnother(@ForAll("answers") List<InferenceEvent> answer) {
        Assume.that(!answer.isEmpty());
        Retelling retelling = new Retelling(reply(answer));
        answer.subList(0, answer.size() - 1).forEach(retelling::next);

        assertEquals(new Told.Different("end"), retelling.next(END));
    }

    @Test
    void nothingIsKnownOfAnAnswerThatHasNotBegun() {
        Retelling retelling = new Retelling(new ReplyBuilder());
        List<InferenceEvent> answer = List.of(
                new ThinkingDelta("hm"),
                new TextDelta("a", List.of(token("a"))),
                new ToolCallStarted(0, "c", "ls"),
                new ToolCallDelta(0, "{}"),
                END);

        answer.forEach(event -> assertEquals(new Told.New(event), retelling.next(event)));
    }

    @Test
    void theCallKeepsTheIdThatTheClientHas() {
        Retelling retelling = new Retelling(
                reply(List.of(new ToolCallStarted(0, "call-1", "ls"), new ToolCallDelta(0, "{\"path\":\"/"))));

        assertEquals(new Told.Known(), retelling.next(new ToolCallStarted(0, "call-9", "ls")));
        assertEquals(
                new Told.New(new ToolCallDelta(0, "tmp\"}")),
                retelling.next(new ToolCallDelta(0, "{\"path\":\"/tmp\"}")));
        InferenceEvent another = new ToolCallStarted(1, "call-10", "ls");
        assertEquals(new Told.New(another), retelling.next(another));
    }

    @Test
    void aCallOfAnotherToolAndOneCallFewerAreDifferent() {
        ReplyBuilder said = reply(List.of(new ToolCallStarted(0, "call-1", "ls")));

        assertEquals(new Told.Different("call 0"), new Retelling(said).next(new ToolCallStarted(0, "call-1", "cat")));
        assertEquals(new Told.Different("text"), new Retelling(said).next(new TextDelta("I will not.")));
    }

    @Test
    void logProbabilitiesComeOnceAndTheirTokensMustAgree() {
        ReplyBuilder said = reply(List.of(new TextDelta("ab", List.of(token("ab"), token("c")))));
        Retelling retelling = new Retelling(said);

        assertEquals(
                new Told.New(new TextDelta("cd", List.of(token("d")))),
                retelling.next(new TextDelta("abcd", List.of(token("ab"), token("c"), token("d")))));
        assertEquals(
                new Told.New(new TextDelta("", List.of(token("e")))),
                retelling.next(new TextDelta("", List.of(token("e")))));
        assertEquals(
                new Told.Different("text"),
                new Retelling(said).next(new TextDelta("ab", List.of(token("a"), token("b")))));
    }

    @Provide
    Arbitrary<List<InferenceEvent>> answers() {
        Arbitrary<String> text =
                Arbitraries.strings().withChars('a', 'b', 'é').ofMinLength(1).ofMaxLength(6);
        Arbitrary<InferenceEvent> words = Arbitraries.oneOf(
                text.map(ThinkingDelta::new),
                text.map(more -> new TextDelta(more, tokens(more))),
                text.map(RefusalDelta::new));
        Arbitrary<List<InferenceEvent>> spoken = words.list().ofMaxSize(5);
        Arbitrary<List<String>> calls =
                Arbitraries.strings().withChars('{', '1').ofMaxLength(6).list().ofMaxSize(3);
        return Combinators.combine(spoken, calls).as((said, arguments) -> {
            List<InferenceEvent> answer = new ArrayList<>(said);
            for (int index = 0; index < arguments.size(); index++) {
                answer.add(new ToolCallStarted(index, "call-" + index, "tool-" + index));
                if (!arguments.get(index).isEmpty()) {
                    answer.add(new ToolCallDelta(index, arguments.get(index)));
                }
            }
            return answer;
        });
    }

    /** The same answer in other pieces. */
    private static List<InferenceEvent> cut(List<InferenceEvent> answer, Random random) {
        return cut(answer, length -> 1 + random.nextInt(length));
    }

    private static List<InferenceEvent> characters(List<InferenceEvent> answer) {
        return cut(answer, length -> 1);
    }

    private static List<InferenceEvent> cut(List<InferenceEvent> answer, IntUnaryOperator sizeOfNext) {
        List<InferenceEvent> pieces = new ArrayList<>();
        for (InferenceEvent event : answer) {
            String rest = text(event);
            if (rest.isEmpty()) {
                pieces.add(event);
            }
            while (!rest.isEmpty()) {
                int size = sizeOfNext.applyAsInt(rest.length());
                pieces.add(with(event, rest.substring(0, size)));
                rest = rest.substring(size);
            }
        }
        return pieces;
    }

    private static String text(InferenceEvent event) {
        if (event instanceof ThinkingDelta delta) {
            return delta.text();
        } else if (event instanceof TextDelta delta) {
            return delta.text();
        } else if (event instanceof RefusalDelta delta) {
            return delta.text();
        }
        return event instanceof ToolCallDelta delta ? delta.arguments() : "";
    }

    private static InferenceEvent with(InferenceEvent event, String text) {
        if (event instanceof ThinkingDelta) {
            return new ThinkingDelta(text);
        } else if (event instanceof TextDelta) {
            return new TextDelta(text, tokens(text));
        } else if (event instanceof RefusalDelta) {
            return new RefusalDelta(text);
        }
        return new ToolCallDelta(((ToolCallDelta) event).index(), text);
    }

    private static InferenceEvent changed(InferenceEvent event) {
        return event instanceof ToolCallStarted call
                ? new ToolCallStarted(call.index(), call.id(), "another")
                : with(event, "x");
    }

    private static ReplyBuilder reply(List<InferenceEvent> events) {
        ReplyBuilder reply = new ReplyBuilder();
        events.forEach(reply::add);
        return reply;
    }

    /** Characters, and one more for each call. */
    private static int length(ReplyBuilder reply) {
        int length = reply.thinking().length()
                + reply.text().length()
                + reply.refusal().length();
        for (ContentBlock.ToolUse call : reply.calls()) {
            length += 1 + call.arguments().length();
        }
        return length;
    }

    private static int length(InferenceEvent event) {
        return event instanceof ToolCallStarted ? 1 : text(event).length();
    }

    private static List<TokenLogprob> tokens(String text) {
        return text.chars().mapToObj(one -> token(Character.toString(one))).toList();
    }

    private static TokenLogprob token(String text) {
        List<Integer> bytes = new ArrayList<>();
        for (byte one : text.getBytes(StandardCharsets.UTF_8)) {
            bytes.add(Byte.toUnsignedInt(one));
        }
        return new TokenLogprob(new TokenLogprob.Alternative(text, -1, bytes), List.of());
    }
}
