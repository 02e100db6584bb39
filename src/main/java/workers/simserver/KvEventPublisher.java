package workers.simserver;

import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;

/**
 * Publishes batches of KV events on a ZeroMQ PUB socket and replays recent ones on a ROUTER socket, in vLLM's framing:
 * topic, 8-byte big-endian number from 0, payload. A replay request is an empty frame and the first number wanted; the
 * answer is one message (empty frame, number, payload) per batch still kept and an end marker, number -1 without payload.
 *
 * <p>Thread-safety: safe for concurrent use; the sockets belong to its own thread.
 */
final class KvEventPublisher implements AutoCloseable {
    private static final int KEPT_BATCHES = 10_000;
    private static final long KEPT_BYTES = 64 << 20;
    /** Batches queued for a subscriber that does not read; past it they are lost to it, and a replay brings them back. */
    private static final int SEND_HIGH_WATER_MARK = 2_000;

    /** Longest that a replay request waits while nothing is published. */
    private static final long POLL_MILLIS = 10;

    /**
     * Longest handshake of a connection. JeroMQ 0.6.0 loses a wake-up in some percent of its connections, which then hang
     * until this ends them and the peer dials again; its default is 30 s.
     */
    private static final int HANDSHAKE_MILLIS = 1000;

    private static final long END = -1;
    private static final byte[] EMPTY = {};

    private final ZContext context = new ZContext();
    private final ZMQ.Socket publisher;
    private final ZMQ.Socket replayer;
    private final String eventsUrl;
    private final String replayUrl;
    private final BlockingQueue<byte[]> queue = new LinkedBlockingQueue<>();
    private final KeptBatches kept = new KeptBatches(KEPT_BATCHES, KEPT_BYTES);
    private final Thread thread;
    private volatile boolean closed;

    /** Binds both sockets; a port of 0 means any free one. */
    KvEventPublisher(String host, int eventsPort, int replayPort) {
        try {
            publisher = context.createSocket(SocketType.PUB);
            publisher.setSndHWM(SEND_HIGH_WATER_MARK);
            replayer = context.createSocket(SocketType.ROUTER);
            // A whole replay must fit: past its mark a ROUTER drops without a word.
            replayer.setSndHWM(0);
            eventsUrl = bind(publisher, host, eventsPort);
            replayUrl = bind(replayer, host, replayPort);
        } catch (RuntimeException e) {
            context.close();
            throw e;
        }
        thread = new Thread(this::run, "kv-events");
        thread.setDaemon(true);
        thread.start();
    }

    String eventsUrl() {
        return eventsUrl;
    }

    String replayUrl() {
        return replayUrl;
    }

    /** Queues a batch; batches get consecutive numbers in the order of calls. */
    void publish(byte[] payload) {
        queue.add(payload);
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String bind(ZMQ.Socket socket, String host, int port) {
        socket.setLinger(0);
        socket.setHandshakeIvl(HANDSHAKE_MILLIS);
        String wanted = "tcp://" + host + ":" + (port == 0 ? "*" : String.valueOf(port));
        socket.bind(wanted);
        return socket.getLastEndpoint();
    }

    private void run() {
        try (context) {
            while (!closed) {
                byte[] payload = queue.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
                while (payload != null) {
                    send(payload);
                    payload = queue.poll();
                }
                serveReplay();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(byte[] payload) {
        KeptBatches.Batch batch = kept.add(payload);
        publisher.sendMore(EMPTY);
        publisher.sendMore(number(batch.number()));
        publisher.send(payload);
    }

    private void serveReplay() {
        byte[] client = replayer.recv(ZMQ.DONTWAIT);
        while (client != null) {
            long from = wanted();
            if (from >= 0) {
                for (KeptBatches.Batch batch : kept.from(from)) {
                    answer(client, batch.number(), batch.payload());
                }
                answer(client, END, EMPTY);
            }
            client = replayer.recv(ZMQ.DONTWAIT);
        }
    }

    /** Reads the rest of a request: the first number wanted, or -1 when it is none. */
    private long wanted() {
        byte @Nullable [] last = null;
        int frames = 0;
        while (replayer.hasReceiveMore()) {
            last = replayer.recv();
            frames++;
        }
        return frames == 2 && last != null && last.length == Long.BYTES
                ? ByteBuffer.wrap(last).getLong()
                : -1;
    }

    private void answer(byte[] client, long number, byte[] payload) {
        replayer.sendMore(client);
        replayer.sendMore(EMPTY);
        replayer.sendMore(number(number));
        replayer.send(payload);
    }

    private static byte[] number(long number) {
        return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    }
}
