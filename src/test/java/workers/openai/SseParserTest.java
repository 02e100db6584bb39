package workers.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SseParserTest {

    @Test
    void readsEventsWhateverEndsTheirLines() {
        assertEquals(List.of("a", "b", "c"), parse("data: a\n\ndata: b\r\n\r\ndata: c\r\r", 1000));
    }

    @Test
    void joinsTheLinesOfOneEvent() {
        assertEquals(List.of("one\ntwo\n"), parse("data: one\ndata:two\ndata\n\n", 1000));
    }

    @Test
    void skipsCommentsAndOtherFields() {
        assertEquals(List.of("x"), parse(": keep-alive\n\nevent: message\nid: 7\nretry: 3\ndata: x\n\n", 1000));
    }

    @Test
    void stripsOneLeadingSpaceOnly() {
        assertEquals(List.of(" x "), parse("data:  x \n\n", 1000));
    }

    @Test
    void tellsALastEventWithoutItsBlankLine() {
        assertEquals(List.of("x", "y"), parse("data: x\n\ndata: y", 1000));
        assertEquals(List.of("x"), parse("data: x\n", 1000));
        assertEquals(List.of(), parse("", 1000));
    }

    @Property
    void theCutsOfTheStreamDoNotMatter(@ForAll List<String> texts, @ForAll @IntRange(min = 1, max = 9) int piece) {
        StringBuilder stream = new StringBuilder();
        List<String> expected = new ArrayList<>();
        for (String text : texts) {
            // What a strict UTF-8 writer would put on the wire.
            String line = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8)
                    .replaceAll("[\r\n]", "é€😀");
            stream.append("data: ").append(line).append(line.length() % 2 == 0 ? "\r\n\r\n" : "\n\n");
            expected.add(line);
        }
        assertEquals(expected, parse(stream.toString(), piece));
    }

    private static List<String> parse(String stream, int pieceBytes) {
        SseParser parser = new SseParser();
        byte[] bytes = stream.getBytes(StandardCharsets.UTF_8);
        List<String> events = new ArrayList<>();
        for (int from = 0; from < bytes.length; from += pieceBytes) {
            events.addAll(parser.feed(ByteBuffer.wrap(bytes, from, Math.min(pieceBytes, bytes.length - from))));
        }
        events.addAll(parser.end());
        return events;
    }
}
