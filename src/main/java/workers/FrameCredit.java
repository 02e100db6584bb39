package workers;

import java.util.concurrent.Semaphore;

/**
 * Number of frames that may be on their way from a source's thread to its actor; the thread waits for credit, the actor
 * never does.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class FrameCredit {
    private final Semaphore frames;
    private volatile boolean closed;

    FrameCredit(int frames) {
        this.frames = new Semaphore(frames);
    }

    /** Waits for credit for one frame; false when nobody reads any more. */
    boolean take() {
        if (!closed) {
            frames.acquireUninterruptibly();
        }
        return !closed;
    }

    /** One frame was worked off. */
    void giveBack() {
        frames.release();
    }

    /** Nobody reads any more: whoever waits goes on. */
    void close() {
        closed = true;
        frames.release(Integer.MAX_VALUE / 2);
    }
}
