package workers.events;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import kv.EngineHash;
import kv.KvEvent;
import kv.KvTier;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;

/**
 * Mirror of one rank's cache: translates the engine's events into events in our own hashes, and can tell the whole state
 * as such events.
 *
 * <p>Engine hashes are opaque. Ours come from the tokens of an event, the hash of the block's parent and the cache salt,
 * which children inherit. Copies are counted per tier, so a block leaves a tier when its last copy does.
 *
 * <ul>
 *   <li>I1: every block's parent is in the map, as a placeholder without copies if need be.
 *   <li>I2: a block without copies has a block behind it that has some.
 *   <li>I3: what {@link #apply} tells, in order, and what {@link #snapshot} tells lead to the same holdings.
 * </ul>
 *
 * <p>About 180 bytes per block. Mutable, not thread safe: confined to its worker.
 */
public final class EngineBlockMap {
    /** Attention kinds whose blocks prove a usable prefix; the others of a hybrid model forget its middle. */
    private static final Set<String> PREFIX_KINDS = Set.of("full_attention", "mla_attention", "sink_full_attention");

    private static final int SALTS_KEPT = 1024;

    private final int blockSizeTokens;
    private final Map<Long, MirroredBlock> blocks = new HashMap<>();
    /** By our own hash. An engine that keeps apart what we cannot tell apart has one of its blocks here. */
    private final Map<Long, MirroredBlock> bySequenceHash = new HashMap<>();

    private final Map<Integer, Boolean> groupProvesPrefix = new HashMap<>();
    private final Map<String, Salted> salts = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Salted> eldest) {
            return size() > SALTS_KEPT;
        }
    };
    private final int[] held = new int[KvTier.values().length];
    private MirroredBlock empty = MirroredBlock.empty();

    /** What became of an event. */
    public enum Applied {
        APPLIED,
        /** Says nothing about usable prefixes, contradicts itself, or is cut into blocks of another size. */
        IGNORED,
        /** Names a parent that nobody told of: events were lost or never seen; replay them. */
        UNKNOWN_PARENT
    }

    /** @param blockSizeTokens our own block size */
    public EngineBlockMap(int blockSizeTokens) {
        this.blockSizeTokens = blockSizeTokens;
    }

    /** Applies one event and tells the changes of what can be matched, if any. O(blocks of the event). */
    public Applied apply(EngineEvent event, Consumer<KvEvent> changes) {
        if (event instanceof EngineEvent.Stored stored) {
            return store(stored, changes);
        }
        if (event instanceof EngineEvent.Removed removed) {
            return remove(removed, changes);
        }
        clear();
        changes.accept(new KvEvent.AllBlocksCleared());
        return Applied.APPLIED;
    }

    /** Blocks with a copy in a tier. */
    public int blocks(KvTier tier) {
        return held[MirroredBlock.slot(tier)];
    }

    /** Whether a block of our hash has a copy anywhere, or one behind it has. O(1). */
    public boolean knows(long sequenceHash) {
        return bySequenceHash.containsKey(sequenceHash);
    }

    /** Whether a block of our hash has a copy in a tier. O(1). */
    public boolean contains(long sequenceHash, KvTier tier) {
        MirroredBlock block = bySequenceHash.get(sequenceHash);
        return block != null && block.heldIn(tier);
    }

    /** Our hash of the block before a known one; empty when it opens a prompt. O(1). */
    public OptionalLong parent(long sequenceHash) {
        MirroredBlock block = bySequenceHash.get(sequenceHash);
        return block == null || block.parent == null || block.opensPrompt()
                ? OptionalLong.empty()
                : OptionalLong.of(block.parent.sequenceHash);
    }

    /** The engine's own names of a prefix's blocks, first to last; empty when its last is unknown. O(blocks). */
    public List<EngineHash> engineChain(SequenceHash tail) {
        Deque<EngineHash> chain = new ArrayDeque<>();
        for (MirroredBlock block = bySequenceHash.get(tail.value());
                block != null && block.parent != null;
                block = block.parent) {
            chain.addFirst(new EngineHash(block.engineHash));
        }
        return List.copyOf(chain);
    }

    /** Forgets everything. */
    public void clear() {
        blocks.clear();
        bySequenceHash.clear();
        groupProvesPrefix.clear();
        empty = MirroredBlock.empty();
        Arrays.fill(held, 0);
    }

    /**
     * Tells the whole state: stores with parents before children, then removals of the placeholders that only connect
     * others. O(blocks).
     */
    public void snapshot(Consumer<KvEvent> changes) {
        BlockSnapshot.tell(empty, changes);
    }

    private Applied store(EngineEvent.Stored event, Consumer<KvEvent> changes) {
        if (!provesPrefix(event.group(), event.groupKind()) || contradictory(event)) {
            return Applied.IGNORED;
        }
        List<MirroredBlock> chain = new ArrayList<>(event.hashes().length);
        Applied found = event.tokens().length == 0 ? findAll(event, chain) : findOrAdd(event, chain);
        boolean changed = false;
        for (MirroredBlock block : chain) {
            if (block.add(event.tier())) {
                held[MirroredBlock.slot(event.tier())]++;
                changed = true;
            }
        }
        if (changed) {
            BlockSnapshot.tellStored(chain, event.tier(), changes);
        }
        return found;
    }

    private boolean contradictory(EngineEvent.Stored event) {
        Set<Long> seen = new HashSet<>();
        if (event.parent() != null) {
            seen.add(event.parent().value());
        }
        for (long hash : event.hashes()) {
            if (!seen.add(hash)) {
                return true;
            }
        }
        int expectedTokens = event.hashes().length * blockSizeTokens;
        return event.hashes().length == 0 || (event.tokens().length != 0 && event.tokens().length != expectedTokens);
    }

    /** Blocks named without tokens: cache layers below the engine repeat hashes that the engine told of before. */
    private Applied findAll(EngineEvent.Stored event, List<MirroredBlock> chain) {
        for (long hash : event.hashes()) {
            MirroredBlock block = blocks.get(hash);
            if (block != null) {
                chain.add(block);
            }
        }
        return chain.isEmpty() ? Applied.IGNORED : Applied.APPLIED;
    }

    private Applied findOrAdd(EngineEvent.Stored event, List<MirroredBlock> chain) {
        MirroredBlock known = blocks.get(event.hashes()[0]);
        MirroredBlock parent = known == null ? parent(event) : known.parent;
        if (parent == null) {
            return Applied.UNKNOWN_PARENT;
        }
        Salted salted = event.salt() == null && parent != empty ? parent.salted : salted(event.salt());
        for (int i = 0; i < event.hashes().length; i++) {
            long engineHash = event.hashes()[i];
            MirroredBlock block = blocks.get(engineHash);
            if (block == null) {
                String key =
                        event.blockKeys().isEmpty() ? "" : event.blockKeys().get(i);
                long own = salted.hash(parent, event.tokens(), i * blockSizeTokens, key)
                        .value();
                block = parent.addChild(engineHash, own, salted);
                blocks.put(engineHash, block);
                bySequenceHash.put(own, block);
            }
            chain.add(block);
            parent = block;
        }
        return Applied.APPLIED;
    }

    private @Nullable MirroredBlock parent(EngineEvent.Stored event) {
        return event.parent() == null ? empty : blocks.get(event.parent().value());
    }

    private Salted salted(@Nullable String salt) {
        return salts.computeIfAbsent(salt == null ? "" : salt, text -> Salted.of(blockSizeTokens, text));
    }

    private Applied remove(EngineEvent.Removed event, Consumer<KvEvent> changes) {
        if (!provesPrefix(event.group(), null)) {
            return Applied.IGNORED;
        }
        long[] gone = new long[event.hashes().length];
        int count = 0;
        for (long hash : event.hashes()) {
            MirroredBlock block = blocks.get(hash);
            if (block != null && block.remove(event.tier())) {
                held[MirroredBlock.slot(event.tier())]--;
                gone[count++] = block.sequenceHash;
                prune(block);
            }
        }
        if (count > 0) {
            changes.accept(new KvEvent.BlocksRemoved(Arrays.copyOf(gone, count), event.tier()));
        }
        return Applied.APPLIED;
    }

    private void prune(MirroredBlock leaf) {
        MirroredBlock block = leaf;
        while (block != empty && !block.held() && block.firstChild == null) {
            blocks.remove(block.engineHash);
            bySequenceHash.remove(block.sequenceHash, block);
            block.detach();
            block = Objects.requireNonNull(block.parent);
        }
    }

    /** Removals name the group only, so its kind is remembered from stores; engines without kinds put it in group 0. */
    private boolean provesPrefix(int group, @Nullable String kind) {
        if (group != EngineEvent.NO_GROUP && kind != null) {
            groupProvesPrefix.put(group, PREFIX_KINDS.contains(kind));
        }
        if (group == EngineEvent.NO_GROUP) {
            return kind == null || PREFIX_KINDS.contains(kind);
        }
        return groupProvesPrefix.getOrDefault(group, group == 0);
    }
}
