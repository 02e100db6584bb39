package kv;

/**
 * Name of a worker: the base URL of its engine, such as {@code http://127.0.0.1:9001}.
 *
 * <p>Thread-safety: immutable.
 */
public record WorkerId(String url) implements Comparable<WorkerId> {
    public WorkerId {
        if (url.isBlank()) {
            throw new IllegalArgumentException("a worker's URL is empty");
        }
    }

    @Override
    public int compareTo(WorkerId other) {
        return url.compareTo(other.url);
    }

    @Override
    public String toString() {
        return url;
    }
}
