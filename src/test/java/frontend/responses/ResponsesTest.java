package frontend.responses;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.stream.javadsl.Source;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import frontend.FrontendFixture;
import frontend.ReasoningSeal;
import frontend.RefusedRequest;
import inference.ContentBlock;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceRequest;
import inference.Message;
import inference.ReasoningEffort;
import inference.Role;
import inference.ToolDefinition;
import inference.Usage;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The bytes that clients send and read. */
class ResponsesTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Usage USAGE = new Usage(120, 96, 9, 2);
    private static final InferenceEvent.Finished STOP = new InferenceEvent.Finished(FinishReason.STOP, null, USAGE);
    private static FrontendFixture frontend;

    @BeforeAll
    static void start() {
        frontend = FrontendFixture.start();
    }

    @AfterAll
    static void stop() {
        frontend.close();
    }

    @BeforeEach
    void forgetRequests() {
        frontend.seen.clear();
    }

    @Test
    void itemsComeOneAtATimeEachAddedAndDone() {
        answer(
                new InferenceEvent.ThinkingDelta("hm"),
                new InferenceEvent.TextDelta("Hel"),
                new InferenceEvent.TextDelta("lo"),
                new InferenceEvent.ToolCallStarted(0, "call_a", "ls"),
                new InferenceEvent.ToolCallDelta(0, "{\"p\":1}"),
                new InferenceEvent.ToolCallStarted(1, "call_b", "now"),
                new InferenceEvent.Finished(FinishReason.TOOL_CALLS, null, USAGE));
        List<JsonNode> events = stream("'input':'hi'");
        assertEquals(
                List.of(
                        "response.created",
                        "response.in_progress",
                        "response.output_item.added 0",
                        "response.reasoning_summary_part.added 0",
                        "response.reasoning_summary_text.delta 0 hm",
                        "response.reasoning_summary_text.done 0",
                        "response.reasoning_summary_part.done 0",
                        "response.output_item.done 0",
                        "response.output_item.added 1",
                        "response.content_part.added 1",
                        "response.output_text.delta 1 Hel",
                        "response.output_text.delta 1 lo",
                        "response.output_text.done 1",
                        "response.content_part.done 1",
                        "response.output_item.done 1",
                        "response.output_item.added 2",
                        "response.function_call_arguments.delta 2 {\"p\":1}",
                        "response.function_call_arguments.done 2",
                        "response.output_item.done 2",
                        "response.output_item.added 3",
                        "response.function_call_arguments.delta 3 {}",
                        "response.function_call_arguments.done 3",
                        "response.output_item.done 3",
                        "response.completed"),
                events.stream().map(ResponsesTest::line).toList());
        List<JsonNode> done = new ArrayList<>();
        for (int i = 0; i < events.size(); i++) {
            assertEquals(i, events.get(i).get("sequence_number").intValue());
            if (events.get(i).path("type").asText().equals("response.output_item.done")) {
                done.add(events.get(i).get("item"));
            }
        }
        JsonNode response = events.get(events.size() - 1).get("response");
        assertEquals(MAPPER.valueToTree(done), response.get("output"));
        assertEquals("completed", response.get("status").textValue());
        assertEquals(
                96, response.at("/usage/input_tokens_details/cached_tokens").intValue());
        assertEquals("{\"p\":1}", response.at("/output/2/arguments").textValue());
    }

    @Test
    void aWholeResponseHasItsItemsInTheOrderOfTheAnswerToo() throws Exception {
        answer(
                new InferenceEvent.TextDelta("fir"),
                new InferenceEvent.TextDelta("st"),
                new InferenceEvent.ThinkingDelta("so"),
                new InferenceEvent.ToolCallStarted(0, "call_a", "ls"),
                new InferenceEvent.TextDelta("then"),
                new InferenceEvent.Finished(FinishReason.TOOL_CALLS, null, USAGE));
        JsonNode output = create("'input':'hi'").get("output");
        assertEquals(
                List.of("message", "reasoning", "function_call", "message"),
                List.of(
                        output.at("/0/type").textValue(),
                        output.at("/1/type").textValue(),
                        output.at("/2/type").textValue(),
                        output.at("/3/type").textValue()));
        assertEquals("first", output.at("/0/content/0/text").textValue());
        assertEquals("then", output.at("/3/content/0/text").textValue());
    }

    @Test
    void aResponseHasEveryKeyWhateverItsRequestSays() throws Exception {
        answer(new InferenceEvent.TextDelta("a"), STOP);
        Set<String> keys = new TreeSet<>();
        create("'input':'hi'").fieldNames().forEachRemaining(keys::add);
        assertEquals(
                new TreeSet<>(Set.of(
                        "id",
                        "object",
                        "created_at",
                        "completed_at",
                        "status",
                        "error",
                        "incomplete_details",
                        "instructions",
                        "max_output_tokens",
                        "max_tool_calls",
                        "model",
                        "output",
                        "parallel_tool_calls",
                        "previous_response_id",
                        "prompt_cache_key",
                        "reasoning",
                        "safety_identifier",
                        "service_tier",
                        "store",
                        "temperature",
                        "text",
                        "tool_choice",
                        "tools",
                        "top_logprobs",
                        "top_p",
                        "presence_penalty",
                        "frequency_penalty",
                        "truncation",
                        "usage",
                        "background",
                        "metadata")),
                keys);
        JsonNode echoed = create("'input':'hi','temperature':0.5,'tools':[{'type':'function','name':'f'}],"
                + "'metadata':{'a':'b'},'instructions':'be brief','reasoning':{'effort':'low'}");
        assertEquals("0.5", echoed.get("temperature").toString());
        assertEquals(
                "[{\"type\":\"function\",\"name\":\"f\",\"description\":null,\"parameters\":null,\"strict\":null}]",
                echoed.get("tools").toString());
        assertEquals("b", echoed.at("/metadata/a").textValue());
        assertEquals("be brief", echoed.get("instructions").textValue());
        assertEquals(
                "{\"effort\":\"low\",\"summary\":null}", echoed.get("reasoning").toString());
    }

    @Test
    void itemsOfOneReplyAreOneMessageAndUnknownOnesAreSkipped() throws Exception {
        answer(new InferenceEvent.TextDelta("a"), STOP);
        create("'instructions':'s','input':[{'role':'developer','content':'d'},{'role':'user','content':["
                + "{'type':'input_text','text':'u'},{'type':'input_image','image_url':'https://x/y'}]},"
                + "{'type':'reasoning','id':'rs_1','summary':[],'encrypted_content':'" + ReasoningSeal.of("hm")
                + "'},{'type':'message','role':'assistant','content':[{'type':'output_text','text':'a'}]},"
                + "{'type':'function_call','call_id':'c1','name':'ls','arguments':'{ }'},"
                + "{'type':'custom_tool_call','call_id':'c2','name':'patch','input':'x'},"
                + "{'type':'web_search_call','id':'ws_1'},"
                + "{'type':'function_call_output','call_id':'c1','output':'r'},"
                + "{'type':'custom_tool_call_output','call_id':'c2','output':[{'type':'input_text','text':'q'}]}]");
        assertEquals(
                List.of(
                        new Message(Role.SYSTEM, List.of(text("s"), text("d"))),
                        new Message(Role.USER, List.of(text("u"), new ContentBlock.Image("image/*", "https://x/y"))),
                        new Message(
                                Role.ASSISTANT,
                                List.of(
                                        new ContentBlock.Thinking("hm", null),
                                        text("a"),
                                        new ContentBlock.ToolUse("c1", "ls", "{}"),
                                        new ContentBlock.ToolUse("c2", "patch", "{\"input\":\"x\"}"))),
                        new Message(
                                Role.TOOL,
                                List.of(
                                        new ContentBlock.ToolResult("c1", List.of(text("r")), false),
                                        new ContentBlock.ToolResult("c2", List.of(text("q")), false)))),
                frontend.nextSeen().messages());
    }

    @Test
    void aConversationGoesOnByTheIdOfItsLastResponseWithoutItsInstructions() throws Exception {
        answer(
                new InferenceEvent.ThinkingDelta("hm"),
                new InferenceEvent.ToolCallStarted(0, "call_a", "ls"),
                new InferenceEvent.Finished(FinishReason.TOOL_CALLS, null, USAGE));
        String first = id(create("'input':'look','instructions':'only once'"));
        answer(new InferenceEvent.TextDelta("It holds x"), STOP);
        List<JsonNode> streamed = stream("'previous_response_id':'" + first
                + "','input':[{'type':'function_call_output','call_id':'call_a','output':'x'}]");
        String second = id(streamed.get(streamed.size() - 1).get("response"));
        frontend.seen.clear();
        create("'previous_response_id':'" + second + "','input':'thanks','instructions':'again'");
        assertEquals(
                List.of(
                        Message.text(Role.SYSTEM, "again"),
                        Message.text(Role.USER, "look"),
                        new Message(
                                Role.ASSISTANT,
                                List.of(
                                        new ContentBlock.Thinking("hm", null),
                                        new ContentBlock.ToolUse("call_a", "ls", "{}"))),
                        new Message(
                                Role.TOOL, List.of(new ContentBlock.ToolResult("call_a", List.of(text("x")), false))),
                        Message.text(Role.ASSISTANT, "It holds x"),
                        Message.text(Role.USER, "thanks")),
                frontend.nextSeen().messages());
    }

    @Test
    void anItemMayBeNamedInsteadOfSent() throws Exception {
        answer(new InferenceEvent.TextDelta("I said so"), STOP);
        List<JsonNode> streamed = stream("'input':'hi'");
        String item =
                streamed.get(streamed.size() - 1).at("/response/output/0/id").textValue();
        frontend.seen.clear();
        create("'input':[{'role':'user','content':'hi'},{'type':'item_reference','id':'" + item
                + "'},{'role':'user','content':'what?'}]");
        assertEquals(
                Message.text(Role.ASSISTANT, "I said so"),
                frontend.nextSeen().messages().get(1));
        HttpResponse<String> unknown = post("'input':[{'type':'item_reference','id':'msg_none'}]");
        assertEquals(404, unknown.statusCode());
        assertTrue(unknown.body().contains("Item with id 'msg_none' not found"), unknown.body());
    }

    @Test
    void aResponseIsKeptUntilItIsDeletedUnlessItSaysOtherwise() throws Exception {
        answer(new InferenceEvent.TextDelta("a"), STOP);
        JsonNode created = create("'input':[{'role':'user','content':'1'},{'role':'user','content':'2'}]");
        String path = "/v1/responses/" + id(created);
        assertEquals(created, MAPPER.readTree(frontend.get(path).body()));
        JsonNode items = MAPPER.readTree(
                frontend.get(path + "/input_items?order=asc&limit=1").body());
        assertEquals("1", items.at("/data/0/content").textValue());
        assertTrue(items.get("has_more").booleanValue());
        JsonNode rest = MAPPER.readTree(frontend.get(path + "/input_items?order=asc&after="
                        + items.get("last_id").textValue())
                .body());
        assertEquals("2", rest.at("/data/0/content").textValue());
        assertFalse(rest.get("has_more").booleanValue());
        HttpRequest delete = HttpRequest.newBuilder(frontend.uri(path)).DELETE().build();
        assertTrue(MAPPER.readTree(frontend.send(delete).body()).get("deleted").booleanValue());
        assertEquals(404, frontend.send(delete).statusCode());
        assertEquals(404, frontend.get(path).statusCode());
        assertEquals(404, frontend.get(path + "/input_items").statusCode());

        String unkept = id(create("'input':'hi','store':false"));
        assertEquals(404, frontend.get("/v1/responses/" + unkept).statusCode());
        JsonNode error = MAPPER.readTree(post("'input':'hi','previous_response_id':'" + unkept + "'")
                        .body())
                .get("error");
        assertEquals("previous_response_not_found", error.get("code").textValue());
        assertEquals("previous_response_id", error.get("param").textValue());
    }

    @Test
    void aPageOfItemsHas100AtMost() throws Exception {
        answer(new InferenceEvent.TextDelta("a"), STOP);
        String item = "{'role':'user','content':'x'}";
        String path =
                "/v1/responses/" + id(create("'input':[" + (item + ",").repeat(100) + item + "]")) + "/input_items";
        JsonNode items = MAPPER.readTree(frontend.get(path + "?limit=1000").body());
        assertEquals(100, items.get("data").size());
        assertTrue(items.get("has_more").booleanValue());
        for (String limit : List.of("0", "-1", "many")) {
            assertEquals(400, frontend.get(path + "?limit=" + limit).statusCode(), limit);
        }
    }

    @Test
    void toolsThatTakeTextAreFunctionsToTheEngineAndTextToTheClient() throws Exception {
        answer(
                new InferenceEvent.ToolCallStarted(0, "call_a", "patch"),
                new InferenceEvent.ToolCallDelta(0, "{\"input\": \"*** Be"),
                new InferenceEvent.ToolCallDelta(0, "gin\"}"),
                new InferenceEvent.Finished(FinishReason.TOOL_CALLS, null, USAGE));
        List<JsonNode> events = stream("'input':'hi','tools':[{'type':'custom','name':'patch','description':'d',"
                + "'format':{'type':'grammar','syntax':'lark','definition':'start: x'}},{'type':'web_search'},"
                + "{'type':'namespace','name':'n','tools':[]}]");
        JsonNode item = events.get(events.size() - 1).at("/response/output/0");
        assertEquals("custom_tool_call", item.get("type").textValue());
        assertEquals("*** Begin", item.get("input").textValue());
        List<ToolDefinition> tools = frontend.nextSeen().tools();
        assertEquals(1, tools.size());
        assertTrue(tools.get(0).description().contains("start: x"), tools::toString);
    }

    @Test
    void theEffortOfReasoningReachesTheEngineAndIsCalledAsTheRequestHasIt() throws Exception {
        answer(new InferenceEvent.TextDelta("a"), STOP);
        create("'input':'hi','reasoning':{'effort':'minimal','summary':'auto'},'text':{'verbosity':'low'}");
        assertEquals(ReasoningEffort.MINIMAL, frontend.nextSeen().effort());
        frontend.script = request -> Source.single(
                new InferenceEvent.Failed(InferenceFailure.invalid("reasoning_effort", "low, medium or high")));
        assertEquals(
                "reasoning.effort",
                MAPPER.readTree(post("'input':'hi','reasoning':{'effort':'minimal'}")
                                .body())
                        .at("/error/param")
                        .textValue());
    }

    @Test
    void reasoningComesSealedWhenAskedFor() throws Exception {
        answer(new InferenceEvent.ThinkingDelta("hm"), STOP);
        assertEquals(
                ReasoningSeal.of("hm"),
                create("'input':'hi','include':['reasoning.encrypted_content']")
                        .at("/output/0/encrypted_content")
                        .textValue());
        assertFalse(create("'input':'hi'").at("/output/0").has("encrypted_content"));
    }

    @Test
    void anAnswerThatIsCutOffIsIncomplete() throws Exception {
        answer(new InferenceEvent.TextDelta("a"), new InferenceEvent.Finished(FinishReason.LENGTH, null, USAGE));
        JsonNode response = create("'input':'hi','max_output_tokens':1");
        assertEquals("incomplete", response.get("status").textValue());
        assertEquals(
                "max_output_tokens", response.at("/incomplete_details/reason").textValue());
        assertEquals("incomplete", response.at("/output/0/status").textValue());
        assertTrue(response.get("completed_at").isNull());
        List<JsonNode> events = stream("'input':'hi'");
        assertEquals(
                "response.incomplete", events.get(events.size() - 1).get("type").textValue());
    }

    @Test
    void aFailureInsideAStreamIsAFailedResponseAndKept() throws Exception {
        answer(
                new InferenceEvent.TextDelta("so far"),
                new InferenceEvent.Failed(new InferenceFailure(
                        InferenceFailure.Kind.RATE_LIMITED, "slow down", null, Duration.ofSeconds(3))));
        List<JsonNode> events = stream("'input':'hi'");
        JsonNode last = events.get(events.size() - 1);
        assertEquals("response.failed", last.get("type").textValue());
        assertEquals("failed", last.at("/response/status").textValue());
        assertEquals("rate_limit_exceeded", last.at("/response/error/code").textValue());
        assertTrue(last.at("/response/error/message").textValue().contains("try again in 3s"));
        assertFalse(last.has("error"));
        JsonNode kept = MAPPER.readTree(
                frontend.get("/v1/responses/" + id(last.get("response"))).body());
        assertEquals("so far", kept.at("/output/0/content/0/text").textValue());
    }

    @Test
    void anAnswerThatCannotBeKeptIsNotToldAsComplete() {
        answer(new InferenceEvent.TextDelta("a"), STOP);
        frontend.responsesKept.broken =
                new RefusedRequest(InferenceFailure.of(InferenceFailure.Kind.STORE_UNAVAILABLE, "scripted"));
        try {
            HttpResponse<String> whole = post("'input':'hi'");
            assertEquals(503, whole.statusCode());
            assertEquals("1", whole.headers().firstValue("retry-after").orElseThrow());
            List<JsonNode> events = stream("'input':'hi'");
            JsonNode last = events.get(events.size() - 1);
            assertEquals("response.failed", last.get("type").textValue());
            assertEquals(events.size() - 1, last.get("sequence_number").intValue());
            assertFalse(events.toString().contains("response.completed"));
        } finally {
            frontend.responsesKept.broken = null;
        }
    }

    @Test
    void failuresBeforeTheFirstTokenAreHttpErrors() throws Exception {
        frontend.script = request -> Source.single(new InferenceEvent.Failed(
                new InferenceFailure(InferenceFailure.Kind.OVERLOADED, "full", null, Duration.ofMillis(1500))));
        for (String stream : List.of("true", "false")) {
            HttpResponse<String> answer = post("'input':'hi','stream':" + stream);
            assertEquals(503, answer.statusCode());
            assertEquals("2", answer.headers().firstValue("retry-after").orElseThrow());
            assertEquals(
                    "overloaded",
                    MAPPER.readTree(answer.body()).at("/error/code").textValue());
        }
    }

    @Test
    void whatPassesSaysWhenToTryAgainThoughNobodyKnows() {
        InferenceFailure full = InferenceFailure.of(InferenceFailure.Kind.RATE_LIMITED, "full");
        frontend.script = request -> Source.single(new InferenceEvent.Failed(full));
        assertEquals(
                "1", post("'input':'hi'").headers().firstValue("retry-after").orElseThrow());
        answer(new InferenceEvent.TextDelta("so far"), new InferenceEvent.Failed(full));
        List<JsonNode> events = stream("'input':'hi'");
        assertEquals(
                "full. Please try again in 1s.",
                events.get(events.size() - 1).at("/response/error/message").textValue());
    }

    @Test
    void aFieldThatAnEngineRefusesIsCalledAsTheRequestHasIt() throws Exception {
        frontend.script = request -> Source.single(
                new InferenceEvent.Failed(InferenceFailure.invalid("max_tokens", "more than there is room for")));
        for (String stream : List.of("true", "false")) {
            HttpResponse<String> answer = post("'input':'hi','max_output_tokens':9,'stream':" + stream);
            assertEquals(
                    "max_output_tokens",
                    MAPPER.readTree(answer.body()).at("/error/param").textValue());
        }
    }

    @Test
    void promptsAreCounted() throws Exception {
        assertEquals(
                "{\"object\":\"response.input_tokens\",\"input_tokens\":11}",
                frontend.post("/v1/responses/input_tokens", "{\"model\":\"m\",\"input\":\"hi\"}")
                        .body());
    }

    private static String id(JsonNode response) {
        return response.get("id").textValue();
    }

    private static ContentBlock text(String text) {
        return new ContentBlock.Text(text);
    }

    private static void answer(InferenceEvent... events) {
        frontend.script = (InferenceRequest request) -> Source.from(Arrays.asList(events));
    }

    private static HttpResponse<String> post(String members) {
        return frontend.post("/v1/responses", ("{'model':'sim-echo'," + members + "}").replace('\'', '"'));
    }

    private static JsonNode create(String members) throws Exception {
        HttpResponse<String> answer = post(members);
        assertEquals(200, answer.statusCode(), answer.body());
        return MAPPER.readTree(answer.body());
    }

    private static String line(JsonNode event) {
        StringBuilder line = new StringBuilder(event.get("type").textValue());
        if (event.has("output_index")) {
            line.append(' ').append(event.get("output_index"));
        }
        if (event.has("delta")) {
            line.append(' ').append(event.get("delta").textValue());
        }
        return line.toString();
    }

    /** Each event's data; its name and the type in its data must agree. */
    private static List<JsonNode> stream(String members) {
        List<JsonNode> events = new ArrayList<>();
        for (String frame :
                List.of(post(members + ",'stream':true").body().strip().split("\n\n"))) {
            try {
                JsonNode data = MAPPER.readTree(frame.substring(frame.indexOf("data: ") + 6));
                assertTrue(frame.startsWith("event: " + data.get("type").textValue() + "\n"), frame);
                events.add(data);
            } catch (Exception e) {
                throw new AssertionError(frame, e);
            }
        }
        return events;
    }
}
