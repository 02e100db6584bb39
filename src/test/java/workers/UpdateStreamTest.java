package workers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import kv.Incarnation;
import kv.KvEvent;
import kv.KvTier;
import kv.SequenceHash;
import kv.WorkerId;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

class UpdateStreamTest {
    private static final Incarnation LIFE = new Incarnation(0, 1);
    private final List<WorkerUpdate> sent = new ArrayList<>();
    private final UpdateStream stream = new UpdateStream(sent::add, WorkerFixture.settings());

    @Test
    void numbersRiseByOneFromOne() {
        stream.begin(this::joined, LIFE, Map.of(0, List.of(root(1, 2))));
        stream.blocks(LIFE, 0, List.of(root(3)));

        assertEquals(
                List.of(1L, 2L, 3L), sent.stream().map(WorkerUpdate::number).toList());
    }

    @Test
    void onlyTheNewestLoadIsSentAfterAPause() {
        stream.begin(this::joined, LIFE, Map.of());
        for (int i = 0; i < 3; i++) {
            stream.blocks(LIFE, 0, List.of(root(i)));
        }
        stream.load(WorkerState.READY, WorkerLoad.idle(1));
        stream.load(WorkerState.READY, WorkerLoad.idle(2));
        assertEquals(4, sent.size());

        stream.acknowledge(4);

        assertEquals(5, sent.size());
        assertEquals(2, ((WorkerUpdate.LoadChanged) sent.get(4)).load().deviceBlocksTotal());
    }

    @Test
    void aSnapshotLargerThanTheBacklogIsStillSentWhole() {
        long[] all = new Random(1).longs(1000).toArray();
        stream.begin(this::joined, LIFE, Map.of(0, List.of(KvEvent.BlocksStored.atRoot(all, KvTier.DEVICE))));
        stream.blocks(LIFE, 0, List.of(root(1)));
        for (int i = 0; i < 200; i++) {
            stream.acknowledge(sent.size());
        }

        assertEquals(1001, hashes(sent));
        assertTrue(!stream.wantsSnapshot());
    }

    @Property(tries = 200)
    void cutsKeepOrderAndSize(@ForAll long seed, @ForAll @IntRange(min = 1, max = 40) int maxHashes) {
        Random random = new Random(seed);
        List<KvEvent> events = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            long[] hashes = random.longs(1 + random.nextInt(60)).toArray();
            events.add(
                    switch (random.nextInt(4)) {
                        case 0 -> new KvEvent.AllBlocksCleared();
                        case 1 -> new KvEvent.BlocksRemoved(hashes, KvTier.HOST);
                        case 2 -> KvEvent.BlocksStored.atRoot(hashes, KvTier.DEVICE);
                        default -> KvEvent.BlocksStored.after(new SequenceHash(random.nextLong()), hashes, KvTier.DISK);
                    });
        }
        List<List<KvEvent>> chunks = UpdateChunks.cut(events, maxHashes);
        List<String> pieces = new ArrayList<>();
        for (List<KvEvent> chunk : chunks) {
            assertTrue(chunk.stream().mapToInt(UpdateChunks::hashes).sum() <= maxHashes);
            chunk.forEach(event -> tell(event, pieces));
        }
        List<String> whole = new ArrayList<>();
        events.forEach(event -> tell(event, whole));
        assertEquals(whole, pieces);
    }

    /** One line per block: what, behind which parent, in which tier. */
    private static void tell(KvEvent event, List<String> lines) {
        if (event instanceof KvEvent.BlocksStored stored) {
            String parent = stored.root() ? "root" : Long.toString(stored.parent());
            for (long hash : stored.sequenceHashes()) {
                lines.add("+" + parent + ">" + hash + stored.tier());
                parent = Long.toString(hash);
            }
        } else if (event instanceof KvEvent.BlocksRemoved removed) {
            for (long hash : removed.sequenceHashes()) {
                lines.add("-" + hash + removed.tier());
            }
        } else {
            lines.add("clear");
        }
    }

    private static int hashes(List<WorkerUpdate> updates) {
        int hashes = 0;
        for (WorkerUpdate update : updates) {
            if (update instanceof WorkerUpdate.BlocksChanged changed) {
                hashes +=
                        changed.events().stream().mapToInt(UpdateChunks::hashes).sum();
            }
        }
        return hashes;
    }

    private static KvEvent root(long... hashes) {
        return KvEvent.BlocksStored.atRoot(hashes, KvTier.DEVICE);
    }

    private WorkerUpdate joined(long number) {
        return new WorkerUpdate.Joined(
                number, new WorkerId("http://w"), WorkerState.READY, LIFE, ScriptedEngine.FACTS, WorkerLoad.idle(1));
    }
}
