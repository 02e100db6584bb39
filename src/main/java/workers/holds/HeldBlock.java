package workers.holds;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A held block: a node of the tree of held prefixes. It stays as long as a hold ends in it or a held block follows it. */
final class HeldBlock {
    final long hash;
    final @Nullable HeldBlock parent;
    /** Blocks of the prefix that ends here, at least 1. */
    final int depth;
    /** Holds whose tail this is. */
    final List<Held> tails = new ArrayList<>(1);

    final List<HeldBlock> children = new ArrayList<>(1);

    HeldBlock(long hash, @Nullable HeldBlock parent) {
        this.hash = hash;
        this.parent = parent;
        this.depth = parent == null ? 1 : parent.depth + 1;
    }

    boolean needed() {
        return !tails.isEmpty() || !children.isEmpty();
    }
}
