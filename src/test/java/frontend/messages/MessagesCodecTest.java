package frontend.messages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import frontend.Caller;
import frontend.FrontendFixture;
import frontend.JsonBody;
import frontend.JsonField;
import frontend.ReasoningSeal;
import frontend.RefusedRequest;
import frontend.SessionHeaders;
import inference.AnswerFormat;
import inference.CacheMark;
import inference.ContentBlock;
import inference.InferenceFailure;
import inference.InferenceRequest;
import inference.Message;
import inference.ReasoningEffort;
import inference.Role;
import inference.TenantId;
import inference.ToolChoice;
import inference.ToolDefinition;
import inference.TurnId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessagesCodecTest {
    private static final String USER = "{'role':'user','content':'hi'}";
    private static final Duration SHORT = Duration.ofMinutes(5);
    private static final Duration LONG = Duration.ofHours(1);

    @Test
    void everyBlockIsReadAndToolResultsAreARoleOfTheirOwn() {
        String seal = ReasoningSeal.of("I should look");
        assertEquals(
                List.of(
                        new Message(Role.SYSTEM, List.of(text("a"), text("b"))),
                        new Message(Role.USER, List.of(text("look"), new ContentBlock.Image("image/*", "https://x/y"))),
                        new Message(
                                Role.ASSISTANT,
                                List.of(
                                        new ContentBlock.Thinking("I should look", null),
                                        text("ok"),
                                        new ContentBlock.ToolUse("t1", "ls", "{\"b\":1,\"a\":2}"))),
                        new Message(
                                Role.TOOL,
                                List.of(
                                        new ContentBlock.ToolResult("t1", List.of(text("x")), true),
                                        new ContentBlock.ToolResult(
                                                "t2",
                                                List.of(
                                                        text("y"),
                                                        new ContentBlock.Image(
                                                                "image/png", "data:image/png;base64,AA")),
                                                false),
                                        new ContentBlock.ToolResult("t3", List.of(), false))),
                        Message.text(Role.USER, "go on"),
                        Message.text(Role.SYSTEM, "reminder")),
                messages("'system':[{'type':'text','text':'a'},{'type':'text','text':'b'}],"
                        + "'messages':[{'role':'user','content':[{'type':'text','text':'look'},"
                        + "{'type':'image','source':{'type':'url','url':'https://x/y'}}]},"
                        + "{'role':'assistant','content':[{'type':'thinking','thinking':'','signature':'" + seal
                        + "'},{'type':'redacted_thinking','data':'xx'},{'type':'text','text':'ok'},"
                        + "{'type':'tool_use','id':'t1','name':'ls','input':{'b': 1, 'a': 2.0}}]},"
                        + "{'role':'user','content':[{'type':'tool_result','tool_use_id':'t1','is_error':true,"
                        + "'content':'x'},{'type':'tool_result','tool_use_id':'t2','content':[{'type':'text','text':'y'},"
                        + "{'type':'image','source':{'type':'base64','media_type':'image/png','data':'AA'}}]},"
                        + "{'type':'tool_result','tool_use_id':'t3'},{'type':'text','text':'go on'}]},"
                        + "{'role':'system','content':'reminder'}]"));
    }

    @Test
    void documentsAreTextInOneFrame() {
        assertEquals(
                List.of(
                        new Message(
                                Role.USER,
                                List.of(
                                        text(
                                                "<document>\n<title>T</title>\n<context>C</context>\na & b\n</document>\n"),
                                        text("<document>\n1\n2\n</document>\n"),
                                        text("<document>\nx\n</document>\n"),
                                        text("sum up"))),
                        new Message(
                                Role.TOOL,
                                List.of(new ContentBlock.ToolResult(
                                        "t1", List.of(text("y"), text("<document>\nz\n</document>\n")), false)))),
                messages("'messages':[{'role':'user','content':["
                        + "{'type':'document','source':{'type':'text','media_type':'text/plain','data':'a & b'},"
                        + "'title':'T','context':'C','citations':{'enabled':false}},"
                        + "{'type':'document','source':{'type':'content','content':[{'type':'text','text':'1'},"
                        + "{'type':'text','text':'2'}]},'title':null},"
                        + "{'type':'document','source':{'type':'content','content':'x'},'context':''},"
                        + "{'type':'text','text':'sum up'},"
                        + "{'type':'tool_result','tool_use_id':'t1','content':[{'type':'text','text':'y'},"
                        + "{'type':'document','source':{'type':'text','data':'z'}}]}]}]"));
    }

    @Test
    void aDocumentCountsWithThePrompt() {
        String body = "'messages':[{'role':'user','content':[{'type':'document','title':'T',"
                + "'source':{'type':'text','media_type':'text/plain','data':'a'}}]}]";
        assertEquals(
                messages(body),
                MessagesCodec.decodeCount(body(body), CALLER, FrontendFixture.SETTINGS.promptNoise())
                        .messages());
    }

    @Test
    void marksOfADocumentKeepAllOfIt() {
        String document = "{'type':'document','source':{'type':'content','content':[{'type':'text','text':'a',"
                + "'cache_control':{'type':'ephemeral','ttl':'1h'}},{'type':'text','text':'b'}]},"
                + "'cache_control':{'type':'ephemeral'}}";
        assertEquals(
                List.of(new CacheMark(0, 1, LONG), new CacheMark(0, 1, SHORT)),
                decode("'messages':[{'role':'user','content':[{'type':'text','text':'a'}," + document
                                + ",{'type':'text','text':'b'}]}]")
                        .cacheMarks());
        assertEquals(
                List.of(new CacheMark(0, 0, LONG), new CacheMark(0, 0, SHORT)),
                decode("'messages':[{'role':'user','content':[{'type':'tool_result','tool_use_id':'t1','content':["
                                + document + "]}]}]")
                        .cacheMarks());
    }

    @Test
    void adjacentMessagesOfOneRoleAreOne() {
        assertEquals(
                List.of(new Message(Role.USER, List.of(text("1"), text("2")))),
                messages("'messages':[{'role':'user','content':'1'},{'role':'user','content':[{'type':'text',"
                        + "'text':'2'}]}]"));
    }

    @Test
    void reasoningThatAnotherServerSignedIsLeftOut() {
        assertEquals(
                List.of(
                        Message.text(Role.USER, "hi"),
                        Message.text(Role.ASSISTANT, "a"),
                        Message.text(Role.USER, "hi")),
                messages("'messages':[" + USER + ",{'role':'assistant','content':[{'type':'thinking',"
                        + "'thinking':'x','signature':'EqQBCgIYAg=='},{'type':'text','text':'a'}]}," + USER + "]"));
    }

    @Test
    void toolsKeepTheirOrderAndThoseOfAnthropicsServersAreLeftOut() {
        InferenceRequest request = decode("'messages':[" + USER + "],'tools':[{'name':'b','input_schema':{'z':1}},"
                + "{'type':'web_search_20250305','name':'web_search'},"
                + "{'type':'custom','name':'a','description':'d','input_schema':{},'strict':true}],"
                + "'tool_choice':{'type':'tool','name':'a','disable_parallel_tool_use':true}");
        assertEquals(
                List.of(new ToolDefinition("b", "", "{\"z\":1}", null), new ToolDefinition("a", "d", "{}", true)),
                request.tools());
        assertEquals(new ToolChoice(ToolChoice.Mode.NAMED, "a"), request.toolChoice());
        assertEquals(false, request.parallelToolCalls());
    }

    @Test
    void marksNameTheBlockTheyStandOnAndLeaveNoTraceInThePrompt() {
        String mark = ",'cache_control':{'type':'ephemeral'";
        String plain = "'tools':[{'name':'t','input_schema':{}%1$s}],'system':[{'type':'text','text':'s'%1$s}],"
                + "'messages':[{'role':'user','content':[{'type':'text','text':'a'},{'type':'text','text':'b'%2$s}]}]";
        InferenceRequest marked = decode(plain.formatted(mark + ",'ttl':'1h'}", mark + "}"));
        assertEquals(
                List.of(new CacheMark(-1, 0, LONG), new CacheMark(0, 0, LONG), new CacheMark(1, 1, SHORT)),
                marked.cacheMarks());
        InferenceRequest unmarked = decode(plain.formatted("", ""));
        assertEquals(unmarked.messages(), marked.messages());
        assertEquals(unmarked.tools(), marked.tools());
        assertEquals(unmarked.session(), marked.session());
    }

    @Test
    void marksInsideAToolResultKeepTheWholeResult() {
        assertEquals(
                List.of(new CacheMark(1, 0, LONG), new CacheMark(1, 0, SHORT), new CacheMark(1, 1, SHORT)),
                decode("'messages':[" + USER + ",{'role':'user','content':[{'type':'tool_result','tool_use_id':'t1',"
                                + "'content':[{'type':'text','text':'a','cache_control':{'type':'ephemeral','ttl':'1h'}},"
                                + "{'type':'image','source':{'type':'url','url':'https://x/y'},"
                                + "'cache_control':{'type':'ephemeral'}}]},"
                                + "{'type':'tool_result','tool_use_id':'t2','content':'b',"
                                + "'cache_control':{'type':'ephemeral'}}]}]")
                        .cacheMarks());
    }

    @Test
    void aMarkOnTheWholeRequestKeepsTheWholePrompt() {
        assertEquals(
                List.of(new CacheMark(0, 0, SHORT)),
                decode("'messages':[" + USER + "],'cache_control':{'type':'ephemeral','ttl':'5m'}")
                        .cacheMarks());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'messages':[{'role':'user','content':[{'type':'text','text':'','cache_control':{'type':'ephemeral'}}]}]",
                "'messages':[{'role':'user','content':[{'type':'text','text':'a','cache_control':{'type':'forever'}}]}]",
                "'messages':[{'role':'user','content':[{'type':'text','text':'a',"
                        + "'cache_control':{'type':'ephemeral','ttl':'2h'}}]}]",
                "'system':[{'type':'text','text':'s','cache_control':{'type':'ephemeral'}}],"
                        + "'messages':[{'role':'user','content':[{'type':'text','text':'a',"
                        + "'cache_control':{'type':'ephemeral','ttl':'1h'}}]}]",
                "'messages':[{'role':'user','content':["
                        + "{'type':'text','text':'1','cache_control':{'type':'ephemeral'}},"
                        + "{'type':'text','text':'2','cache_control':{'type':'ephemeral'}},"
                        + "{'type':'text','text':'3','cache_control':{'type':'ephemeral'}},"
                        + "{'type':'text','text':'4','cache_control':{'type':'ephemeral'}},"
                        + "{'type':'text','text':'5','cache_control':{'type':'ephemeral'}}]}]",
                "'messages':[{'role':'user','content':[{'type':'tool_result','tool_use_id':'t','content':["
                        + "{'type':'text','text':'1','cache_control':{'type':'ephemeral'}},"
                        + "{'type':'text','text':'2','cache_control':{'type':'ephemeral'}},"
                        + "{'type':'text','text':'3','cache_control':{'type':'ephemeral'}},"
                        + "{'type':'text','text':'4','cache_control':{'type':'ephemeral'}}],"
                        + "'cache_control':{'type':'ephemeral'}}]}]",
                "'messages':[{'role':'user','content':[{'type':'tool_result','tool_use_id':'t','content':["
                        + "{'type':'text','text':'','cache_control':{'type':'ephemeral'}}]}]}]",
                "'messages':[{'role':'user','content':[{'type':'tool_result','tool_use_id':'t','content':["
                        + "{'type':'text','text':'a','cache_control':{'type':'ephemeral','ttl':'2h'}}]}]}]"
            })
    void marksThatBreakTheRulesAreRefused(String body) {
        InferenceFailure failure = refusal(body);
        assertEquals(InferenceFailure.Kind.INVALID_REQUEST, failure.kind());
        assertTrue(failure.message().contains("cache_control"), failure.message());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "max_tokens | 'messages':[{'role':'user','content':'a'}],'max_tokens':0",
                "temperature | 'messages':[{'role':'user','content':'a'}],'temperature':1.5",
                "messages | 'messages':[]",
                "messages[0].role | 'messages':[{'role':'tool','content':'a'}]",
                "messages[0].content | 'messages':[{'role':'user','content':7}]",
                "messages[0].content[0].type | 'messages':[{'role':'user','content':[{'type':'container_upload'}]}]",
                "messages[0].content[0].source | 'messages':[{'role':'user','content':[{'type':'document'}]}]",
                "messages[0].content[0].source.type | 'messages':[{'role':'user','content':[{'type':'document',"
                        + "'source':{'type':'base64','media_type':'application/pdf','data':'JVBE'}}]}]",
                "messages[0].content[0].source.type | 'messages':[{'role':'user','content':[{'type':'document',"
                        + "'source':{'type':'url','url':'https://x/y.pdf'}}]}]",
                "messages[0].content[0].source.media_type | 'messages':[{'role':'user','content':[{'type':'document',"
                        + "'source':{'type':'text','media_type':'text/html','data':'x'}}]}]",
                "messages[0].content[0].source.data | 'messages':[{'role':'user','content':[{'type':'document',"
                        + "'source':{'type':'text','data':7}}]}]",
                "messages[0].content[0].source.content[0].type | 'messages':[{'role':'user','content':[{'type':'document',"
                        + "'source':{'type':'content','content':[{'type':'image'}]}}]}]",
                "messages[0].content[0].citations.enabled | 'messages':[{'role':'user','content':[{'type':'document',"
                        + "'source':{'type':'text','data':'x'},'citations':{'enabled':true}}]}]",
                "messages[0].content[0].content[0].source.type | 'messages':[{'role':'user','content':[{"
                        + "'type':'tool_result','tool_use_id':'t','content':[{'type':'document',"
                        + "'source':{'type':'base64','data':'JVBE'}}]}]}]",
                "messages[1].role | 'messages':[{'role':'user','content':'a'},{'role':'assistant','content':'b'}]",
                "thinking.budget_tokens | 'messages':[{'role':'user','content':'a'}],"
                        + "'thinking':{'type':'enabled','budget_tokens':64}",
                "thinking.type | 'messages':[{'role':'user','content':'a'}],'thinking':{'type':'loud'}",
                "tool_choice.name | 'messages':[{'role':'user','content':'a'}],'tool_choice':{'type':'tool','name':'x'}",
                "output_config.effort | 'messages':[{'role':'user','content':'a'}],'output_config':{'effort':3}",
                "output_config.effort | 'messages':[{'role':'user','content':'a'}],'output_config':{'effort':'none'}",
                "context_management | 'messages':[{'role':'user','content':'a'}],'context_management':'keep'",
                "metadata | 'messages':[{'role':'user','content':'a'}],'metadata':7",
                "metadata.user_id | 'messages':[{'role':'user','content':'a'}],'metadata':{'user_id':7}",
                "mcp_servers | 'messages':[{'role':'user','content':'a'}],'mcp_servers':[{'url':'u'}]"
            })
    void whatIsWrongOrNotServedIsRefusedByItsPath(String path, String body) {
        assertEquals(path, refusal(body).param());
    }

    @Test
    void threadsAreRefusedAsHarnessesExpect() {
        assertEquals(
                InferenceFailure.Kind.THREADS_NOT_SERVED,
                refusal("'messages':[" + USER + "],'thread':{'type':'create'}").kind());
    }

    @Test
    void settingsReachTheEngine() {
        MessagesRequest decoded = MessagesCodec.decode(
                body("'messages':[" + USER + "],'max_tokens':5000,'top_k':7,'top_p':0.5,'stop_sequences':['x'],"
                        + "'thinking':{'type':'enabled','budget_tokens':1024,'display':'omitted'},'stream':true,"
                        + "'output_config':{'format':{'type':'json_schema','schema':{'type':'object'}}}"),
                CALLER,
                FrontendFixture.SETTINGS.promptNoise());
        InferenceRequest request = decoded.inference();
        assertEquals(5000, request.sampling().maxTokens());
        assertEquals(7, request.sampling().topK());
        assertEquals(List.of("x"), request.sampling().stop());
        assertEquals(
                new AnswerFormat("answer", "{\"type\":\"object\"}", null),
                request.sampling().format());
        assertTrue(request.reasoning() && decoded.stream());
        assertEquals(MessagesRequest.Display.OMITTED, decoded.display());
    }

    @Test
    void theEffortCountsWhereThinkingIsOn() {
        String effort = "'messages':[" + USER + "],'output_config':{'effort':'xhigh'}";
        assertEquals(
                ReasoningEffort.XHIGH,
                decode(effort + ",'thinking':{'type':'adaptive'}").effort());
        assertNull(decode("'messages':[" + USER + "],'thinking':{'type':'adaptive'}")
                .effort());
        assertEquals(ReasoningEffort.NONE, decode(effort).effort());
        assertEquals(
                ReasoningEffort.NONE,
                decode(effort + ",'thinking':{'type':'disabled'}").effort());
    }

    @Test
    void noiseAtTheHeadOfThePromptIsLeftOut() {
        InferenceRequest one = decode(
                "'system':[{'type':'text','text':'noise: 1'},{'type':'text','text':'s'}],'messages':[" + USER + "]");
        InferenceRequest two = decode(
                "'system':[{'type':'text','text':'noise: 2'},{'type':'text','text':'s'}],'messages':[" + USER + "]");
        assertEquals(List.of(Message.text(Role.SYSTEM, "s"), Message.text(Role.USER, "hi")), one.messages());
        assertEquals(one.session(), two.session());
    }

    private static final Caller CALLER =
            new Caller(TenantId.DEFAULT, "req_1", new TurnId("t"), null, SessionHeaders.NONE);

    private static List<Message> messages(String members) {
        return decode(members).messages();
    }

    private static InferenceFailure refusal(String members) {
        return assertThrows(RefusedRequest.class, () -> decode(members)).failure();
    }

    private static InferenceRequest decode(String members) {
        String all = members.contains("max_tokens") ? members : members + ",'max_tokens':2000";
        return MessagesCodec.decode(body(all), CALLER, FrontendFixture.SETTINGS.promptNoise())
                .inference();
    }

    private static JsonField body(String members) {
        String json = "{'model':'m'," + members + "}";
        return JsonBody.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private static ContentBlock text(String text) {
        return new ContentBlock.Text(text);
    }
}
