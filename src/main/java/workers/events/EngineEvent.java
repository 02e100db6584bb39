package workers.events;

import java.util.List;
import kv.EngineHash;
import kv.KvTier;
import org.jspecify.annotations.Nullable;

/**
 * One change that an engine reports about its cache, in its own hashes.
 *
 * <p>Thread-safety: immutable by convention: arrays are handed over and never written again.
 */
public sealed interface EngineEvent {

    /**
     * Full blocks were stored, each the child of the one before it.
     *
     * @param hashes engine hashes, one per block
     * @param parent block before the first one, null when the first opens a prompt
     * @param tokens all tokens of all blocks in order; empty when the engine only names blocks it told of before
     * @param group cache group of a hybrid model, {@link #NO_GROUP} when not said
     * @param groupKind attention kind of that group, null when not said
     * @param salt cache salt of the prompt, null when the event carries none: then the parent's holds
     * @param blockKeys per block what else the engine mixed into its hash (adapter, images), empty text for nothing; the
     *     list itself is empty when no block has any
     */
    record Stored(
            long[] hashes,
            @Nullable EngineHash parent,
            int[] tokens,
            KvTier tier,
            int group,
            @Nullable String groupKind,
            @Nullable String salt,
            List<String> blockKeys)
            implements EngineEvent {
        public Stored {
            blockKeys = List.copyOf(blockKeys);
        }
    }

    /** Blocks left a tier. */
    record Removed(long[] hashes, KvTier tier, int group) implements EngineEvent {}

    /** The whole cache of this rank was dropped, in every tier. */
    record Cleared() implements EngineEvent {}

    /** Group of an event that names none. */
    int NO_GROUP = -1;
}
