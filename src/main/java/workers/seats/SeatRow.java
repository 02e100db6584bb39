package workers.seats;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import kv.KvEvent;
import kv.KvTier;
import kv.Prefix;
import kv.PromptBlocks;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;

/** One seat: who has it, and the chain of blocks that it holds. Mutable, not thread safe. */
final class SeatRow {
    final int number;
    /** Who has it, null when it is free. */
    @Nullable
    String user;
    /** When it was last given back, by a count of such events. */
    long freedAt;

    private long[] chain = new long[0];
    private final Map<Long, Integer> positions = new HashMap<>();

    SeatRow(int number) {
        this.number = number;
    }

    int blocks() {
        return chain.length;
    }

    boolean holds(Prefix prefix) {
        return prefix.blocks() <= chain.length
                && chain[prefix.blocks() - 1] == prefix.tail().value();
    }

    /** Leading blocks that it has in common with a prompt; hashes are of whole prefixes. */
    int shared(PromptBlocks prompt) {
        int blocks = Math.min(chain.length, prompt.size());
        while (blocks > 0 && chain[blocks - 1] != prompt.hashAt(blocks - 1)) {
            blocks--;
        }
        return blocks;
    }

    boolean holds(long hash) {
        return positions.containsKey(hash);
    }

    /** The hash before one that it holds; empty for the first. */
    OptionalLong before(long hash) {
        int position = positions.getOrDefault(hash, 0);
        return position == 0 ? OptionalLong.empty() : OptionalLong.of(chain[position - 1]);
    }

    /** Forgets all but the leading blocks. */
    List<SeatChange> cut(int keptBlocks) {
        if (keptBlocks >= chain.length) {
            return List.of();
        }
        long[] gone = Arrays.copyOfRange(chain, keptBlocks, chain.length);
        chain = Arrays.copyOf(chain, keptBlocks);
        for (long hash : gone) {
            positions.remove(hash);
        }
        return List.of(new SeatChange(number, new KvEvent.BlocksRemoved(gone, KvTier.DEVICE)));
    }

    /** Adds what follows its last block. */
    List<SeatChange> extend(long[] hashes) {
        if (hashes.length == 0) {
            return List.of();
        }
        KvEvent stored = chain.length == 0
                ? KvEvent.BlocksStored.atRoot(hashes.clone(), KvTier.DEVICE)
                : KvEvent.BlocksStored.after(new SequenceHash(chain[chain.length - 1]), hashes.clone(), KvTier.DEVICE);
        int from = chain.length;
        chain = Arrays.copyOf(chain, from + hashes.length);
        System.arraycopy(hashes, 0, chain, from, hashes.length);
        for (int i = 0; i < hashes.length; i++) {
            positions.put(hashes[i], from + i);
        }
        return List.of(new SeatChange(number, stored));
    }

    List<KvEvent> snapshot() {
        List<KvEvent> events = new ArrayList<>();
        if (chain.length > 0) {
            events.add(KvEvent.BlocksStored.atRoot(chain.clone(), KvTier.DEVICE));
        }
        return events;
    }
}
