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

    /** Every event that it told so far. */
    static List<EngineEvent> events(SimServer server) throws Exception {
        try (ZContext context = new ZContext()) {
            ZMQ.Socket replay = context.createSocket(SocketType.DEALER);
            replay.setReceiveTimeOut(20_000);
            // Ends a connection that hangs for a wake-up that JeroMQ lost; the socket then dials again.
            replay.setHandshakeIvl(1000);
            replay.connect(server.replayUrl());
            List<EngineEvent> events = new ArrayList<>();
            replay.sendMore(new byte[0]);
            replay.send(new byte[Long.BYTES]);
            for (byte[] payload = payload(replay); payload.length > 0; payload = payload(replay)) {
                events.addAll(KvEventDecoder.decode(payload).events());
            }
            return events;
        }
    }

    private static byte[] payload(ZMQ.Socket replay) {
        ZMsg message = ZMsg.recvMsg(replay);
        return message.getLast().getData();
    }
}
