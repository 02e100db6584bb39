package kv;

/** A structure under measurement, fed and asked alike. */
interface Subject extends Fleet.Store {
    void remove(int worker, long[] hashes);

    /** An answer that names every worker's leading blocks. */
    Object match(PromptBlocks prompt, int depthHint);

    /** The deepest overlap, to check that subjects agree. */
    int deepest(PromptBlocks prompt);

    /** {@code runs}: the index; {@code map}: A, every block looked up; {@code mapJumps}: A32, every 32nd. */
    static Subject named(String name, Fleet fleet) {
        return switch (name) {
            case "runs" -> new OverRuns(fleet);
            case "map" -> new OverMap(1);
            case "mapJumps" -> new OverMap(32);
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** The index itself. */
    final class OverRuns implements Subject {
        final RunPrefixIndex index = new RunPrefixIndex();
        private final Fleet fleet;

        OverRuns(Fleet fleet) {
            this.fleet = fleet;
        }

        @Override
        public void blocks(int worker, long[] chain, int from, int to) {
            index.apply(fleet.owner(worker), Fleet.stored(chain, from, to));
        }

        @Override
        public void remove(int worker, long[] hashes) {
            index.apply(fleet.owner(worker), new KvEvent.BlocksRemoved(hashes, KvTier.DEVICE));
        }

        @Override
        public Object match(PromptBlocks prompt, int depthHint) {
            return index.match(prompt, depthHint);
        }

        @Override
        public int deepest(PromptBlocks prompt) {
            return index.match(prompt, 0).deepest();
        }
    }

    /** The baselines. */
    final class OverMap implements Subject {
        final HolderMap map = new HolderMap();
        private final int jump;

        OverMap(int jump) {
            this.jump = jump;
        }

        @Override
        public void blocks(int worker, long[] chain, int from, int to) {
            map.store(worker, Fleet.stored(chain, from, to).sequenceHashes());
        }

        @Override
        public void remove(int worker, long[] hashes) {
            map.remove(worker, hashes);
        }

        @Override
        public HolderMap.Stops match(PromptBlocks prompt, int depthHint) {
            return jump == 1
                    ? map.walk(prompt.hashes(), prompt.size())
                    : map.jump(prompt.hashes(), prompt.size(), jump);
        }

        @Override
        public int deepest(PromptBlocks prompt) {
            return match(prompt, 0).deepest();
        }
    }
}
