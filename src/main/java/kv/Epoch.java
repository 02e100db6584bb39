package kv;

/**
 * Fencing number of a lease's keeper: grows with every recovery of the keeper, so that a command of an earlier life can be
 * told from one of the present.
 *
 * <p>Thread-safety: immutable.
 */
public record Epoch(long value) implements Comparable<Epoch> {

    public Epoch next() {
        return new Epoch(value + 1);
    }

    @Override
    public int compareTo(Epoch other) {
        return Long.compare(value, other.value);
    }
}
