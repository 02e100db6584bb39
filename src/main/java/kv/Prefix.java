package kv;

/**
 * Beginning of a prompt in whole blocks, named by its last one: equal tails mean equal prefixes.
 *
 * <p>Thread-safety: immutable.
 *
 * @param blocks depth, at least 1
 */
public record Prefix(int blocks, SequenceHash tail) {
    public Prefix {
        if (blocks < 1) {
            throw new IllegalArgumentException("a prefix has at least 1 block, got " + blocks);
        }
    }

    /** Whether a prompt begins with this. O(1). */
    public boolean begins(PromptBlocks prompt) {
        return prompt.size() >= blocks && prompt.hashAt(blocks - 1) == tail.value();
    }
}
