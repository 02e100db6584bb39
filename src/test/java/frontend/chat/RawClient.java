package frontend.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A client of the chat dialect that sees bytes. */
final class RawClient implements AutoCloseable {
    private final Socket socket;
    private final BufferedReader in;

    RawClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(30_000);
        in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    void ask(String member, String... headers) throws IOException {
        String body = "{\"model\":\"sim-echo\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]," + member + "}";
        StringBuilder head = new StringBuilder("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n");
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        head.append("Content-Type: application/json\r\nContent-Length: ")
                .append(body.length())
                .append("\r\n\r\n");
        write(head + body);
    }

    void get(String path) throws IOException {
        write("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    }

    private void write(String text) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    /** Status line and headers, names and values of the latter in lower case. */
    List<String> head() throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
            lines.add(lines.isEmpty() ? line : line.toLowerCase(Locale.ROOT));
        }
        return lines;
    }

    /** Rest of a body of known length, which here is one line. */
    void body() throws IOException {
        while (in.read() != '}') {}
    }

    /** The next frame: a chunk of the body, as each frame is one. */
    String nextEvent() throws IOException {
        int length = Integer.parseInt(in.readLine().strip(), 16);
        if (length == 0) {
            in.readLine();
            return "";
        }
        String frame = in.readLine();
        assertEquals("", in.readLine(), "a frame ends with an empty line");
        assertEquals(length, frame.getBytes(StandardCharsets.UTF_8).length + 2, "a chunk is one frame");
        assertEquals("", in.readLine());
        return frame;
    }

    /** All frames that are left. */
    List<String> events() throws IOException {
        List<String> events = new ArrayList<>();
        for (String event = nextEvent(); !event.isEmpty(); event = nextEvent()) {
            events.add(event);
        }
        return events;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
