package workers.openai;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;

/** An HTTP engine reduced to its socket, so that a test decides every byte and sees when the client goes away. */
final class WireEngine implements Closeable {
    private final ServerSocket server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    private final Script script;
    final BlockingQueue<String> requests = new LinkedBlockingQueue<>();
    final CountDownLatch clientLeft = new CountDownLatch(1);

    /** What the engine does with one request. */
    interface Script {
        void answer(String request, OutputStream out) throws IOException, InterruptedException;
    }

    WireEngine(Script script) throws IOException {
        this.script = script;
        daemon(this::accept);
    }

    String url() {
        return "http://127.0.0.1:" + server.getLocalPort();
    }

    /** A response whose body ends with the connection. */
    static String head(int status, String type) {
        return "HTTP/1.1 " + status + " X\r\nContent-Type: " + type + "\r\nConnection: close\r\n\r\n";
    }

    static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = server.accept();
                daemon(() -> serve(socket));
            }
        } catch (IOException closed) {
            requests.add("closed");
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            String request = read(in);
            requests.add(request);
            daemon(() -> awaitEnd(in));
            script.answer(request, socket.getOutputStream());
        } catch (IOException e) {
            clientLeft.countDown();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitEnd(InputStream in) {
        try {
            while (in.read() >= 0) {}
        } catch (IOException reset) {
            // A reset is an end, too.
        }
        clientLeft.countDown();
    }

    private static String read(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) in.read());
        }
        int at = head.toString().toLowerCase(Locale.ROOT).indexOf("content-length:");
        int length = at < 0
                ? 0
                : Integer.parseInt(
                        head.substring(at + 15, head.indexOf("\r\n", at)).trim());
        return head + new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }

    private static void daemon(Runnable body) {
        Thread thread = new Thread(
                () -> {
                    try {
                        body.run();
                    } catch (UncheckedIOException e) {
                        throw new AssertionError(e);
                    }
                },
                "wire-engine");
        thread.setDaemon(true);
        thread.start();
    }
}
