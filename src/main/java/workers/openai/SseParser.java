package workers.openai;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Incremental reader of a server-sent event stream: bytes in pieces of any size in, the data of whole events out. Lines end
 * with LF, CRLF or CR; comments and fields other than {@code data} are skipped. Text is decoded line by line, so a
 * character may be split over pieces.
 *
 * <p>Mutable, not thread safe.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream">HTML, server-sent
 *     events</a>
 */
final class SseParser {
    private final ByteArrayOutputStream line = new ByteArrayOutputStream(256);
    private final StringBuilder data = new StringBuilder();
    private boolean hasData;
    private boolean afterCarriageReturn;

    /** Reads one piece and returns the data of the events it completes. */
    List<String> feed(ByteBuffer piece) {
        List<String> events = new ArrayList<>();
        while (piece.hasRemaining()) {
            byte next = piece.get();
            boolean secondOfPair = afterCarriageReturn && next == '\n';
            afterCarriageReturn = next == '\r';
            if (secondOfPair) {
                continue;
            }
            if (next == '\n' || next == '\r') {
                endLine(events);
            } else {
                line.write(next);
            }
        }
        return events;
    }

    /** Returns the data of an event that the stream's end left without its closing blank line. */
    List<String> end() {
        List<String> events = new ArrayList<>();
        endLine(events);
        line.reset();
        endLine(events);
        return events;
    }

    private void endLine(List<String> events) {
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        if (text.isEmpty()) {
            if (hasData) {
                events.add(data.toString());
            }
            data.setLength(0);
            hasData = false;
        } else if (text.equals("data") || text.startsWith("data:")) {
            if (hasData) {
                data.append('\n');
            }
            int from = Math.min("data:".length(), text.length());
            data.append(text, from + (text.startsWith(" ", from) ? 1 : 0), text.length());
            hasData = true;
        }
    }
}
