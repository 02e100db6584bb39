package inference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompactJsonTest {

    @Test
    void spellingsOfOneObjectBecomeOne() {
        String one = "{\"b\":\"é/\\n\",\"a\":[1,2.5,-1000000000,true,null,{}]}";
        assertEquals(one, CompactJson.arguments(one));
        assertEquals(
                one,
                CompactJson.arguments(
                        " { \"b\" : \"\\u00e9\\/\\u000a\",\n\t\"a\": [1, 2.50, -1e9, true, null, { }] } "));
    }

    @Test
    void keyOrderAndTheValuesOfNumbersStay() {
        assertEquals(
                "{\"z\":1,\"a\":1.00000000000000000000000000000001e+32,\"b\":1e+400}",
                CompactJson.arguments("{\"z\": 1.0, \"a\": 100000000000000000000000000000001, \"b\": 1e400}"));
    }

    @Test
    void aNumberHasOneFormHoweverItIsWritten() {
        assertEquals(
                "[0,0,1,100000,1.5,1e+21,-1.25e+30,1e-7,1.5e-8,1.2345678901234567890123e+22]",
                CompactJson.arguments(
                                "{\"a\":[0.0,-0,1.0,1e5,1.50,1e21,-1.25E30,1e-7,0.000000015,12345678901234567890123]}")
                        .replaceAll("^\\{\"a\":|}$", ""));
        assertEquals("{\"a\":1e+999999999}", CompactJson.arguments("{\"a\":1e999999999}"));
    }

    @Test
    void noArgumentsAreAnEmptyObject() {
        assertEquals("{}", CompactJson.arguments(""));
        assertEquals("{}", CompactJson.arguments(" \n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"not json", "{\"cut\": \"of", "[1]", "7", "{} {}", "{}x", "{'a':1}", "{\"a\":NaN}"})
    void whatIsNoObjectStaysAsItIs(String text) {
        assertEquals(text, CompactJson.arguments(text));
    }

    @Test
    void hostileDepthStaysText() {
        String deep = "{\"a\":".repeat(2000) + "1" + "}".repeat(2000);
        assertEquals(deep, CompactJson.arguments(deep));
    }
}
