package workers.openai;

import java.util.ArrayList;
import java.util.List;
import kv.EngineHash;
import kv.KvTier;
import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;
import org.zeromq.ZMsg;
import workers.events.EngineEvent;
import workers.events.KvEventDecoder;
import workers.simserver.SimServer;

/** What an engine calls its blocks, read from its events. Stateless. */
final class EngineBlocks {
    private static final int ATTEMPTS = 10;
    private static final int ANSWER_MILLIS = 2_000;

    private EngineBlocks() {}

    /** Blocks that ever came to its device, first to last. */
    static List<EngineHash> computed(SimServer server) throws Exception {
        List<EngineHash> blocks = new ArrayList<>();
        for (EngineEvent event : events(server)) {
            if (event instanceof EngineEvent.Stored stored && stored.tier() == KvTier.DEVICE) {
                for (long hash : stored.hashes()) {
                    blocks.add(new EngineHash(hash));
                }
            }
        }
        return blocks;
    }

    /** Every event that it told so far. A request that is lost with a connection whose handshake stalled is made again. */
    static List<EngineEvent> events(SimServer server) throws Exception {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            List<EngineEvent> events = new ArrayList<>();
            if (replayed(server, events)) {
                return events;
            }
        }
        throw new AssertionError("no replay in " + ATTEMPTS + " attempts from " + server.replayUrl());
    }

    /** Whether the replay came to its end. */
    private static boolean replayed(SimServer server, List<EngineEvent> events) throws Exception {
        try (ZContext context = new ZContext()) {
            ZMQ.Socket replay = context.createSocket(SocketType.DEALER);
            replay.setReceiveTimeOut(ANSWER_MILLIS);
            replay.connect(server.replayUrl());
            replay.sendMore(new byte[0]);
            replay.send(new byte[Long.BYTES]);
            for (ZMsg message = ZMsg.recvMsg(replay); message != null; message = ZMsg.recvMsg(replay)) {
                byte[] payload = message.getLast().getData();
                if (payload.length == 0) {
                    return true;
                }
                events.addAll(KvEventDecoder.decode(payload).events());
            }
            return false;
        }
    }
}
