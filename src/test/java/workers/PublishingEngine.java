package workers;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import kv.WorkerId;
import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;

/**
 * The publishing side of an engine over real sockets: XPUB (a PUB that sees its subscribers) and ROUTER, in the frames of
 * vLLM's publisher.
 */
final class PublishingEngine implements AutoCloseable {
    private final ZContext sockets = new ZContext();
    private final ZMQ.Socket publisher = sockets.createSocket(SocketType.XPUB);
    private final ZMQ.Socket replays = sockets.createSocket(SocketType.ROUTER);
    private final List<byte[]> published = new ArrayList<>();
    private final CountDownLatch subscribed = new CountDownLatch(1);
    private final Semaphore requests = new Semaphore(0);
    private final int eventPort;
    private final int replayPort;
    private final Thread server;
    private boolean muted;
    private volatile boolean closed;

    PublishingEngine() {
        this(0, 0);
    }

    private PublishingEngine(int fixedEventPort, int fixedReplayPort) {
        eventPort = bind(publisher, fixedEventPort);
        replayPort = bind(replays, fixedReplayPort);
        server = new Thread(this::serve, "publishing-engine");
        server.setDaemon(true);
        server.start();
    }

    EngineEndpoint endpoint(WorkerId worker) {
        return new EngineEndpoint(worker, "tcp://127.0.0.1:" + eventPort, "tcp://127.0.0.1:" + replayPort, 1);
    }

    /** The same addresses, another life. */
    PublishingEngine restarted() {
        close();
        return new PublishingEngine(eventPort, replayPort);
    }

    void awaitSubscriber() throws InterruptedException {
        subscribed.await();
    }

    void awaitRequest() throws InterruptedException {
        requests.acquire();
    }

    /** Whether requests for repetitions are left unanswered. */
    synchronized void mute(boolean mute) {
        muted = mute;
    }

    void publish(String text) {
        publish(text.getBytes(StandardCharsets.UTF_8));
    }

    synchronized void publish(byte[] payload) {
        publisher.send("kv-events", ZMQ.SNDMORE);
        publisher.send(number(published.size()), ZMQ.SNDMORE);
        publisher.send(payload);
        published.add(payload);
    }

    void lose(String text) {
        lose(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Publishes a batch that no subscriber gets. */
    synchronized void lose(byte[] payload) {
        published.add(payload);
    }

    synchronized byte[] lastPublished() {
        return published.get(published.size() - 1);
    }

    @Override
    public void close() {
        closed = true;
        try {
            server.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        sockets.close();
    }

    private void serve() {
        while (!closed) {
            synchronized (this) {
                if (publisher.recv(ZMQ.DONTWAIT) != null) {
                    subscribed.countDown();
                }
                byte[] identity = replays.recv(ZMQ.DONTWAIT);
                if (identity != null) {
                    replays.recv();
                    answer(identity, ByteBuffer.wrap(replays.recv()).getLong());
                }
            }
            java.util.concurrent.locks.LockSupport.parkNanos(200_000);
        }
    }

    private void answer(byte[] identity, long from) {
        requests.release();
        if (muted) {
            return;
        }
        for (long number = from; number < published.size(); number++) {
            send(identity, number, published.get((int) number));
        }
        send(identity, -1, new byte[0]);
    }

    private void send(byte[] identity, long number, byte[] payload) {
        replays.send(identity, ZMQ.SNDMORE);
        replays.send(new byte[0], ZMQ.SNDMORE);
        replays.send(number(number), ZMQ.SNDMORE);
        replays.send(payload);
    }

    private static int bind(ZMQ.Socket socket, int port) {
        socket.setLinger(0);
        if (port == 0) {
            return socket.bindToRandomPort("tcp://127.0.0.1");
        }
        socket.bind("tcp://127.0.0.1:" + port);
        return port;
    }

    private static byte[] number(long number) {
        return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    }
}
