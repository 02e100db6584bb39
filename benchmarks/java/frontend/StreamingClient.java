package frontend;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A client that asks for one streamed answer after the other, in sessions of {@link #TURNS} turns. */
final class StreamingClient implements Runnable {
    static final int CHUNKS = 16;
    static final int PACE_MILLIS = 20;
    static final int TURNS = 10;

    private static final String ANSWER = "x".repeat(CHUNKS);
    private static final String USER = "{\"role\":\"user\",\"content\":\"[sim][{\\\"text\\\":\\\"" + ANSWER
            + "\\\",\\\"pace_ms\\\":" + PACE_MILLIS + "}][/sim]\"}";
    private static final String TEXT = "\"content\":\"x";

    /** Of the whole run, so that no prompt's beginning is in a cache. */
    private static final AtomicLong ASKED = new AtomicLong();

    private final HttpClient client;
    private final URI target;
    private final long startNanos;
    private final long endNanos;
    private final Latencies latencies;

    /** @param endNanos no answer is asked for later */
    StreamingClient(HttpClient client, URI target, long startNanos, long endNanos, Latencies latencies) {
        this.client = client;
        this.target = target;
        this.startNanos = startNanos;
        this.endNanos = endNanos;
        this.latencies = latencies;
    }

    @Override
    public void run() {
        for (long wait = startNanos - System.nanoTime(); wait > 0; wait = startNanos - System.nanoTime()) {
            LockSupport.parkNanos(wait);
        }
        try {
            while (System.nanoTime() < endNanos) {
                session("session-" + ASKED.incrementAndGet());
            }
        } catch (IOException e) {
            throw new IllegalStateException(target + " did not answer", e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void session(String id) throws IOException, InterruptedException {
        StringBuilder messages = new StringBuilder("{\"role\":\"system\",\"content\":\"")
                .append((id + " of an agent. ").repeat(100))
                .append("\"},")
                .append(USER);
        for (int turn = 0; turn < TURNS && System.nanoTime() < endNanos; turn++) {
            ask(id, turn == 0, messages);
            messages.append(",{\"role\":\"assistant\",\"content\":\"")
                    .append(ANSWER)
                    .append("\"},")
                    .append(USER);
        }
    }

    private void ask(String session, boolean opens, CharSequence messages) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(target)
                .header("content-type", "application/json")
                .header("x-holdfast-session-id", session)
                .POST(HttpRequest.BodyPublishers.ofString(
                        "{\"model\":\"sim-echo\",\"stream\":true,\"messages\":[" + messages + "]}"))
                .build();
        long last = System.nanoTime();
        HttpResponse<Stream<String>> response = client.send(request, HttpResponse.BodyHandlers.ofLines());
        int characters = 0;
        try (Stream<String> body = response.body()) {
            for (Iterator<String> lines = body.iterator(); lines.hasNext(); ) {
                String line = lines.next();
                int text = line.indexOf(TEXT);
                if (text >= 0) {
                    long now = System.nanoTime();
                    // An engine that is late puts several into one chunk.
                    int end = line.indexOf('"', text + TEXT.length());
                    if (characters == 0) {
                        latencies.first(opens, now - last);
                    } else {
                        latencies.between(now - last);
                    }
                    characters += end - text - TEXT.length() + 1;
                    last = now;
                }
            }
        }
        if (response.statusCode() != 200 || characters != CHUNKS) {
            throw new IllegalStateException(target + " answered " + response.statusCode() + " with " + characters
                    + " characters instead of " + CHUNKS);
        }
    }
}
