package inference;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A request to keep the prefix that ends with one content block. A mark is not content: it enters neither prompt nor
 * hash.
 *
 * <p>Thread-safety: immutable.
 *
 * @param message position of the message, from 0; -1 stands for the tool definitions
 * @param block position of the content block inside the message, or of the tool definition
 * @param ttl how long to keep it without a read
 */
public record CacheMark(int message, int block, Duration ttl) {

    /** A mark at the end of a conversation's last block; empty when it has none. */
    public static Optional<CacheMark> end(List<Message> messages, Duration ttl) {
        for (int i = messages.size() - 1; i >= 0; i--) {
            int blocks = messages.get(i).content().size();
            if (blocks > 0) {
                return Optional.of(new CacheMark(i, blocks - 1, ttl));
            }
        }
        return Optional.empty();
    }
}
