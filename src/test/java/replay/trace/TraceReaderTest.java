package replay.trace;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceReaderTest {
    private static final String AGENT_TURNS =
            """
            {"sid":"a","lin":0,"k":0,"gk":"start","lk":"root","in":130,"out":5,"b":[[1,2]]}
            {"sid":"a","lin":0,"k":1,"gk":"tool","gap":1.5,"in":200,"out":0,"b":[[1,3]]}
            {"sid":"a","lin":1,"k":0,"gk":"start","lk":"sub","sp":[0,1],"off":2.0,"in":128,"out":7,"b":[[1,1],[9,1]]}
            {"sid":"b","lin":0,"k":0,"gk":"start","lk":"root","in":64,"out":1,"b":[[20,1]]}
            {"sid":"a","lin":1,"k":1,"gk":"tool","gap":0.0,"in":192,"out":7,"b":[[1,1],[9,2]]}
            {"sid":"a","lin":0,"k":2,"gk":"join","gap":99.0,"join":[1],"in":260,"out":3,"b":[[1,4]]}
            """;

    @TempDir
    private Path directory;

    private Path file(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    private static Trace read(Path... files) throws TraceException {
        return TraceReader.read(List.of(files), false);
    }

    @Test
    void agentTurnsFollowTheirLineageTheirParentOrWhatTheyJoin() throws Exception {
        Trace trace = read(file("turns.jsonl", AGENT_TURNS));

        assertEquals(64, trace.blockSizeTokens());
        assertEquals(List.of("a", "b"), trace.sessionNames());
        List<TracedTurn> turns = trace.turns();
        assertArrayEquals(new int[0], turns.get(0).after());
        assertArrayEquals(new int[] {0}, turns.get(1).after());
        assertEquals(1.5, turns.get(1).delaySeconds());
        assertEquals(1, turns.get(1).outputTokens(), "an answer has at least one token");
        assertArrayEquals(new int[] {1}, turns.get(2).after());
        assertEquals(2.0, turns.get(2).delaySeconds());
        assertEquals(1, turns.get(3).session());
        assertArrayEquals(new int[] {1, 4}, turns.get(5).after());
        assertEquals(0, turns.get(5).delaySeconds(), "a join starts when the joined are finished");
        assertArrayEquals(new long[] {1, 9, 10}, turns.get(4).blocks().expand(1, 100));
    }

    @Test
    void compressedAndPlainFilesReadTheSame() throws Exception {
        Path compressed = directory.resolve("turns.jsonl.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(compressed))) {
            out.write(AGENT_TURNS.getBytes(StandardCharsets.UTF_8));
        }
        assertEquals(
                read(file("turns.jsonl", AGENT_TURNS)).turns().size(),
                read(compressed).turns().size());
    }

    @Test
    void mooncakeBlocksAreCutIntoSmallerOnes() throws Exception {
        Trace trace = read(
                file(
                        "mooncake.jsonl",
                        """
                        {"timestamp": 0, "input_length": 1100, "output_length": 5, "hash_ids": [0, 1, 7]}
                        {"timestamp": 2500, "input_length": 512, "output_length": 5, "hash_ids": [0]}
                        """));

        assertTrue(trace.arrivals());
        assertEquals(2.5, trace.turns().get(1).arrivalSeconds());
        BlockRuns blocks = trace.turns().get(0).blocks();
        assertArrayEquals(new long[] {0, 1, 2, 3, 14}, blocks.expand(2, 1100 / 256 + 1));
    }

    @Test
    void turnsWithRecordedSpacingStartNoSooner() throws Exception {
        Trace trace = read(
                file(
                        "spaced.jsonl",
                        """
                        {"sid":"m","agent":"main","seq":0,"t":0.0,"in":20,"out":4,"b":[[1,1]]}
                        {"sid":"m","agent":"main","seq":1,"t":2.5,"ia":2.5,"in":40,"out":4,"b":[[1,2]]}
                        """));

        assertEquals(16, trace.blockSizeTokens());
        assertArrayEquals(new int[] {0}, trace.turns().get(1).after());
        assertEquals(2.5, trace.turns().get(1).spacingSeconds());
    }

    @Test
    void aBadRowIsNamedByFileLineAndField() throws Exception {
        Path bad = file(
                "bad.jsonl", AGENT_TURNS + "{\"sid\":\"c\",\"lin\":0,\"k\":0,\"in\":64,\"out\":1,\"b\":[[1,2]]}\n");

        String message = assertThrows(TraceException.class, () -> read(bad)).getMessage();

        assertTrue(message != null && message.contains("bad.jsonl line 7") && message.contains("'b'"), message);
    }

    @Test
    void badRowsAreSkippedAndCountedOnRequest() throws Exception {
        Path bad = file(
                "bad.jsonl",
                AGENT_TURNS
                        + """
                        {"sid":"c","lin":0,"k":0,"in":"many","out":1,"b":[]}
                        not json
                        {"sid":"c","lin":0,"k":1,"gap":1,"in":64,"out":1,"b":[[1,1]]}
                        {"sid":"c","lin":2,"k":0,"sp":[0,7],"off":0,"in":64,"out":1,"b":[[1,1]]}
                        {"sid":"c","lin":3,"k":0,"in":64,"out":1,"b":[[1,0]]}
                        """);

        Trace trace = TraceReader.read(List.of(bad), true);

        assertEquals(6, trace.turns().size());
        assertEquals(5, trace.skippedRows());
    }

    @Test
    void whatIsNoTraceIsRefused() throws Exception {
        assertThrows(TraceException.class, () -> read(directory.resolve("missing.jsonl")));
        assertThrows(TraceException.class, () -> read(file("empty.jsonl", "\n")));
        TraceException other = assertThrows(TraceException.class, () -> read(file("other.jsonl", "{\"a\":1}\n")));
        String told = String.valueOf(other.getMessage());
        assertTrue(told.contains("line 1: the first row is of no known format"), told);
        assertFalse(told.contains("--skip-bad-rows"), told);
    }
}
