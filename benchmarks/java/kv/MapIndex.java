package kv;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** {@link HolderMap} as a prefix index of the made-up fleet, so that whoever asks the real one can ask the baseline. */
public final class MapIndex implements PrefixIndex {
    private final HolderMap map = new HolderMap();
    private final Map<CacheOwner, Integer> workers = new HashMap<>();
    private final int jump;

    /** @param jump looks at every {@code jump}-th block only; 1 for each */
    public MapIndex(Fleet fleet, int jump) {
        this.jump = jump;
        for (int worker = 0; worker < Fleet.WORKERS; worker++) {
            workers.put(fleet.owner(worker), worker);
        }
    }

    @Override
    public Applied apply(CacheOwner owner, KvEvent event) {
        if (!(event instanceof KvEvent.BlocksStored stored)) {
            throw new UnsupportedOperationException("the baseline is only filled: " + event);
        }
        map.store(number(owner), stored.sequenceHashes());
        return Applied.CHANGED;
    }

    @Override
    public void remove(CacheOwner owner) {
        throw new UnsupportedOperationException("the baseline is only filled");
    }

    @Override
    public Overlap match(PromptBlocks prompt, int depthHint) {
        HolderMap.Stops stops =
                jump == 1 ? map.walk(prompt.hashes(), prompt.size()) : map.jump(prompt.hashes(), prompt.size(), jump);
        return new Overlap() {
            @Override
            public Iterable<CacheOwner> owners() {
                List<CacheOwner> owners = new ArrayList<>();
                workers.forEach((owner, worker) -> {
                    if (stops.depth(worker) > 0) {
                        owners.add(owner);
                    }
                });
                return owners;
            }

            @Override
            public int blocks(CacheOwner owner, KvTier tier) {
                return stops.depth(number(owner));
            }

            @Override
            public int deepest() {
                return stops.deepest();
            }
        };
    }

    @Override
    public long distinctBlocks() {
        return map.size();
    }

    private int number(CacheOwner owner) {
        return Objects.requireNonNull(workers.get(owner), () -> "unknown " + owner);
    }
}
