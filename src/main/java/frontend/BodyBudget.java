package frontend;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Room in memory for the bodies of requests that are read, decoded and rendered at once, in bytes. Who asks for room that is not there waits
 * behind those who asked before, so that large bodies come in, too. Small bodies take none, so that they wait for nobody.
 *
 * <p>I1: what is given out never exceeds the budget. I2: all of it is free once every share is closed.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class BodyBudget {
    /** Longest body that takes no room: a thousand connections that send one each need as much as one large body. */
    static final int SMALL_BYTES = 32 * 1024;

    private final long bytes;
    private final Deque<Share> waiting = new ArrayDeque<>();
    private long free;

    /** @param bytes at least what any one body may take */
    BodyBudget(long bytes) {
        this.bytes = bytes;
        this.free = bytes;
    }

    /**
     * Asks for room for one body; whoever asks closes the share, whether or not it was granted.
     *
     * @param length 0 to the whole budget; 0 for one whose length nobody knows
     */
    Share ask(long length) {
        if (length < 0 || length > bytes) {
            throw new IllegalArgumentException(length + " bytes of " + bytes);
        }
        if (length <= SMALL_BYTES) {
            return new Share();
        }
        Share share = new Share(length);
        synchronized (this) {
            waiting.add(share);
        }
        grant();
        return share;
    }

    /** How much is not given out, in bytes. */
    synchronized long free() {
        return free;
    }

    private void grant() {
        List<Share> granted = new ArrayList<>();
        synchronized (this) {
            for (Share next = waiting.peek(); next != null && next.bytes <= free; next = waiting.peek()) {
                waiting.remove();
                free -= next.bytes;
                next.held = true;
                granted.add(next);
            }
        }
        // Not under the lock: what follows may take long.
        granted.forEach(share -> share.granted.complete(true));
    }

    /** Room for one body. */
    final class Share implements AutoCloseable {
        private final CompletableFuture<Boolean> granted = new CompletableFuture<>();
        private long bytes;
        private long come;
        private boolean held;

        private Share(long bytes) {
            this.bytes = bytes;
        }

        private Share() {
            held = true;
            granted.complete(true);
        }

        /** Whether there is room: true once there is, false when the share was closed before. */
        CompletionStage<Boolean> granted() {
            return granted;
        }

        /** Whether there is room by now. */
        boolean held() {
            synchronized (BodyBudget.this) {
                return held;
            }
        }

        /**
         * Takes room for a part of a body whose length nobody knows, at once or not at all: two that wait for each other would wait for
         * ever. Those that wait go first.
         */
        boolean came(long part) {
            synchronized (BodyBudget.this) {
                come += part;
                long more = come <= SMALL_BYTES ? 0 : come - bytes;
                if (!held || (more > 0 && (more > free || !waiting.isEmpty()))) {
                    return false;
                }
                free -= more;
                bytes += more;
                return true;
            }
        }

        /** Gives the room back, or asks no longer; again without effect. */
        @Override
        public void close() {
            synchronized (BodyBudget.this) {
                if (held) {
                    free += bytes;
                    held = false;
                } else {
                    waiting.remove(this);
                }
            }
            granted.complete(false);
            grant();
        }
    }
}
