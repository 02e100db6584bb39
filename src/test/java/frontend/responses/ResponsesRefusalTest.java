package frontend.responses;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import frontend.FrontendFixture;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a request to create a response may not say. */
class ResponsesRefusalTest {
    private static FrontendFixture frontend;

    @BeforeAll
    static void start() {
        frontend = FrontendFixture.start();
    }

    @AfterAll
    static void stop() {
        frontend.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "input | 'input':7",
                "input | 'input':[]",
                "input | 'input':[{'type':'unheard_of'}]",
                "input[0].role | 'input':[{'role':'tool','content':'a'}]",
                "input[0].content[0].type | 'input':[{'role':'user','content':[{'type':'input_file'}]}]",
                "background | 'input':'a','background':true",
                "conversation | 'input':'a','conversation':'c'",
                "top_logprobs | 'input':'a','top_logprobs':21",
                "temperature | 'input':'a','temperature':3",
                "tool_choice.name | 'input':'a','tool_choice':{'type':'function','name':'x'}",
                "text.format.type | 'input':'a','text':{'format':{'type':'xml'}}",
                "reasoning.effort | 'input':'a','reasoning':{'effort':'heroic'}",
                "metadata | 'input':'a','metadata':7",
                "safety_identifier | 'input':'a','safety_identifier':{}",
                "max_tool_calls | 'input':'a','max_tool_calls':'many'",
                "prompt_cache_key | 'input':'a','prompt_cache_key':7",
                "reasoning.summary | 'input':'a','reasoning':{'summary':true}",
                "text.verbosity | 'input':'a','text':{'verbosity':1}"
            })
    void whatIsWrongOrNotServedIsRefusedByItsPath(String path, String members) throws Exception {
        HttpResponse<String> answer =
                frontend.post("/v1/responses", ("{'model':'sim-echo'," + members + "}").replace('\'', '"'));
        assertEquals(400, answer.statusCode(), answer.body());
        assertEquals(
                path,
                new ObjectMapper().readTree(answer.body()).at("/error/param").textValue());
    }
}
