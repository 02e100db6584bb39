package testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A client that sends one request, reads nothing, and leaves. */
public final class LeavingClient implements AutoCloseable {
    /** Engines take it and it does not end by itself: one word at once, the next a minute later. */
    public static final String SILENT =
            "[sim][[{\\\"text\\\":\\\"a\\\"},{\\\"text\\\":\\\"b\\\",\\\"delay_ms\\\":60000}]][/sim]";

    private final Socket socket;

    private LeavingClient(Socket socket) {
        this.socket = socket;
    }

    /** Sends a prompt to a server on loopback. */
    public static LeavingClient ask(int port, String path, String prompt, boolean stream) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        byte[] body = body(path, prompt, stream).getBytes(StandardCharsets.UTF_8);
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
