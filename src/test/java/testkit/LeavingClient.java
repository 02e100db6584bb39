package testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A client that sends one request, reads nothing, and leaves. */
public final class LeavingClient implements AutoCloseable {
    /** Engines take it and it does not end by itself: one word at once, the next a minute later. */
    public static final String SILENT =
            "[sim][[{\\\"text\\\":\\\"a\\\"},{\\\"text\\\":\\\"b\\\",\\\"delay_ms\\\":60000}]][/sim]";

    private final Socket socket;
    /** The first line of the answer as far as the code, null until it is read. */
    private @Nullable String status;

    private LeavingClient(Socket socket) {
        this.socket = socket;
    }

    /** Sends a prompt to a server on loopback. */
    public static LeavingClient ask(int port, String path, String prompt, boolean stream) throws IOException {
        return send(port, path, body(path, prompt, stream));
    }

    /** Sends a body to a server on loopback. */
    public static LeavingClient send(int port, String path, String text) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        socket.getOutputStream()
                .write(("POST " + path + " HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                                + "content-length: " + body.length + "\r\n\r\n")
                        .getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().write(body);
        return new LeavingClient(socket);
    }

    /** A body of the path's dialect. */
    public static String body(String path, String prompt, boolean stream) {
        String input = path.equals("/v1/responses")
                ? "\"input\":\"" + prompt + "\""
                : "\"messages\":[{\"role\":\"user\",\"content\":\"" + prompt + "\"}]";
        String limit = path.equals("/v1/messages") ? ",\"max_tokens\":10000" : "";
        return "{\"model\":\"sim-echo\"," + input + limit + ",\"stream\":" + stream + "}";
    }

    /** Whether it has been answered, and with an error; of the answer it reads no more than the status. */
    public boolean refused() {
        try {
            String ok = "HTTP/1.1 200";
            if (status == null && socket.getInputStream().available() >= ok.length()) {
                status = new String(socket.getInputStream().readNBytes(ok.length()), StandardCharsets.UTF_8);
            }
            return status != null && !status.equals(ok);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads on after all: the last bytes of a chunked answer, once it is complete. */
    public String lastBytes(int count) throws IOException {
        socket.setSoTimeout(30_000);
        InputStream in = socket.getInputStream();
        String last = "";
        byte[] buffer = new byte[1 << 16];
        while (!last.endsWith("\r\n0\r\n\r\n")) {
            int read = in.read(buffer);
            if (read < 0) {
                throw new AssertionError("the connection ended after: " + last);
            }
            last += new String(buffer, 0, read, StandardCharsets.UTF_8);
            last = last.substring(Math.max(0, last.length() - count));
        }
        return last;
    }

    /** Leaves with a reset, as a client does that is killed or closes with data unread. */
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** Leaves in order: the server is told that nothing more will come, and nothing else. */
    public void finish() throws IOException {
        socket.shutdownOutput();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
