package workers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import kv.KvEvent;
import kv.SequenceHash;

/** Cuts block changes into pieces of bounded size, order kept. Stateless. */
final class UpdateChunks {
    /** What an event weighs beside its hashes, in hashes. */
    private static final int EVENT_WEIGHT = 4;

    private UpdateChunks() {}

    /** @param maxHashes most hashes in one piece, events counting as some */
    static List<List<KvEvent>> cut(List<KvEvent> events, int maxHashes) {
        List<List<KvEvent>> chunks = new ArrayList<>();
        List<KvEvent> chunk = new ArrayList<>();
        int room = maxHashes;
        for (KvEvent event : events) {
            int from = 0;
            do {
                if (room <= EVENT_WEIGHT && !chunk.isEmpty()) {
                    chunks.add(chunk);
                    chunk = new ArrayList<>();
                    room = maxHashes;
                }
                int to = Math.min(hashes(event), from + Math.max(1, room - EVENT_WEIGHT));
                chunk.add(from == 0 && to == hashes(event) ? event : slice(event, from, to));
                room -= EVENT_WEIGHT + to - from;
                from = to;
            } while (from < hashes(event));
        }
        if (!chunk.isEmpty()) {
            chunks.add(chunk);
        }
        return chunks;
    }

    /** Hashes in an event. */
    static int hashes(KvEvent event) {
        if (event instanceof KvEvent.BlocksStored stored) {
            return stored.sequenceHashes().length;
        }
        return event instanceof KvEvent.BlocksRemoved removed ? removed.sequenceHashes().length : 0;
    }

    private static KvEvent slice(KvEvent event, int from, int to) {
        if (event instanceof KvEvent.BlocksStored stored) {
            long[] part = Arrays.copyOfRange(stored.sequenceHashes(), from, to);
            return from == 0
                    ? new KvEvent.BlocksStored(stored.root(), stored.parent(), part, stored.tier())
                    : KvEvent.BlocksStored.after(
                            new SequenceHash(stored.sequenceHashes()[from - 1]), part, stored.tier());
        }
        if (event instanceof KvEvent.BlocksRemoved removed) {
            return new KvEvent.BlocksRemoved(Arrays.copyOfRange(removed.sequenceHashes(), from, to), removed.tier());
        }
        return event;
    }
}
