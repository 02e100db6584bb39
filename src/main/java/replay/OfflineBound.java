package replay;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import kv.PromptBlocks;

/**
 * What could have been reused at most of the turns of one run by somebody who knew the future, in the same memory.
 *
 * <p>It bounds every eviction and every placement of the same turns in the same order: turns are taken as the run gave them their
 * first token and their end. Assumed in its favour: one memory of all workers' blocks together, in whatever tier, so that any turn
 * finds any block and nothing is in two tiers at once; answers take no room; a prompt needs room from its first token on only, and from then to its end it cannot be evicted.
 * Whatever else is in memory, the blocks used again last go first (Belady), which no other choice beats when all
 * blocks are of one size. A turn that was preempted is taken to keep its room.
 *
 * <p>It does not bound another order: a policy that lets sessions wait runs other turns side by side, and has a bound of its
 * own. Only {@link InfiniteCache} bounds them all.
 *
 * @see <a href="https://doi.org/10.1147/sj.52.0078">Belady: A study of replacement algorithms for a virtual-storage computer</a>
 */
final class OfflineBound {
    private static final int NEVER = Integer.MAX_VALUE;

    private final Prompts prompts;
    private final TurnRecords turns;
    private final long capacity;
    private final Stretch root = new Stretch(PromptBlocks.empty(1), 0, 0);
    /** Stretches that no running turn uses, the one to lose blocks first comes first: used again last, then deepest. */
    private final TreeSet<Stretch> evictable = new TreeSet<>(Comparator.<Stretch>comparingInt(Stretch::nextUse)
            .thenComparingInt(stretch -> stretch.from)
            .thenComparingInt(stretch -> stretch.number)
            .reversed());

    private long resident;
    private int stretches;

    /** Blocks [from, to) of prompts that all of its turns have whole: they are used together. */
    private final class Stretch {
        private final PromptBlocks prompt;
        private final int from;
        private int to;
        private Map<Long, Stretch> next = new HashMap<>(2);
        private final int number = stretches++;
        private int[] uses = new int[2];
        private int useCount;
        private int usesOver;
        private int running;
        private int cached;

        Stretch(PromptBlocks prompt, int from, int to) {
            this.prompt = prompt;
            this.from = from;
            this.to = to;
        }

        int nextUse() {
            return usesOver < useCount ? uses[usesOver] : NEVER;
        }

        /** Ends here; the rest begins a stretch of its own. */
        void split(int at) {
            if (at < to) {
                Stretch rest = new Stretch(prompt, at, to);
                rest.next = next;
                next = new HashMap<>(2);
                next.put(prompt.hashAt(at), rest);
                to = at;
            }
        }

        void usedBy(int position) {
            if (useCount == uses.length) {
                uses = Arrays.copyOf(uses, useCount * 2);
            }
            uses[useCount++] = position;
        }
    }

    private record Moment(double millis, boolean begins, int turn) {}

    private OfflineBound(Prompts prompts, TurnRecords turns, long capacity) {
        this.prompts = prompts;
        this.turns = turns;
        this.capacity = capacity;
    }

    /**
     * Tokens that each turn could have found in memory.
     *
     * @param capacityBlocks of all workers and tiers together
     */
    static int[] hitTokens(Prompts prompts, TurnRecords turns, long capacityBlocks) {
        return new OfflineBound(prompts, turns, capacityBlocks).hitTokens();
    }

    private int[] hitTokens() {
        List<Moment> moments = moments();
        for (Moment moment : moments) {
            if (moment.begins()) {
                insert(prompts.of(moment.turn()));
            }
        }
        int position = 0;
        for (Moment moment : moments) {
            if (moment.begins()) {
                int at = position++;
                path(prompts.of(moment.turn())).forEach(stretch -> stretch.usedBy(at));
            }
        }
        int[] tokens = new int[turns.turns()];
        for (Moment moment : moments) {
            if (moment.begins()) {
                int turn = moment.turn();
                tokens[turn] = hitTokens(turn, begin(prompts.of(turn)));
            } else {
                end(prompts.of(moment.turn()));
            }
            evict();
        }
        return tokens;
    }

    /** At least a prompt's last token is computed. */
    private int hitTokens(int turn, int blocks) {
        int size = prompts.of(turn).blockSizeTokens();
        return Math.min(blocks, (turns.inputTokens[turn] - 1) / size) * size;
    }

    private List<Moment> moments() {
        List<Moment> moments = new ArrayList<>();
        for (int turn = 0; turn < turns.turns(); turn++) {
            if (turns.served(turn)) {
                moments.add(new Moment(turns.firstTokenMillis[turn], true, turn));
                moments.add(new Moment(turns.finishedMillis[turn], false, turn));
            }
        }
        // A turn that ends as another begins has made room for it; one of a single token begins before it ends.
        moments.sort(Comparator.comparingDouble(Moment::millis)
                .thenComparing(moment -> moment.begins() && oneToken(moment.turn()) ? 0 : 1)
                .thenComparing(Moment::begins)
                .thenComparingInt(Moment::turn));
        return moments;
    }

    private boolean oneToken(int turn) {
        return turns.firstTokenMillis[turn] == turns.finishedMillis[turn];
    }

    private void insert(PromptBlocks prompt) {
        Stretch at = root;
        while (at.to < prompt.size()) {
            Stretch next = at.next.get(prompt.hashAt(at.to));
            if (next == null) {
                next = new Stretch(prompt, at.to, prompt.size());
                at.next.put(prompt.hashAt(at.to), next);
            } else {
                next.split(commonEnd(next, prompt));
            }
            at = next;
        }
    }

    /** Where a prompt leaves a stretch whose first block it has. */
    private static int commonEnd(Stretch stretch, PromptBlocks prompt) {
        int equal = stretch.from + 1;
        int beyond = Math.min(stretch.to, prompt.size()) + 1;
        while (beyond - equal > 1) {
            int middle = (equal + beyond) >>> 1;
            if (stretch.prompt.hashAt(middle - 1) == prompt.hashAt(middle - 1)) {
                equal = middle;
            } else {
                beyond = middle;
            }
        }
        return equal;
    }

    private List<Stretch> path(PromptBlocks prompt) {
        List<Stretch> path = new ArrayList<>();
        Stretch at = root;
        while (at.to < prompt.size()) {
            at = Objects.requireNonNull(at.next.get(prompt.hashAt(at.to)));
            path.add(at);
        }
        return path;
    }

    /** Uses a prompt; returns how many of its leading blocks were there. */
    private int begin(PromptBlocks prompt) {
        int hit = 0;
        boolean whole = true;
        for (Stretch stretch : path(prompt)) {
            evictable.remove(stretch);
            hit += whole ? stretch.cached : 0;
            int length = stretch.to - stretch.from;
            whole &= stretch.cached == length;
            resident += length - stretch.cached;
            stretch.cached = length;
            stretch.running++;
            stretch.usesOver++;
        }
        return hit;
    }

    private void end(PromptBlocks prompt) {
        for (Stretch stretch : path(prompt)) {
            if (--stretch.running == 0) {
                evictable.add(stretch);
            }
        }
    }

    private void evict() {
        while (resident > capacity && !evictable.isEmpty()) {
            Stretch first = evictable.first();
            int gone = (int) Math.min(first.cached, resident - capacity);
            first.cached -= gone;
            resident -= gone;
            if (first.cached == 0) {
                evictable.remove(first);
            }
        }
    }
}
