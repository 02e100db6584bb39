package workers.simserver;

import org.jspecify.annotations.Nullable;
import workers.sim.SimRequest;

/**
 * A request in the engine with what its client is told: written by the engine's thread, awaited by the one that serves the
 * client.
 *
 * <p>Thread-safety: safe for one writer and one reader.
 */
final class LiveRequest {
    private final SimRequest request;
    private final int[] tokens;
    private final Answer answer;
    private final int begun;
    private final @Nullable String salt;
    private int produced;
    private int cachedTokens;
    private boolean over;

    /**
     * @param request what the core runs
     * @param tokens prompt followed by answer
     * @param begun answer tokens that are part of the core's prompt, because another engine said them
     * @param salt what keeps its blocks apart from those of others, null for none
     */
    LiveRequest(SimRequest request, int[] tokens, Answer answer, int begun, @Nullable String salt) {
        this.request = request;
        this.tokens = tokens;
        this.answer = answer;
        this.begun = begun;
        this.produced = begun;
        this.salt = salt;
    }

    /**
     * State of an answer at one moment.
     *
     * @param produced answer tokens so far, begun ones included
     * @param over whether nothing more will come; the answer is complete if it has all its tokens
     */
    record Progress(int produced, int cachedTokens, boolean over) {}

    SimRequest request() {
        return request;
    }

    String id() {
        return request.id();
    }

    int[] tokens() {
        return tokens;
    }

    Answer answer() {
        return answer;
    }

    int begun() {
        return begun;
    }

    /** Length of the prompt that the client sent. */
    int promptTokens() {
        return request.inputTokens() - begun;
    }

    @Nullable
    String salt() {
        return salt;
    }

    /** Tells of tokens; returns how many there are now. */
    synchronized int produced(int more) {
        produced += more;
        notifyAll();
        return produced;
    }

    synchronized void firstToken(int cached) {
        cachedTokens = cached;
    }

    synchronized void end() {
        over = true;
        notifyAll();
    }

    /** Waits until there is more than the reader knows of, or the time is up. */
    synchronized Progress await(int known, long timeoutMillis) throws InterruptedException {
        long deadline = System.nanoTime() + timeoutMillis * 1_000_000;
        long left = timeoutMillis;
        while (produced == known && !over && left > 0) {
            wait(left);
            left = (deadline - System.nanoTime()) / 1_000_000;
        }
        return new Progress(produced, cachedTokens, over);
    }
}
