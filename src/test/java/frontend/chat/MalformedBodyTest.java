package frontend.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import frontend.FrontendFixture;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever bytes a client sends, it gets an answer, and never a 500. */
class MalformedBodyTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String VALID = "{\"model\":\"sim-echo\",\"messages\":[{\"role\":\"system\",\"content\":\"s\"},"
            + "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"tëxt \\ud83d\\ude00\"},"
            + "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AA\"}}]},"
            + "{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"r\",\"tool_calls\":[{\"id\":\"c\","
            + "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]},"
            + "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"42\"}],"
            + "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":\"d\","
            + "\"parameters\":{\"type\":\"object\",\"minimum\":0.5},\"strict\":false}}],"
            + "\"tool_choice\":\"auto\",\"stream\":false,\"stream_options\":{\"include_usage\":true},"
            + "\"max_tokens\":5,\"temperature\":0.5,\"top_p\":1,\"seed\":1,\"stop\":[\"x\"],\"n\":1,"
            + "\"reasoning_effort\":\"low\",\"prompt_cache_key\":\"k\",\"metadata\":{\"user_id\":\"{}\"},"
            + "\"nvext\":{\"agent_hints\":{\"priority\":1,\"osl\":5},\"cache_control\":{\"type\":\"ephemeral\"}}}";
    private static final FrontendFixture FRONTEND = FrontendFixture.start();

    @BeforeContainer
    static void theUnspoiltBodyIsServed() {
        assertEquals(200, FRONTEND.chat(VALID).statusCode());
    }

    @AfterContainer
    static void stop() {
        FRONTEND.close();
    }

    @Property(tries = 400)
    void aTruncatedBodyIs400(@ForAll @IntRange(min = 0, max = 1200) int length) {
        byte[] whole = VALID.getBytes(StandardCharsets.UTF_8);
        assertRefused(Arrays.copyOf(whole, Math.min(length, whole.length - 1)));
    }

    @Property(tries = 800)
    void randomBytesInAValidBodyAreAnswered(
            @ForAll @IntRange(min = 0, max = 1200) int at, @ForAll byte[] bytes, @ForAll boolean insert) {
        byte[] whole = VALID.getBytes(StandardCharsets.UTF_8);
        int from = Math.min(at, whole.length - 1);
        int to = insert ? from : Math.min(from + bytes.length, whole.length);
        byte[] mutated = new byte[from + bytes.length + whole.length - to];
        System.arraycopy(whole, 0, mutated, 0, from);
        System.arraycopy(bytes, 0, mutated, from, bytes.length);
        System.arraycopy(whole, to, mutated, from + bytes.length, whole.length - to);
        assertAnswered(mutated);
    }

    @Property(tries = 1500)
    void hostileValuesInAnyFieldAreAnswered(
            @ForAll @IntRange(min = 0, max = 200) int leaf, @ForAll("hostile") String value) throws IOException {
        assertAnswered(replaced(leaf, value).getBytes(StandardCharsets.UTF_8));
    }

    @Property(tries = 300)
    void deepNestingIs400(@ForAll @IntRange(min = 501, max = 20_000) int depth, @ForAll boolean objects) {
        String open = objects ? "{\"a\":".repeat(depth) : "[".repeat(depth);
        String close = objects ? "}".repeat(depth) : "]".repeat(depth);
        assertRefused(("{\"x\":" + open + "1" + close + "," + VALID.substring(1)).getBytes(StandardCharsets.UTF_8));
    }

    @Provide
    Arbitrary<String> hostile() {
        return Arbitraries.oneOf(
                Arbitraries.of(
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
                        "\"" + "x".repeat(100_000) + "\"",
                        "[".repeat(400) + "]".repeat(400),
                        "{\"a\":".repeat(400) + "1" + "}".repeat(400),
                        "{\"type\":\"function\"}",
                        "{\"type\":\"allowed_tools\",\"allowed_tools\":null}",
                        "[null]",
                        "[[]]",
                        "[{}]"),
                Arbitraries.strings().all().ofMaxLength(30).map(MalformedBodyTest::escaped),
                Arbitraries.doubles().map(String::valueOf),
                Arbitraries.longs().map(String::valueOf));
    }

    /** A JSON string of escapes only, which can say any characters, halves of surrogate pairs too. */
    private static String escaped(String text) {
        StringBuilder json = new StringBuilder("\"");
        text.chars().forEach(c -> json.append("\\u%04x".formatted(c)));
        return json.append('"').toString();
    }

    /** The valid body with its n-th value, inner ones included, written otherwise. */
    private static String replaced(int n, String value) throws IOException {
        JsonNode tree = MAPPER.readTree(VALID);
        StringBuilder out = new StringBuilder();
        int[] left = {n % count(tree)};
        write(tree, left, value, out);
        return out.toString();
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

    private static void assertRefused(byte[] body) {
        assertEquals(400, assertAnswered(body));
    }

    private static int assertAnswered(byte[] body) {
        HttpResponse<String> answer = FRONTEND.send(HttpRequest.newBuilder(FRONTEND.uri("/v1/chat/completions"))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build());
        int status = answer.statusCode();
        assertTrue(status == 200 || (status >= 400 && status < 500), status + " " + answer.body());
        if (status != 200) {
            assertEnvelope(answer.body());
        }
        return status;
    }

    private static void assertEnvelope(String body) {
        try {
            JsonNode error = MAPPER.readTree(body).get("error");
            for (String member : List.of("message", "type", "param", "code")) {
                assertTrue(error.has(member), body);
            }
            assertTrue(!error.get("message").textValue().isEmpty(), body);
        } catch (IOException e) {
            throw new AssertionError(body, e);
        }
    }
}
