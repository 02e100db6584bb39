package workers.simserver;

import java.util.ArrayDeque;
import java.util.List;

/**
 * The most recent batches of KV events, for subscribers that missed some. Bounded by count and, because a batch may be
 * large and an engine's heap small, by bytes.
 *
 * <p>Thread-safety: none.
 */
final class KeptBatches {
    private final int mostBatches;
    private final long mostBytes;
    private final ArrayDeque<Batch> batches = new ArrayDeque<>();
    private long bytes;
    private long next;

    /** A payload and its number. */
    record Batch(long number, byte[] payload) {}

    KeptBatches(int mostBatches, long mostBytes) {
        this.mostBatches = mostBatches;
        this.mostBytes = mostBytes;
    }

    /** Numbers a payload, from 0, and keeps it at the expense of the oldest. */
    Batch add(byte[] payload) {
        Batch batch = new Batch(next++, payload);
        batches.addLast(batch);
        bytes += payload.length;
        while (batches.size() > 1 && (batches.size() > mostBatches || bytes > mostBytes)) {
            bytes -= batches.removeFirst().payload.length;
        }
        return batch;
    }

    /** The batches still kept with at least a number, in order. */
    List<Batch> from(long number) {
        return batches.stream().filter(batch -> batch.number >= number).toList();
    }
}
