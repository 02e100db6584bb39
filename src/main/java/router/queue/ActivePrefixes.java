package router.queue;

import java.util.HashMap;
import java.util.Map;
import kv.PromptBlocks;
import org.jspecify.annotations.Nullable;

/**
 * Prompt blocks of the turns in flight, each counted once per worker however many of its turns share it. Adding,
 * removing and asking take O(forks on the prompt's path · log blocks), whatever the prompt's length.
 *
 * <p>Thread-safety: confined to its router.
 */
public final class ActivePrefixes {
    /*
     * Shape. A compressed trie over the chains of all turns in flight. A node is a stretch [from, to) of some turn's
     * chain with, per worker slot, the number of that worker's turns whose prompts run through the whole stretch, and how many of
     * them are computed. No hash
     * is copied: a node refers to the chain of a turn that runs through it.
     *
     * Why comparing one hash is enough. A sequence hash covers the whole prefix, so chains that agree at a position agree
     * at every one before it: a stretch matches if its last hash does, and a fork is found by binary search.
     *
     * I1: a child's slots are among its parent's. I2: no node is without turns. I3: a node's only child has fewer turns
     * than the node, else the two are merged; so nodes are at most twice the turns in flight.
     */
    private final Node root = new Node(null, PromptBlocks.empty(1), 0, 0, new SlotCounts());

    /** Adds a turn's prompt; returns how many of its blocks no other turn of the slot has. */
    public int add(PromptBlocks prompt, int slot) {
        int added = 0;
        Node node = root;
        while (node.to < prompt.size()) {
            Node child = node.children.get(prompt.hashAt(node.to));
            if (child == null) {
                child = new Node(node, prompt, node.to, prompt.size(), new SlotCounts());
                node.children.put(prompt.hashAt(node.to), child);
            } else {
                int common = child.commonEnd(prompt);
                if (common < child.to) {
                    child.split(common);
                }
            }
            if (child.turns.add(slot)) {
                added += child.to - child.from;
            }
            node = child;
        }
        return added;
    }

    /** A prompt that was added for the slot has been computed. */
    void computed(PromptBlocks prompt, int slot) {
        Node node = root;
        while (node.to < prompt.size()) {
            node = node.next(prompt);
            node.turns.markComputed(slot);
        }
    }

    /**
     * Removes a prompt that was added for the slot; returns how many of its blocks no other turn of the slot has.
     *
     * @param computed whether {@link #computed} was told of it
     */
    public int remove(PromptBlocks prompt, int slot, boolean computed) {
        int removed = 0;
        Node node = root;
        while (node.to < prompt.size()) {
            node = node.next(prompt);
            if (node.turns.remove(slot, computed)) {
                removed += node.to - node.from;
            }
        }
        prune(node);
        return removed;
    }

    /** Finds for each of so many slots how many leading blocks of the prompt its turns have. */
    public void shared(PromptBlocks prompt, int slots, SharedBlocks found) {
        found.clear(slots);
        Node node = root;
        while (node.to < prompt.size()) {
            Node child = node.children.get(prompt.hashAt(node.to));
            if (child == null) {
                return;
            }
            int common = child.commonEnd(prompt);
            found.reach(child.turns, common);
            if (common < child.to) {
                return;
            }
            node = child;
        }
    }

    int nodes() {
        return root.count() - 1;
    }

    private void prune(Node last) {
        Node node = last;
        while (node.parent != null) {
            Node parent = node.parent;
            if (node.turns.total() == 0) {
                parent.children.remove(node.firstHash());
            } else {
                node.mergeOnlyChild();
            }
            node = parent;
        }
    }

    private static final class Node {
        private @Nullable Node parent;
        private PromptBlocks chain;
        private final int from;
        private int to;
        private SlotCounts turns;
        private Map<Long, Node> children = new HashMap<>(2);

        Node(@Nullable Node parent, PromptBlocks chain, int from, int to, SlotCounts turns) {
            this.parent = parent;
            this.chain = chain;
            this.from = from;
            this.to = to;
            this.turns = turns;
        }

        long firstHash() {
            return chain.hashAt(from);
        }

        /** The stretch that follows in a prompt that was added. */
        Node next(PromptBlocks prompt) {
            Node child = children.get(prompt.hashAt(to));
            if (child == null) {
                throw new IllegalStateException("the prompt was not added");
            }
            return child;
        }

        /** Where the prompt leaves this stretch, whose first block it has; {@code to} when it does not. */
        int commonEnd(PromptBlocks prompt) {
            int high = Math.min(to, prompt.size());
            if (prompt.hashAt(high - 1) == chain.hashAt(high - 1)) {
                return high;
            }
            int low = from + 1;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (prompt.hashAt(middle) == chain.hashAt(middle)) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }

        /** Ends this stretch at a position and moves the rest, with its turns and children, into an only child. */
        void split(int at) {
            Node rest = new Node(this, chain, at, to, turns.copy());
            rest.children = children;
            rest.children.values().forEach(child -> child.parent = rest);
            children = new HashMap<>(2);
            children.put(rest.firstHash(), rest);
            to = at;
        }

        void mergeOnlyChild() {
            if (children.size() != 1) {
                return;
            }
            Node child = children.values().iterator().next();
            if (child.turns.total() == turns.total()) {
                chain = child.chain;
                to = child.to;
                turns = child.turns;
                children = child.children;
                children.values().forEach(grandchild -> grandchild.parent = this);
            }
        }

        int count() {
            int count = 1;
            for (Node child : children.values()) {
                count += child.count();
            }
            return count;
        }
    }
}
