package workers.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;

import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceFailure.Kind;
import inference.Sampling;
import inference.TokenLogprob;
import inference.Usage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChunkReaderTest {
    private static final String STOP = "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}";

    @Test
    void readsReasoningUnderEitherName() {
        List<InferenceEvent> events = read(
                delta("{\"reasoning_content\":\"a\"}"),
                delta("{\"reasoning\":\"b\",\"reasoning_content\":null}"),
                delta("{\"content\":\"c\"}"),
                STOP,
                "[DONE]");

        assertEquals(
                List.of(
                        new InferenceEvent.ThinkingDelta("a"),
                        new InferenceEvent.ThinkingDelta("b"),
                        new InferenceEvent.TextDelta("c"),
                        finished(FinishReason.STOP, null, new Usage(0, 0, 0, 0))),
                events);
    }

    @Test
    void readsUsageFromTheChunkAfterTheFinish() {
        List<InferenceEvent> events = read(
                STOP,
                "{\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":3,"
                        + "\"prompt_tokens_details\":{\"cached_tokens\":8},"
                        + "\"completion_tokens_details\":{\"reasoning_tokens\":2}}}",
                "[DONE]");

        assertEquals(List.of(finished(FinishReason.STOP, null, new Usage(10, 8, 3, 2))), events);
    }

    @Test
    void readsUsageFromTimingsWhenThereIsNoOther() {
        List<InferenceEvent> events = read(
                "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}],"
                        + "\"timings\":{\"cache_n\":90,\"prompt_n\":10,\"predicted_n\":5}}",
                "[DONE]");

        assertEquals(List.of(finished(FinishReason.LENGTH, null, new Usage(100, 90, 5, 0))), events);
    }

    @Test
    void assemblesInterleavedToolCallsInTheOrderTheyBegin() {
        List<InferenceEvent> events = read(
                call("{\"index\":1,\"id\":\"x\",\"function\":{\"name\":\"read\",\"arguments\":\"\"}}"),
                call("{\"index\":2,\"id\":\"y\",\"function\":{\"arguments\":\"{\"}}"),
                call("{\"index\":1,\"function\":{\"arguments\":\"{}\"}}"),
                call("{\"index\":2,\"function\":{\"name\":\"write\",\"arguments\":\"}\"}}"),
                STOP,
                "[DONE]");

        assertEquals(
                List.of(
                        new InferenceEvent.ToolCallStarted(0, "x", "read"),
                        new InferenceEvent.ToolCallDelta(0, "{}"),
                        new InferenceEvent.ToolCallStarted(1, "y", "write"),
                        new InferenceEvent.ToolCallDelta(1, "{}"),
                        finished(FinishReason.TOOL_CALLS, null, new Usage(0, 0, 0, 0))),
                events);
    }

    @Test
    void givesACallWithoutIdOne() {
        assertEquals(
                new InferenceEvent.ToolCallStarted(0, "call_0", "f"),
                read(call("{\"function\":{\"name\":\"f\"}}")).get(0));
    }

    /** Of vLLM, SGLang and llama.cpp, each with a string, then with the end of the model's turn. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            nullValues = "-",
            value = {
                "END | {'choices':[{'index':0,'delta':{},'finish_reason':'stop','stop_reason':'END'}]}",
                "-   | {'choices':[{'index':0,'delta':{},'finish_reason':'stop','stop_reason':151645}]}",
                "END | {'choices':[{'index':0,'delta':{'role':null,'content':null},'logprobs':null,'finish_reason':'stop','matched_stop':'END'}],'usage':null}",
                "-   | {'choices':[{'index':0,'delta':{'role':null,'content':null},'logprobs':null,'finish_reason':'stop','matched_stop':151645}],'usage':null}",
                "END | {'choices':[{'finish_reason':'stop','index':0,'delta':{}}],'__verbose':{'stopping_word':'END'}}",
                "-   | {'choices':[{'finish_reason':'stop','index':0,'delta':{}}],'__verbose':{'stopping_word':''}}",
                "-   | {'choices':[{'finish_reason':'stop','index':0,'delta':{}}],'__verbose':{'stopping_word':'</s>'}}"
            })
    void tellsTheStopStringThatEndedTheAnswer(@Nullable String stop, String chunk) {
        String json = chunk.replace('\'', '"');

        List<InferenceEvent> events = read(stopping("STOP", "END"), json, "[DONE]");

        FinishReason reason = stop == null ? FinishReason.STOP : FinishReason.STOP_SEQUENCE;
        assertEquals(List.of(finished(reason, stop, new Usage(0, 0, 0, 0))), events);
    }

    @Test
    void aStopStringIsToldBeforeTheFinishReasonToo() {
        List<InferenceEvent> events = read(
                stopping("END"),
                "{\"choices\":[{\"finish_reason\":null,\"index\":0,\"delta\":{\"content\":\"a\"}}],"
                        + "\"__verbose\":{\"stopping_word\":\"END\"}}",
                STOP,
                "[DONE]");

        assertEquals(finished(FinishReason.STOP_SEQUENCE, "END", new Usage(0, 0, 0, 0)), events.get(1));
    }

    @Test
    void toolCallsOutweighTheStringThatEndedThem() {
        List<InferenceEvent> events = read(
                stopping("END"),
                call("{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"read\",\"arguments\":\"{}\"}}"),
                "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\",\"matched_stop\":\"END\"}]}",
                "[DONE]");

        assertEquals(finished(FinishReason.TOOL_CALLS, null, new Usage(0, 0, 0, 0)), events.get(events.size() - 1));
    }

    @Test
    void anErrorInTheStreamEndsItWithAFailure() {
        List<InferenceEvent> events =
                read(delta("{\"content\":\"a\"}"), "{\"error\":{\"message\":\"out of memory\"}}", STOP, "[DONE]");

        assertEquals(2, events.size());
        assertEquals(Kind.ENGINE_FAILED, kind(events.get(1)));
    }

    @Test
    void aStreamWithoutFinishReasonIsAFailure() {
        assertEquals(
                Kind.ENGINE_FAILED,
                kind(read(delta("{\"content\":\"a\"}"), "[DONE]").get(1)));
        assertEquals(
                Kind.ENGINE_FAILED,
                kind(read("{\"choices\":[{\"delta\":{},\"finish_reason\":\"abort\"}]}")
                        .get(0)));
        assertEquals(Kind.ENGINE_FAILED, kind(read("{oops").get(0)));
    }

    @Test
    void otherChoicesAndUnknownFieldsAreIgnored() {
        List<InferenceEvent> events =
                read("{\"x\":1,\"choices\":[{\"index\":1,\"delta\":{\"content\":\"no\"}}]}", STOP, "[DONE]");

        assertEquals(1, events.size());
    }

    @Test
    void readsErrorsInEveryEnvelope() {
        assertEquals(
                Kind.CONTEXT_LENGTH_EXCEEDED,
                ErrorBody.read(400, "{\"error\":{\"message\":\"m\",\"code\":\"context_length_exceeded\"}}", "", "")
                        .kind());
        assertEquals(
                Kind.CONTEXT_LENGTH_EXCEEDED,
                ErrorBody.read(400, "{\"message\":\"This model's maximum context length is 5\",\"code\":400}", "", "")
                        .kind());
        assertEquals(
                Kind.CONTEXT_LENGTH_EXCEEDED,
                ErrorBody.read(400, "{\"error\":{\"type\":\"exceed_context_size_error\"}}", "", "")
                        .kind());
        assertEquals(Kind.INVALID_REQUEST, ErrorBody.read(400, "plain", "", "").kind());
        assertEquals("plain", ErrorBody.read(400, "plain", "", "").message());
        assertEquals("status 500", ErrorBody.read(500, "", "", "").message());
    }

    @Test
    void logProbabilitiesComeWithTheTextThatTheyBelongTo() {
        List<InferenceEvent> events = read(
                2,
                told(
                        "{\"content\":\"\"}",
                        "{\"token\":\"\\u00c3\",\"logprob\":-0.5,\"bytes\":[195],\"top_logprobs\":[]}"),
                told(
                        "{\"content\":\"é\"}",
                        "{\"token\":\"?\",\"logprob\":-1,\"bytes\":[169],\"top_logprobs\":[{\"token\":\"a\",\"logprob\":-1},"
                                + "{\"token\":\"b\",\"logprob\":-2},{\"token\":\"c\",\"logprob\":-3}]}"),
                told("{\"content\":\"\"}", "{\"token\":\"</s>\",\"logprob\":null}"),
                STOP,
                "[DONE]");

        assertEquals(
                List.of(
                        new InferenceEvent.TextDelta(
                                "é",
                                List.of(
                                        new TokenLogprob(token("\u00c3", -0.5, 195), List.of()),
                                        new TokenLogprob(
                                                token("?", -1, 169), List.of(token("a", -1, 97), token("b", -2, 98))))),
                        new InferenceEvent.TextDelta(
                                "", List.of(new TokenLogprob(token("</s>", -9999, 60, 47, 115, 62), List.of()))),
                        finished(FinishReason.STOP, null, new Usage(0, 0, 0, 0))),
                events);
    }

    @Test
    void logProbabilitiesOfReasoningAndCallsAreDropped() {
        String token = "{\"token\":\"x\",\"logprob\":-1,\"bytes\":[120],\"top_logprobs\":[]}";
        List<InferenceEvent> events = read(
                0,
                told("{\"reasoning_content\":\"x\"}", token),
                told("{\"content\":\"x\"}", token),
                told("{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\"}}]}", token),
                told("{}", token),
                STOP,
                "[DONE]");

        assertEquals(
                List.of(
                        new InferenceEvent.ThinkingDelta("x"),
                        new InferenceEvent.TextDelta("x", List.of(new TokenLogprob(token("x", -1, 120), List.of()))),
                        new InferenceEvent.ToolCallStarted(0, "c", "f"),
                        finished(FinishReason.TOOL_CALLS, null, new Usage(0, 0, 0, 0))),
                events);
    }

    @Test
    void anEngineThatKeepsLogProbabilitiesToItselfFailsTheAnswer() {
        List<InferenceEvent> events = read(0, delta("{\"content\":\"x\"}"), STOP, "[DONE]");

        InferenceEvent.Failed failed = (InferenceEvent.Failed) events.get(events.size() - 1);
        assertEquals(Kind.INVALID_REQUEST, failed.failure().kind());
        assertEquals("logprobs", failed.failure().param());
    }

    private static TokenLogprob.Alternative token(String token, double logprob, Integer... bytes) {
        return new TokenLogprob.Alternative(token, logprob, List.of(bytes));
    }

    private static String told(String delta, String token) {
        return "{\"choices\":[{\"index\":0,\"delta\":" + delta + ",\"logprobs\":{\"content\":[" + token
                + "]},\"finish_reason\":null}]}";
    }

    private static Sampling stopping(String... stops) {
        return sampling(null, List.of(stops));
    }

    private static Sampling sampling(@Nullable Integer topLogprobs, List<String> stops) {
        return new Sampling(
                null, null, null, null, null, null, null, null, stops, null, topLogprobs, Sampling.UNBIASED);
    }

    private static List<InferenceEvent> read(String... data) {
        return read(Sampling.DEFAULT, data);
    }

    private static List<InferenceEvent> read(int topLogprobs, String... data) {
        return read(sampling(topLogprobs, List.of()), data);
    }

    private static List<InferenceEvent> read(Sampling asked, String... data) {
        ChunkReader reader = new ChunkReader("engine", "call_", 0, asked);
        List<InferenceEvent> events = new ArrayList<>();
        for (String one : data) {
            events.addAll(reader.read(one));
        }
        return events;
    }

    private static Kind kind(InferenceEvent event) {
        return ((InferenceEvent.Failed) event).failure().kind();
    }

    private static InferenceEvent finished(FinishReason reason, @Nullable String stop, Usage usage) {
        return new InferenceEvent.Finished(reason, stop, usage);
    }

    private static String delta(String delta) {
        return "{\"choices\":[{\"index\":0,\"delta\":" + delta + ",\"finish_reason\":null}]}";
    }

    private static String call(String call) {
        return delta("{\"tool_calls\":[" + call + "]}");
    }
}
