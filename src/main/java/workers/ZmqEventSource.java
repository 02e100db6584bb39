package workers;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;

/**
 * Event streams over ZeroMQ as vLLM and SGLang publish them: {@code topic, number, payload} on a PUB socket, repetitions of
 * {@code …, number, payload} from a ROUTER socket, ended by number -1. Messages are read from their end, because publishers
 * differ in what stands before it.
 *
 * <p>One daemon thread owns all sockets of an engine; commands wake it through an in-process socket.
 *
 * <p>Thread-safety: safe for concurrent use.
 *
 * @see <a href="https://github.com/vllm-project/vllm/blob/main/vllm/distributed/kv_events.py">vLLM's kv_events.py</a>
 */
public final class ZmqEventSource implements KvEventSource {
    private static final Logger LOG = LoggerFactory.getLogger(ZmqEventSource.class);
    private static final String WAKE = "inproc://wake";
    private static final long END_OF_REPLAY = -1;
    /**
     * The library sometimes never begins a handshake (github.com/zeromq/jeromq/pull/1022) and only connects anew when its time
     * is over, after 30 s by default.
     */
    private static final int HANDSHAKE_MILLIS = 1000;
    /** Messages read from one socket before the others get their turn. */
    private static final int MESSAGES_PER_PASS = 64;

    private final EngineEndpoint endpoint;
    private final String events;
    private final Listener listener;
    private final ZContext sockets = new ZContext(1);
    private final ZMQ.Socket wake;
    private final BlockingQueue<Ask> asks = new LinkedBlockingQueue<>();
    private final List<Replay> replays = new ArrayList<>();
    private boolean closed;

    private record Ask(int stream, long attempt, long from) {}

    private record Replay(int stream, long attempt, ZMQ.Socket socket) {}

    private ZmqEventSource(EngineEndpoint endpoint, Listener listener) {
        this.endpoint = endpoint;
        this.events = Objects.requireNonNull(endpoint.events(), "the engine publishes no events");
        this.listener = listener;
        sockets.setLinger(0);
        ZMQ.Socket awake = sockets.createSocket(SocketType.PAIR);
        awake.bind(WAKE);
        wake = sockets.createSocket(SocketType.PAIR);
        wake.connect(WAKE);
        Thread thread = new Thread(() -> run(awake), "kv-events " + endpoint.worker());
        thread.setDaemon(true);
        thread.start();
    }

    /** Connects to an engine; it need not be there yet. */
    public static KvEventSource open(EngineEndpoint endpoint, Listener listener) {
        return new ZmqEventSource(endpoint, listener);
    }

    @Override
    public void replay(int stream, long attempt, long from) {
        asks.add(new Ask(stream, attempt, from));
        wake();
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            wake();
            closed = true;
        }
    }

    private synchronized void wake() {
        if (!closed) {
            wake.send(new byte[0], ZMQ.DONTWAIT);
        }
    }

    private synchronized boolean open() {
        return !closed;
    }

    private void run(ZMQ.Socket awake) {
        try (sockets) {
            followUntilClosed(awake);
        }
    }

    private void followUntilClosed(ZMQ.Socket awake) {
        try {
            follow(awake);
        } catch (RuntimeException | Error e) {
            LOG.error("the event streams of {} ended by an error", endpoint.worker(), e);
            try {
                close();
            } finally {
                listener.failed(e);
            }
        }
    }

    private void follow(ZMQ.Socket awake) {
        List<ZMQ.Socket> live = new ArrayList<>();
        for (int rank = 0; rank < endpoint.ranks(); rank++) {
            ZMQ.Socket socket = connecting(SocketType.SUB);
            socket.subscribe(ZMQ.SUBSCRIPTION_ALL);
            socket.connect(address(events, rank));
            live.add(socket);
        }
        while (open()) {
            await(awake, live);
            while (awake.recv(ZMQ.DONTWAIT) != null) {
                LOG.trace("woken");
            }
            for (Ask ask = asks.poll(); ask != null; ask = asks.poll()) {
                ask(ask);
            }
            for (int rank = 0; rank < live.size(); rank++) {
                readLive(rank, live.get(rank));
            }
            List.copyOf(replays).forEach(this::readReplay);
        }
    }

    private void await(ZMQ.Socket awake, List<ZMQ.Socket> live) {
        try (ZMQ.Poller poller = sockets.createPoller(1 + live.size() + replays.size())) {
            poller.register(awake, ZMQ.Poller.POLLIN);
            live.forEach(socket -> poller.register(socket, ZMQ.Poller.POLLIN));
            replays.forEach(replay -> poller.register(replay.socket(), ZMQ.Poller.POLLIN));
            poller.poll(-1);
        }
    }

    private void ask(Ask ask) {
        String address = endpoint.replay();
        if (address == null) {
            return;
        }
        replays.removeIf(replay -> {
            boolean same = replay.stream() == ask.stream();
            if (same) {
                replay.socket().close();
            }
            return same;
        });
        ZMQ.Socket socket = connecting(SocketType.DEALER);
        socket.connect(address(address, ask.stream()));
        socket.send(new byte[0], ZMQ.SNDMORE);
        socket.send(ByteBuffer.allocate(Long.BYTES).putLong(ask.from()).array(), 0);
        replays.add(new Replay(ask.stream(), ask.attempt(), socket));
    }

    private ZMQ.Socket connecting(SocketType type) {
        ZMQ.Socket socket = sockets.createSocket(type);
        socket.setHandshakeIvl(HANDSHAKE_MILLIS);
        return socket;
    }

    private void readLive(int rank, ZMQ.Socket socket) {
        for (int i = 0; i < MESSAGES_PER_PASS && open(); i++) {
            Message message = Message.read(socket);
            if (message == null) {
                return;
            }
            if (message.valid()) {
                listener.live(rank, message.number(), message.payload());
            }
        }
    }

    private void readReplay(Replay replay) {
        for (int i = 0; i < MESSAGES_PER_PASS && open(); i++) {
            Message message = Message.read(replay.socket());
            if (message == null) {
                return;
            }
            if (message.valid() && message.number() == END_OF_REPLAY) {
                replays.remove(replay);
                replay.socket().close();
                listener.replayEnded(replay.stream(), replay.attempt());
                return;
            }
            if (message.valid()) {
                listener.replayed(replay.stream(), replay.attempt(), message.number(), message.payload());
            }
        }
    }

    private static String address(String first, int rank) {
        if (rank == 0) {
            return first;
        }
        int colon = first.lastIndexOf(':');
        return first.substring(0, colon + 1) + (Integer.parseInt(first.substring(colon + 1)) + rank);
    }

    /** The last two frames of a message. */
    private record Message(byte[] numberBytes, byte[] payload) {

        static @Nullable Message read(ZMQ.Socket socket) {
            byte[] before = new byte[0];
            byte[] last = socket.recv(ZMQ.DONTWAIT);
            if (last == null) {
                return null;
            }
            while (socket.hasReceiveMore()) {
                before = last;
                last = socket.recv(0);
            }
            return new Message(before, last);
        }

        boolean valid() {
            return numberBytes.length == Long.BYTES;
        }

        long number() {
            return ByteBuffer.wrap(numberBytes).getLong();
        }
    }
}
