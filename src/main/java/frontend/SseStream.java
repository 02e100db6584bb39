package frontend;

import akka.NotUsed;
import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.HttpCharsets;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.http.javadsl.model.headers.RawHeader;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/**
 * Answers as server-sent events: one frame per element, each flushed by itself, and a frame in every silence. Never an
 * event without data, which most clients take for a broken answer.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">Server-sent events</a>
 */
public final class SseStream {
    private static final ContentType EVENT_STREAM = MediaTypes.customWithOpenCharset(
                    "text", "event-stream", Map.of(), false)
            .toContentType(HttpCharsets.UTF_8);
    /** Frame for silences that no client takes for an event. */
    public static final ByteString COMMENT = ByteString.fromString(": keep-alive\n\n");

    private SseStream() {}

    /** Frame of an unnamed event. The data must be one line, as compact JSON is. */
    public static ByteString data(String data) {
        return ByteString.fromArrayUnsafe(("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Frame of a named event. */
    public static ByteString event(String name, String data) {
        return ByteString.fromArrayUnsafe(
                ("event: " + name + "\ndata: " + data + "\n\n").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Response that streams frames.
     *
     * @param keepAlive frame after each {@code keepAliveInterval} of silence
     */
    static HttpResponse response(Source<ByteString, NotUsed> frames, Duration keepAliveInterval, ByteString keepAlive) {
        return HttpResponse.create()
                .addHeader(RawHeader.create("cache-control", "no-cache"))
                .addHeader(RawHeader.create("x-accel-buffering", "no"))
                .withEntity(HttpEntities.create(EVENT_STREAM, frames.keepAlive(keepAliveInterval, () -> keepAlive)));
    }
}
