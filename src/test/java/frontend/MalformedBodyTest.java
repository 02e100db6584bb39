package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever bytes a client sends, it gets an answer of its dialect, and never a 500. {@code -Dholdfast.fuzz.inputs=100000}
 * tries as many bodies per dialect, and a tenth of them where prompts are only counted.
 */
class MalformedBodyTest {
    private static final int INPUTS = Integer.getInteger("holdfast.fuzz.inputs", 1500);
    private static final int AT_ONCE = 8;
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static FrontendFixture frontend;

    /** A body in which everything stands that a dialect knows. */
    private enum Dialect {
        CHAT(
                "/v1/chat/completions",
                "data: [DONE]",
                "{'model':'sim-echo','messages':[{'role':'system','content':'s'},"
                        + "{'role':'user','content':[{'type':'text','text':'tëxt \\ud83d\\ude00'},"
                        + "{'type':'image_url','image_url':{'url':'data:image/png;base64,AA'}}]},"
                        + "{'role':'assistant','content':null,'reasoning_content':'r','tool_calls':[{'id':'c',"
                        + "'type':'function','function':{'name':'f','arguments':'{\\\"a\\\":1}'}}]},"
                        + "{'role':'tool','tool_call_id':'c','content':'42'}],"
                        + "'tools':[{'type':'function','function':{'name':'f','description':'d',"
                        + "'parameters':{'type':'object','minimum':0.5},'strict':false}}],"
                        + "'tool_choice':'auto','stream':false,'stream_options':{'include_usage':true},"
                        + "'max_tokens':5,'temperature':0.5,'top_p':1,'seed':1,'stop':['x'],'n':1,"
                        + "'response_format':{'type':'json_schema','json_schema':{'name':'n','schema':{}}},"
                        + "'reasoning_effort':'low','prompt_cache_key':'k','metadata':{'user_id':'{}'},"
                        + "'nvext':{'agent_context':{'session_id':'r','trajectory_id':'t','trajectory_final':false},'agent_hints':{'priority':1,'osl':5},'cache_control':{'type':'ephemeral'},'extra_fields':['retention']}}"),
        RESPONSES(
                "/v1/responses",
                "\"type\":\"response.completed\"",
                "{'model':'sim-echo','instructions':'i','input':[{'role':'developer','content':'d'},"
                        + "{'type':'message','role':'user','content':[{'type':'input_text','text':'tëxt'},"
                        + "{'type':'input_image','image_url':'https://a/b'}]},{'type':'reasoning','id':'rs_1',"
                        + "'summary':[{'type':'summary_text','text':'r'}],'encrypted_content':null},"
                        + "{'type':'function_call','call_id':'c','name':'f','arguments':'{}'},"
                        + "{'type':'function_call_output','call_id':'c','output':'42'},"
                        + "{'type':'custom_tool_call','call_id':'d','name':'p','input':'x'},"
                        + "{'type':'custom_tool_call_output','call_id':'d','output':[{'type':'input_text','text':'t'}]}],"
                        + "'tools':[{'type':'function','name':'f','parameters':{'type':'object'},'strict':null},"
                        + "{'type':'custom','name':'p','format':{'syntax':'lark','definition':'x'}}],"
                        + "'tool_choice':{'type':'allowed_tools','mode':'auto','tools':[{'type':'function','name':'f'}]},"
                        + "'store':true,'include':['reasoning.encrypted_content'],'reasoning':{'effort':'low'},"
                        + "'text':{'format':{'type':'text'}},'max_output_tokens':5,'temperature':0.5,'top_p':1,"
                        + "'truncation':'auto','metadata':{'user_id':'{}'},'parallel_tool_calls':true,'stream':false,"
                        + "'nvext':{'agent_context':{'session_id':'r','trajectory_id':'t','trajectory_final':false},'agent_hints':{'priority':1},'extra_fields':['retention']}}"),
        MESSAGES(
                "/v1/messages",
                "\"type\":\"message_stop\"",
                "{'model':'sim-echo','max_tokens':2000,'system':[{'type':'text','text':'s',"
                        + "'cache_control':{'type':'ephemeral','ttl':'1h'}}],'messages':[{'role':'user','content':["
                        + "{'type':'text','text':'tëxt'},{'type':'image','source':{'type':'base64',"
                        + "'media_type':'image/png','data':'AA'}},{'type':'document','title':'t','context':null,"
                        + "'source':{'type':'content','content':[{'type':'text','text':'u'}]},"
                        + "'citations':{'enabled':false}}]},{'role':'assistant','content':["
                        + "{'type':'thinking','thinking':'t','signature':'"
                        + ReasoningSeal.of("t") + "'},{'type':'tool_use','id':'c','name':'f','input':{'a':1.5}}]},"
                        + "{'role':'user','content':[{'type':'tool_result','tool_use_id':'c','is_error':false,"
                        + "'content':[{'type':'text','text':'42'},{'type':'document','source':{'type':'text',"
                        + "'media_type':'text/plain','data':'43'}}],'cache_control':{'type':'ephemeral'}}]},"
                        + "{'role':'system','content':'r'}],'tools':[{'name':'f','description':'d',"
                        + "'input_schema':{'type':'object'}}],'tool_choice':{'type':'auto',"
                        + "'disable_parallel_tool_use':true},'thinking':{'type':'enabled','budget_tokens':1024,"
                        + "'display':'omitted'},'output_config':{'effort':'low','format':{'type':'json_schema',"
                        + "'schema':{}}},'stop_sequences':['x'],'temperature':0.5,'top_p':1,'top_k':5,'stream':false,"
                        + "'metadata':{'user_id':'{}'},'nvext':{'agent_context':{'session_id':'r','trajectory_id':'t','trajectory_final':false},'agent_hints':{'priority':1},'extra_fields':['retention']}}"),
        RESPONSES_COUNT("/v1/responses/input_tokens", RESPONSES),
        MESSAGES_COUNT("/v1/messages/count_tokens", MESSAGES);

        private final String path;
        private final String lastEvent;
        private final String valid;
        private final boolean counts;

        Dialect(String path, String lastEvent, String valid) {
            this.path = path;
            this.lastEvent = lastEvent;
            this.valid = valid.replace('\'', '"');
            this.counts = false;
        }

        Dialect(String path, Dialect counted) {
            this.path = path;
            this.lastEvent = counted.lastEvent;
            this.valid = counted.valid;
            this.counts = true;
        }
    }

    @BeforeAll
    static void start() {
        frontend = FrontendFixture.start();
    }

    @AfterAll
    static void stop() {
        frontend.close();
    }

    @ParameterizedTest
    @EnumSource
    void everyBodyIsAnsweredInItsDialectAndNothingIsLeftOver(Dialect dialect) throws Exception {
        assertEquals(200, frontend.post(dialect.path, dialect.valid).statusCode());
        Random random = new Random(4);
        int inputs = dialect.counts ? INPUTS / 10 : INPUTS;
        for (int done = 0; done < inputs; done += AT_ONCE) {
            List<byte[]> bodies = new ArrayList<>();
            List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) {
                byte[] body = mutated(dialect.valid, random);
                bodies.add(body);
                answers.add(sent(dialect, body));
            }
            for (int i = 0; i < AT_ONCE; i++) {
                assertAnswered(dialect, bodies.get(i), FrontendFixture.join(answers.get(i)));
            }
            frontend.seen.clear();
        }
        assertEquals(0, frontend.turns.running());
    }

    private static CompletableFuture<HttpResponse<String>> sent(Dialect dialect, byte[] body) {
        return frontend.client.sendAsync(
                HttpRequest.newBuilder(frontend.uri(dialect.path))
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static void assertAnswered(Dialect dialect, byte[] body, HttpResponse<String> answer) throws IOException {
        int status = answer.statusCode();
        String about = status + " " + answer.body() + " to "
                + new String(body, 0, Math.min(body.length, 3000), StandardCharsets.UTF_8);
        assertTrue(status == 200 || (status >= 400 && status < 500), about);
        if (answer.headers().firstValue("content-type").orElseThrow().startsWith("text/event-stream")) {
            // A value that became true asks for a stream; it may tell of a failure that came after its beginning.
            assertTrue(
                    answer.body().contains(dialect.lastEvent) || answer.body().contains("\"error\":{"), about);
            return;
        }
        JsonNode told = MAPPER.readTree(answer.body());
        if (status == 200) {
            assertTrue(
                    dialect.counts
                            ? told.get("input_tokens").isInt()
                            : told.get("id").isTextual(),
                    about);
            return;
        }
        JsonNode error = told.get("error");
        assertTrue(
                !error.get("message").textValue().isEmpty() && error.get("type").isTextual(), about);
        if (dialect.path.startsWith("/v1/messages")) {
            assertEquals("error", told.get("type").textValue(), about);
            assertTrue(told.get("request_id").isTextual(), about);
        } else {
            assertTrue(error.has("param") && error.has("code"), about);
        }
    }

    private static byte[] mutated(String valid, Random random) throws IOException {
        byte[] whole = valid.getBytes(StandardCharsets.UTF_8);
        return switch (random.nextInt(8)) {
            case 0 -> Arrays.copyOf(whole, random.nextInt(whole.length));
            case 1 -> spoilt(whole, random);
            case 2 -> nested(valid, 501 + random.nextInt(20_000), random.nextBoolean());
            case 3 -> oversized(valid, random);
            default -> hostile(valid, random).getBytes(StandardCharsets.UTF_8);
        };
    }

    /** Random bytes instead of, or between, those that belong there. */
    private static byte[] spoilt(byte[] whole, Random random) {
        byte[] bytes = new byte[1 + random.nextInt(6)];
        random.nextBytes(bytes);
        int from = random.nextInt(whole.length);
        int to = random.nextBoolean() ? from : Math.min(from + bytes.length, whole.length);
        ByteArrayOutputStream spoilt = new ByteArrayOutputStream();
        spoilt.write(whole, 0, from);
        spoilt.writeBytes(bytes);
        spoilt.write(whole, to, whole.length - to);
        return spoilt.toByteArray();
    }

    private static byte[] nested(String valid, int depth, boolean objects) {
        String open = objects ? "{\"a\":".repeat(depth) : "[".repeat(depth);
        String close = objects ? "}".repeat(depth) : "]".repeat(depth);
        return ("{\"x\":" + open + "1" + close + "," + valid.substring(1)).getBytes(StandardCharsets.UTF_8);
    }

    /** Near and beyond the limit; seldom, because it is slow. */
    private static byte[] oversized(String valid, Random random) throws IOException {
        if (random.nextInt(20) > 0) {
            return hostile(valid, random).getBytes(StandardCharsets.UTF_8);
        }
        int limit = (int) FrontendFixture.SETTINGS.bodies().largestBytes();
        String filler = "x".repeat(limit / 2 + random.nextInt(limit));
        return ("{\"user_data\":\"" + filler + "\"," + valid.substring(1)).getBytes(StandardCharsets.UTF_8);
    }

    /** The valid body with some of its values, inner ones included, written otherwise. */
    private static String hostile(String valid, Random random) throws IOException {
        JsonNode tree = MAPPER.readTree(valid);
        String body = replaced(tree, random);
        return random.nextInt(4) == 0 && body.startsWith("{") ? replacedAgain(body, random) : body;
    }

    private static String replacedAgain(String body, Random random) {
        try {
            return replaced(MAPPER.readTree(body), random);
        } catch (IOException notJsonAnyMore) {
            return body;
        }
    }

    private static String replaced(JsonNode tree, Random random) throws IOException {
        StringBuilder out = new StringBuilder();
        write(tree, new int[] {random.nextInt(count(tree))}, value(random), out);
        return out.toString();
    }

    private static String value(Random random) {
        List<String> values = List.of(
                "null",
                "true",
                "[]",
                "{}",
                "\"\"",
                "-0",
                "1e999999999",
                "-1e-999999999",
                "9".repeat(400),
                "9".repeat(1500),
                "0." + "1".repeat(900),
                "9223372036854775808",
                "2147483648",
                "NaN",
                "\"\\u0000\"",
                "\"\\ud800\"",
                "\"\\udc00\\ud800\"",
                "\"data:\"",
                "\"{\\\"session_id\\\":\\\"\\\\ud800\\\"}\"",
                "\"holdfast1.AAAA\"",
                "\"holdfast1.%%%\"",
                "\"" + "x".repeat(100_000) + "\"",
                "[".repeat(400) + "]".repeat(400),
                "{\"a\":".repeat(400) + "1" + "}".repeat(400),
                "{\"type\":\"function\"}",
                "{\"type\":\"item_reference\",\"id\":\"x\"}",
                "{\"type\":\"tool_result\"}",
                "{\"type\":\"allowed_tools\",\"allowed_tools\":null}",
                "{\"cache_control\":{\"type\":\"ephemeral\"}}",
                "[null]",
                "[[]]",
                "[{}]");
        int chosen = random.nextInt(values.size() + 3);
        if (chosen < values.size()) {
            return values.get(chosen);
        }
        if (chosen == values.size()) {
            return Long.toString(random.nextLong());
        }
        // A string of escapes only, which can say any characters, halves of surrogate pairs too.
        StringBuilder json = new StringBuilder("\"");
        random.ints(random.nextInt(30), 0, 0x10000).forEach(c -> json.append("\\u%04x".formatted(c)));
        return json.append('"').toString();
    }

    private static int count(JsonNode node) {
        int count = 1;
        for (JsonNode child : node) {
            count += count(child);
        }
        return count;
    }

    private static void write(JsonNode node, int[] left, String value, StringBuilder out) throws IOException {
        if (left[0]-- == 0) {
            out.append(value);
        } else if (node.isObject()) {
            out.append('{');
            String separator = "";
            for (var field : node.properties()) {
                out.append(separator)
                        .append(MAPPER.writeValueAsString(field.getKey()))
                        .append(':');
                write(field.getValue(), left, value, out);
                separator = ",";
            }
            out.append('}');
        } else if (node.isArray()) {
            out.append('[');
            for (int i = 0; i < node.size(); i++) {
                out.append(i == 0 ? "" : ",");
                write(node.get(i), left, value, out);
            }
            out.append(']');
        } else {
            out.append(node);
        }
    }
}
