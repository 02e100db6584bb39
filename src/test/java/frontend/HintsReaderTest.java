package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import inference.AgentHints;
import inference.CacheMark;
import inference.Message;
import inference.Role;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HintsReaderTest {
    private static final List<Message> MESSAGES =
            List.of(Message.text(Role.USER, "hi"), new Message(Role.ASSISTANT, List.of()));

    @Test
    void everyHintIsRead() {
        assertEquals(
                new AgentHints(-3, 2, 512, true, 0.5, null, null),
                hints("{\"priority\":-3,\"strict_priority\":2,\"osl\":512,\"speculative_prefill\":true,"
                        + "\"latency_sensitivity\":0.5}"));
    }

    @Test
    void nothingIsNoHintAndUnknownKeysAreTolerated() {
        assertEquals(AgentHints.NONE, HintsReader.hints(body("{}")));
        assertEquals(AgentHints.NONE, HintsReader.hints(body("{\"nvext\":null}")));
        assertEquals(AgentHints.NONE, HintsReader.hints(body("{\"nvext\":{\"annotations\":[1]}}")));
        assertEquals(AgentHints.NONE, hints("{\"priority\":null,\"mood\":\"calm\"}"));
    }

    @Test
    void anOutputLengthPastOurIntegersIsTheLargest() {
        assertEquals(Integer.MAX_VALUE, hints("{\"osl\":4294967295}").expectedOutputTokens());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{\"agent_hints\":{\"priority\":\"high\"}}; nvext.agent_hints.priority",
                "{\"agent_hints\":{\"priority\":1.5}}; nvext.agent_hints.priority",
                "{\"agent_hints\":{\"priority\":2147483648}}; nvext.agent_hints.priority",
                "{\"agent_hints\":{\"strict_priority\":[]}}; nvext.agent_hints.strict_priority",
                "{\"agent_hints\":{\"osl\":-1}}; nvext.agent_hints.osl",
                "{\"agent_hints\":{\"speculative_prefill\":1}}; nvext.agent_hints.speculative_prefill",
                "{\"agent_hints\":{\"latency_sensitivity\":\"x\"}}; nvext.agent_hints.latency_sensitivity",
                "{\"agent_hints\":{\"latency_sensitivity\":1e400}}; nvext.agent_hints.latency_sensitivity",
                "{\"agent_hints\":7}; nvext.agent_hints",
                "[]; nvext",
            })
    void aWrongTypeIsRefusedByItsPath(String nvext, String param) {
        RefusedRequest refused =
                assertThrows(RefusedRequest.class, () -> HintsReader.hints(body("{\"nvext\":" + nvext + "}")));
        assertEquals(param, refused.failure().param());
    }

    @Test
    void cacheControlMarksTheEndOfThePrompt() {
        assertEquals(List.of(), marks("{}"));
        assertEquals(
                List.of(new CacheMark(0, 0, Duration.ofMinutes(5))),
                marks("{\"cache_control\":{\"type\":\"ephemeral\"}}"));
        assertEquals(
                List.of(new CacheMark(0, 0, Duration.ofHours(1))),
                marks("{\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}"));
        assertThrows(RefusedRequest.class, () -> marks("{\"cache_control\":{\"type\":\"persistent\"}}"));
        assertThrows(RefusedRequest.class, () -> marks("{\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"2h\"}}"));
    }

    private static List<CacheMark> marks(String nvext) {
        return HintsReader.cacheMarks(body("{\"nvext\":" + nvext + "}"), MESSAGES);
    }

    private static AgentHints hints(String hints) {
        return HintsReader.hints(body("{\"nvext\":{\"agent_hints\":" + hints + "}}"));
    }

    private static JsonField body(String json) {
        return JsonBody.parse(json.getBytes(StandardCharsets.UTF_8));
    }
}
