package frontend.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.Done;
import akka.NotUsed;
import akka.stream.javadsl.Source;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import frontend.FrontendFixture;
import frontend.FrontendSettings;
import inference.ContentBlock;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.Usage;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The bytes of streams, and what happens when one side goes away, on raw sockets. */
class ChatStreamTest {
    private static final Usage USAGE = new Usage(7, 0, 2, 0);
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private FrontendFixture frontend;

    @BeforeEach
    void start() {
        frontend = FrontendFixture.start();
    }

    @AfterEach
    void stop() {
        frontend.close();
    }

    @Test
    void aStreamHasExactlyTheseChunks() throws IOException {
        frontend.script = request -> Source.from(List.of(
                new InferenceEvent.ThinkingDelta("hm"),
                new InferenceEvent.TextDelta("é\n"),
                new InferenceEvent.ToolCallStarted(0, "call_a", "ls"),
                new InferenceEvent.ToolCallDelta(0, "{}"),
                new InferenceEvent.Finished(FinishReason.TOOL_CALLS, null, USAGE)));
        try (RawClient client = new RawClient(frontend.port())) {
            client.ask("\"stream\":true,\"stream_options\":{\"include_usage\":true}");
            List<String> head = client.head();
            assertEquals("HTTP/1.1 200 OK", head.get(0));
            assertTrue(head.contains("content-type: text/event-stream; charset=utf-8"), head.toString());
            assertTrue(head.contains("cache-control: no-cache"), head.toString());
            assertTrue(head.contains("x-accel-buffering: no"), head.toString());
            List<String> events = client.events();
            String id = events.get(0).replaceAll("^data: \\{\"id\":\"([^\"]+)\".*", "$1");
            String chunk = "data: {\"id\":\"" + id + "\",\"object\":\"chat.completion.chunk\",\"created\":"
                    + FrontendFixture.NOW.getEpochSecond() + ",\"model\":\"sim-echo\",\"choices\":[";
            String choice = chunk + "{\"index\":0,\"delta\":{";
            String open = "},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}";
            assertEquals(
                    List.of(
                            choice + "\"role\":\"assistant\",\"content\":\"\"" + open,
                            choice + "\"reasoning_content\":\"hm\"" + open,
                            choice + "\"content\":\"é\\n\"" + open,
                            choice
                                    + "\"tool_calls\":[{\"index\":0,\"id\":\"call_a\",\"type\":\"function\",\"function\":"
                                    + "{\"name\":\"ls\",\"arguments\":\"\"}}]"
                                    + open,
                            choice + "\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]" + open,
                            choice + "},\"logprobs\":null,\"finish_reason\":\"tool_calls\"}],\"usage\":null}",
                            chunk + "],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,\"total_tokens\":9,"
                                    + "\"prompt_tokens_details\":{\"cached_tokens\":0},"
                                    + "\"completion_tokens_details\":{\"reasoning_tokens\":0}}}",
                            "data: [DONE]"),
                    events);
        }
    }

    @Test
    void aCallOfAToolThatTakesTextComesAsTextWholeAndStreamedAndGoesBackAsItCame() throws Exception {
        frontend.script = request -> Source.from(List.of(
                new InferenceEvent.ToolCallStarted(0, "call_a", "patch"),
                new InferenceEvent.ToolCallDelta(0, "{\"input\": \"*** \\\"Be"),
                new InferenceEvent.ToolCallDelta(0, "gin\\\"\"}"),
                new InferenceEvent.ToolCallStarted(1, "call_b", "ls"),
                new InferenceEvent.Finished(FinishReason.TOOL_CALLS, null, USAGE)));
        String tools = ",\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"patch\"}},"
                + "{\"type\":\"function\",\"function\":{\"name\":\"ls\"}}]";
        String head = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}";

        JsonNode message =
                MAPPER.readTree(frontend.chat(head + "]" + tools + "}").body()).at("/choices/0/message");
        assertEquals(
                "{\"id\":\"call_a\",\"type\":\"custom\",\"custom\":{\"name\":\"patch\",\"input\":\"*** \\\"Begin\\\"\"}}",
                message.at("/tool_calls/0").toString());
        assertEquals("function", message.at("/tool_calls/1/type").textValue());

        List<String> deltas = new ArrayList<>();
        String streamed =
                frontend.chat(head + "],\"stream\":true" + tools + "}").body();
        for (String frame : List.of(streamed.strip().split("\n\n"))) {
            if (!frame.endsWith("[DONE]")) {
                MAPPER.readTree(frame.substring("data: ".length()))
                        .at("/choices/0/delta/tool_calls")
                        .forEach(delta -> deltas.add(delta.toString()));
            }
        }
        assertEquals(
                List.of(
                        "{\"index\":0,\"id\":\"call_a\",\"type\":\"custom\",\"custom\":{\"name\":\"patch\",\"input\":\"\"}}",
                        "{\"index\":1,\"id\":\"call_b\",\"type\":\"function\",\"function\":{\"name\":\"ls\",\"arguments\":\"\"}}",
                        "{\"index\":1,\"function\":{\"arguments\":\"{}\"}}",
                        "{\"index\":0,\"custom\":{\"input\":\"*** \\\"Begin\\\"\"}}"),
                deltas);

        frontend.seen.clear();
        frontend.chat(head + "," + message + ",{\"role\":\"tool\",\"tool_call_id\":\"call_a\",\"content\":\"ok\"}]"
                + tools + "}");
        assertEquals(
                new ContentBlock.ToolUse("call_a", "patch", "{\"input\":\"*** \\\"Begin\\\"\"}"),
                frontend.nextSeen().messages().get(1).content().get(0));
    }

    @Test
    void severalAnswersShareOneStreamWithOneUsageAndOneEnd() throws IOException {
        CompletableFuture<InferenceEvent> held = new CompletableFuture<>();
        frontend.script = request -> FrontendFixture.choice(request) == 0
                ? Source.<InferenceEvent>single(new InferenceEvent.TextDelta("a"))
                        .concat(Source.completionStage(held))
                        .concat(Source.single(new InferenceEvent.Finished(FinishReason.STOP, null, USAGE)))
                : Source.from(List.of(
                        new InferenceEvent.ToolCallStarted(0, "call_b", "ls"),
                        new InferenceEvent.Finished(FinishReason.TOOL_CALLS, null, new Usage(7, 6, 3, 1))));
        try (RawClient client = new RawClient(frontend.port())) {
            client.ask("\"n\":2,\"seed\":0,\"stream\":true,\"stream_options\":{\"include_usage\":true}");
            client.head();
            List<String> events = new ArrayList<>();
            while (events.stream().noneMatch(event -> event.contains("\"finish_reason\":\"tool_calls\""))) {
                events.add(client.nextEvent());
            }
            held.complete(new InferenceEvent.TextDelta("b"));
            events.addAll(client.events());
            assertEquals(List.of("role", "\"content\":\"a\"", "\"content\":\"b\"", "stop"), of(0, events));
            assertEquals(List.of("role", "call_b", "\"arguments\":\"{}\"", "tool_calls\"}]"), of(1, events));
            assertEquals(10, events.size(), events.toString());
            String usage = "\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5,\"total_tokens\":12,"
                    + "\"prompt_tokens_details\":{\"cached_tokens\":0},"
                    + "\"completion_tokens_details\":{\"reasoning_tokens\":1}}}";
            assertTrue(events.get(8).endsWith(usage), events.get(8));
            assertEquals("data: [DONE]", events.get(9));
            assertEquals(
                    1,
                    events.stream()
                            .limit(9)
                            .map(event -> event.replaceAll(".*\"id\":\"(chatcmpl-[^\"]+)\".*", "$1"))
                            .distinct()
                            .count());
        }
    }

    /** Of the frames of one choice, which of these each one has; of several the last. */
    private static List<String> of(int choice, List<String> events) {
        List<String> marks = List.of(
                "role",
                "\"content\":\"a\"",
                "\"content\":\"b\"",
                "call_b",
                "\"arguments\":\"{}\"",
                "tool_calls\"}]",
                "stop");
        return events.stream()
                .filter(event -> event.contains("\"choices\":[{\"index\":" + choice))
                .map(event -> marks.stream()
                        .filter(event::contains)
                        .reduce((first, second) -> second)
                        .orElse(event))
                .toList();
    }

    @Test
    void theFailureOfOneAnswerEndsAllWithOneError() throws IOException {
        CompletableFuture<Done> cancelled = new CompletableFuture<>();
        CompletableFuture<InferenceEvent> held = new CompletableFuture<>();
        frontend.script = request -> FrontendFixture.choice(request) == 0
                ? endless(cancelled, new InferenceEvent.TextDelta("a"))
                : Source.completionStage(held);
        try (RawClient client = new RawClient(frontend.port())) {
            client.ask("\"n\":2,\"seed\":0,\"stream\":true");
            client.head();
            client.nextEvent();
            client.nextEvent();
            held.complete(new InferenceEvent.Failed(
                    InferenceFailure.of(InferenceFailure.Kind.ENGINE_FAILED, "the engine died")));
            List<String> events = client.events();
            assertEquals(1, events.size(), events.toString());
            assertTrue(events.get(0).contains("the engine died"), events.toString());
        }
        FrontendFixture.join(cancelled);
    }

    @Test
    void aClientThatGoesCancelsAllItsAnswers() throws Exception {
        for (String mode : List.of("\"stream\":true", "\"stream\":false")) {
            List<CompletableFuture<Done>> cancelled = List.of(new CompletableFuture<>(), new CompletableFuture<>());
            frontend.script = request -> silent(cancelled.get(FrontendFixture.choice(request)));
            try (RawClient client = new RawClient(frontend.port())) {
                client.ask("\"n\":2,\"seed\":0," + mode);
                frontend.nextSeen();
                frontend.nextSeen();
            }
            cancelled.forEach(FrontendFixture::join);
        }
    }

    @Test
    void withoutIncludeUsageThereIsNoUsageAtAll() throws IOException {
        try (RawClient client = new RawClient(frontend.port())) {
            client.ask("\"stream\":true");
            client.head();
            List<String> events = client.events();
            assertFalse(events.toString().contains("usage"), events.toString());
            assertEquals("data: [DONE]", events.get(events.size() - 1));
        }
    }

    @Test
    void aFailureAfterTheFirstTokenIsOneErrorChunkAndThenTheEnd() throws IOException {
        frontend.script = request -> Source.<InferenceEvent>single(new InferenceEvent.TextDelta("so far"))
                .concat(failed());
        try (RawClient client = new RawClient(frontend.port())) {
            client.ask("\"stream\":true");
            client.head();
            List<String> events = client.events();
            assertEquals(
                    "data: {\"error\":{\"message\":\"the engine died\",\"type\":\"server_error\",\"param\":null,"
                            + "\"code\":\"engine_failed\"}}",
                    events.get(events.size() - 1));
        }
    }

    @Test
    void aSilentStreamCarriesComments() throws IOException {
        try (FrontendFixture quick = FrontendFixture.start(settings(Duration.ofMillis(20), Duration.ofMillis(20)));
                RawClient client = new RawClient(quick.port())) {
            CompletableFuture<InferenceEvent> event = new CompletableFuture<>();
            quick.script = request -> Source.completionStage(event).concat(FrontendFixture.answer("!"));
            client.ask("\"stream\":true");
            client.head();
            assertEquals(": keep-alive", client.nextEvent());
            assertEquals(": keep-alive", client.nextEvent());
            event.complete(new InferenceEvent.TextDelta("at last"));
            List<String> events = client.events();
            events.removeIf(frame -> frame.equals(": keep-alive"));
            assertTrue(events.get(1).contains("at last"), events.toString());
            assertEquals("data: [DONE]", events.get(events.size() - 1));
        }
    }

    @Test
    void aFieldThatAnEngineRefusesIsCalledAsTheRequestHasIt() {
        frontend.script = request -> Source.single(
                new InferenceEvent.Failed(InferenceFailure.invalid("max_tokens", "more than there is room for")));
        for (String field : List.of("max_tokens", "max_completion_tokens")) {
            for (String stream : List.of("", ",\"stream\":true")) {
                String answer = frontend.post(
                                "/v1/chat/completions",
                                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"" + field
                                        + "\":9" + stream + "}")
                        .body();
                assertTrue(answer.contains("\"param\":\"" + field + "\""), answer);
            }
        }
    }

    @Test
    void whatPassesSaysWhenToTryAgainThoughNobodyKnows() {
        for (InferenceFailure.Kind kind : List.of(
                InferenceFailure.Kind.RATE_LIMITED,
                InferenceFailure.Kind.OVERLOADED,
                InferenceFailure.Kind.STORE_UNAVAILABLE)) {
            frontend.script =
                    request -> Source.single(new InferenceEvent.Failed(InferenceFailure.of(kind, "scripted")));
            HttpResponse<String> refused =
                    frontend.chat("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
            assertEquals("1", refused.headers().firstValue("retry-after").orElseThrow());
        }
    }

    @Test
    void aFailureAfterALongSilenceIsPartOfTheStream() throws IOException {
        try (FrontendFixture quick = FrontendFixture.start(settings(Duration.ofMillis(20), Duration.ofMillis(20)));
                RawClient client = new RawClient(quick.port())) {
            CompletableFuture<InferenceEvent> event = new CompletableFuture<>();
            quick.script = request -> Source.completionStage(event);
            client.ask("\"stream\":true");
            assertEquals("HTTP/1.1 200 OK", client.head().get(0));
            assertEquals(": keep-alive", client.nextEvent());
            event.complete(new InferenceEvent.Failed(InferenceFailure.of(InferenceFailure.Kind.OVERLOADED, "no")));
            List<String> events = client.events();
            assertTrue(events.get(events.size() - 1).contains("\"code\":\"overloaded\""), events.toString());
        }
    }

    @Test
    void aClientThatGoesCancelsItsStream() throws Exception {
        CompletableFuture<Done> cancelled = new CompletableFuture<>();
        frontend.script = request -> endless(cancelled, new InferenceEvent.TextDelta("x"));
        try (RawClient client = new RawClient(frontend.port())) {
            client.ask("\"stream\":true");
            client.head();
            client.nextEvent();
        }
        FrontendFixture.join(cancelled);
    }

    @Test
    void aClientThatGoesBeforeTheFirstTokenCancelsItsTurn() throws Exception {
        for (String mode : List.of("\"stream\":true", "\"stream\":false")) {
            CompletableFuture<Done> cancelled = new CompletableFuture<>();
            frontend.script = request -> silent(cancelled);
            try (RawClient client = new RawClient(frontend.port())) {
                client.ask(mode);
                frontend.nextSeen();
            }
            FrontendFixture.join(cancelled);
        }
    }

    @Test
    void aConnectionThatWillCloseIsNotTakenForGone() throws IOException {
        CompletableFuture<InferenceEvent> event = new CompletableFuture<>();
        frontend.script = request -> {
            event.complete(new InferenceEvent.TextDelta("hi"));
            return Source.completionStage(event).concat(FrontendFixture.answer("!"));
        };
        try (RawClient client = new RawClient(frontend.port())) {
            client.ask("\"stream\":false", "Connection: close");
            assertEquals("HTTP/1.1 200 OK", client.head().get(0));
        }
    }

    @Test
    void oneConnectionServesOneTurnAfterTheOther() throws IOException {
        try (RawClient client = new RawClient(frontend.port())) {
            for (int i = 0; i < 3; i++) {
                client.ask("\"stream\":true");
                client.head();
                List<String> events = client.events();
                assertEquals("data: [DONE]", events.get(events.size() - 1));
            }
        }
    }

    @Test
    void drainingLetsARunningStreamFinishAndRefusesNewTurns() throws Exception {
        CompletableFuture<InferenceEvent> event = new CompletableFuture<>();
        frontend.script = request ->
                Source.<InferenceEvent>single(new InferenceEvent.TextDelta("x")).concat(Source.completionStage(event));
        try (RawClient running = new RawClient(frontend.port());
                RawClient idle = new RawClient(frontend.port())) {
            idle.get("/health/ready");
            assertEquals("HTTP/1.1 200 OK", idle.head().get(0));
            idle.body();
            running.ask("\"stream\":true");
            running.head();
            running.nextEvent();
            var drained = frontend.server.drain();
            idle.ask("\"stream\":true");
            assertEquals("HTTP/1.1 503 Service Unavailable", idle.head().get(0));
            assertEquals(200, frontend.get("/health/live").statusCode());
            HttpResponse<String> ready = frontend.get("/health/ready");
            assertEquals(503, ready.statusCode());
            assertTrue(ready.body().contains("\"status\":\"draining\""), ready.body());
            HttpResponse<String> refused =
                    frontend.chat("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
            assertEquals(503, refused.statusCode());
            assertEquals("1", refused.headers().firstValue("retry-after").orElseThrow());
            event.complete(new InferenceEvent.Finished(FinishReason.STOP, null, USAGE));
            List<String> events = running.events();
            assertEquals("data: [DONE]", events.get(events.size() - 1));
            assertEquals(0, FrontendFixture.join(drained));
        }
    }

    @Test
    void aStreamThatOutlastsTheDrainEndsInAnError() throws Exception {
        FrontendSettings impatient = new FrontendSettings(
                "127.0.0.1",
                0,
                List.of(),
                new FrontendSettings.Bodies(100_000, 1 << 20, Duration.ofSeconds(10)),
                Duration.ofMinutes(1),
                Duration.ofMinutes(1),
                Duration.ZERO,
                4,
                Duration.ofDays(1),
                1000,
                FrontendFixture.UNLIMITED,
                FrontendFixture.SETTINGS.promptNoise());
        try (FrontendFixture stopping = FrontendFixture.start(impatient);
                RawClient client = new RawClient(stopping.port())) {
            CompletableFuture<Done> cancelled = new CompletableFuture<>();
            stopping.script = request -> endless(cancelled, new InferenceEvent.TextDelta("x"));
            client.ask("\"stream\":true");
            client.head();
            client.nextEvent();
            var drained = stopping.server.drain();
            List<String> events = client.events();
            assertTrue(events.get(events.size() - 1).contains("shutting down"), events.toString());
            FrontendFixture.join(cancelled);
            assertEquals(1, FrontendFixture.join(drained));
        }
    }

    private static FrontendSettings settings(Duration keepAlive, Duration firstByteAfter) {
        return new FrontendSettings(
                "127.0.0.1",
                0,
                List.of(),
                new FrontendSettings.Bodies(100_000, 1 << 20, Duration.ofSeconds(10)),
                firstByteAfter,
                keepAlive,
                Duration.ofSeconds(5),
                4,
                Duration.ofDays(1),
                1000,
                FrontendFixture.UNLIMITED,
                FrontendFixture.SETTINGS.promptNoise());
    }

    private static Source<InferenceEvent, NotUsed> failed() {
        return Source.single(
                new InferenceEvent.Failed(InferenceFailure.of(InferenceFailure.Kind.ENGINE_FAILED, "the engine died")));
    }

    /** One event, then nothing until it is cancelled. */
    private static Source<InferenceEvent, NotUsed> endless(CompletableFuture<Done> cancelled, InferenceEvent first) {
        return Source.single(first).concat(silent(cancelled));
    }

    private static Source<InferenceEvent, NotUsed> silent(CompletableFuture<Done> cancelled) {
        return Source.<InferenceEvent>maybe().watchTermination((never, ended) -> {
            ended.whenComplete((done, failure) -> cancelled.complete(Done.getInstance()));
            return NotUsed.getInstance();
        });
    }
}
