package workers.sim;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import workers.status.TimingModel;

/**
 * Continuous batching with chunked prefill, in the manner of vLLM's scheduler
 * (<a href="https://arxiv.org/abs/2309.06180">PagedAttention</a>), one pass at a time.
 *
 * <p>In a pass every running request decodes one token; a prompt under way takes its next chunk from what is left of the
 * token budget; then, unless a request was preempted, waiting ones are admitted while slots, blocks and budget last. A
 * request reserves the blocks of its whole prompt on admission, all or none, and one block at a time while it decodes.
 * When none is available, the least important and newest running request gives up its own and waits again. A full block
 * is matchable from the pass that computes it, so requests admitted later in that pass already share it.
 *
 * <p>At most one running request has an unfinished prompt: it used up the budget of the pass that admitted it.
 *
 * <p>Thread-safety: none.
 */
final class Scheduler {
    private final SimSettings settings;
    private final TimingModel timing;
    private final BlockPool pool;
    private final KvChanges changes;
    /** In order of importance, so that the last is the one to preempt. */
    private final List<Sequence> running = new ArrayList<>();

    private final PriorityQueue<Sequence> waiting = new PriorityQueue<>();
    /** Requests that wait for blocks on their way, not in the queue meanwhile. */
    private final Set<Sequence> asleep = new HashSet<>();
    /** The running request whose prompt is not computed yet. */
    private @Nullable Sequence prefilling;
    /** Head of the queue that found too few blocks, and the pool's version then: no use to try again before it changes. */
    private @Nullable Sequence blocked;

    private long blockedVersion;
    private @Nullable Onboard onboard;
    private int budget;
    private double prefillMillis;
    private int prefills;
    private int decodes;

    /** What a pass was. */
    record Pass(double durationMillis, List<Sequence> preempted) {}

    Scheduler(SimSettings settings, TimingModel timing, BlockPool pool, KvChanges changes) {
        this.settings = settings;
        this.timing = timing;
        this.pool = pool;
        this.changes = changes;
    }

    List<Sequence> running() {
        return running;
    }

    /** Lets requests wait for blocks of colder tiers. */
    void onboardBy(Onboard onboard) {
        this.onboard = onboard;
    }

    /** What a request waited for is there, or will not come. */
    void wake(Sequence sequence) {
        if (asleep.remove(sequence)) {
            waiting.add(sequence);
        }
    }

    void enqueue(Sequence sequence) {
        waiting.add(sequence);
    }

    /** Takes a request out, running or waiting. */
    void remove(Sequence sequence) {
        if (running.remove(sequence)) {
            releaseBlocks(sequence);
        } else if (!asleep.remove(sequence)) {
            waiting.remove(sequence);
        }
    }

    /** Whether a pass would do nothing. */
    boolean stalled() {
        for (Sequence sequence : running) {
            if (sequence == prefilling || !sequence.paused) {
                return false;
            }
        }
        return !headMayBeAdmitted();
    }

    /** Schedules one pass; sequences that produce a token in it have {@code emits} set. */
    Pass pass() {
        budget = settings.maxBatchedTokens();
        prefillMillis = 0;
        prefills = 0;
        decodes = 0;
        List<Sequence> preempted = decodeRunning();
        if (prefilling != null) {
            prefill(prefilling);
        }
        if (preempted.isEmpty()) {
            admitWaiting();
        }
        double duration = prefills > 0 ? timing.passMillis() + prefillMillis : 0;
        return new Pass(decodes > 0 ? duration + decodeMillis() : duration, preempted);
    }

    /** Cost of decoding one token of each running request. */
    double decodeMillis() {
        return timing.decodeMillis((double) pool.used() / settings.deviceBlocks());
    }

    /** How many coming passes only decode the same requests, end none and neither take nor fill a block. */
    int passesAlike() {
        if (prefilling != null || headMayBeAdmitted()) {
            return 0;
        }
        int alike = Integer.MAX_VALUE;
        boolean any = false;
        for (Sequence sequence : running) {
            if (!sequence.paused) {
                any = true;
                int inBlock = sequence.computed % settings.blockSizeTokens();
                int roomInBlock = inBlock == 0 ? 0 : settings.blockSizeTokens() - 1 - inBlock;
                alike = Math.min(alike, Math.min(roomInBlock, sequence.remainingOutput() - 1));
            }
        }
        return any ? alike : 0;
    }

    private boolean headMayBeAdmitted() {
        Sequence head = waiting.peek();
        return head != null
                && running.size() < settings.maxSequences()
                && (head != blocked || blockedVersion != pool.version());
    }

    private List<Sequence> decodeRunning() {
        List<Sequence> preempted = List.of();
        for (int i = 0; i < running.size(); i++) {
            Sequence sequence = running.get(i);
            if (sequence == prefilling || sequence.paused) {
                continue;
            }
            while (needsBlock(sequence) && pool.available() == 0) {
                preempted = preempted.isEmpty() ? new ArrayList<>() : preempted;
                preempted.add(preemptLast());
            }
            if (i == running.size()) {
                break; // It was itself the last, and gave way.
            }
            if (needsBlock(sequence)) {
                sequence.blocks[sequence.blockCount++] = pool.take();
            }
            compute(sequence, 1);
            decodes++;
            budget--;
            sequence.emits = true;
        }
        return preempted;
    }

    private boolean needsBlock(Sequence sequence) {
        return sequence.blockCount > 0 && sequence.computed == sequence.blockCount * settings.blockSizeTokens();
    }

    private Sequence preemptLast() {
        Sequence victim = running.remove(running.size() - 1);
        releaseBlocks(victim);
        victim.loaded = false;
        waiting.add(victim);
        return victim;
    }

    private void releaseBlocks(Sequence sequence) {
        pool.release(sequence.blocks, sequence.blockCount);
        sequence.blockCount = 0;
        sequence.computed = 0;
        if (sequence == prefilling) {
            prefilling = null;
        }
    }

    private void admitWaiting() {
        while (budget > 0 && headMayBeAdmitted()) {
            Sequence head = waiting.peek();
            if (head == null) {
                return;
            }
            // At least the last token is computed: its output is the next token.
            int shareable = (head.known() - 1) / settings.blockSizeTokens();
            int matched = match(head, shareable);
            if (!fits(head, matched)) {
                blocked = head;
                blockedVersion = pool.version();
                return;
            }
            waiting.poll();
            if (onboard != null && onboard.awaits(head, matched, shareable)) {
                asleep.add(head);
            } else {
                reserve(head, matched);
                running.add(-1 - Collections.binarySearch(running, head), head);
                prefill(head);
            }
        }
    }

    private int match(Sequence sequence, int shareable) {
        long[] chain = sequence.request.sequenceHashes();
        return pool.match(chain, Math.min(chain.length, shareable), sequence.blocks);
    }

    private boolean fits(Sequence sequence, int matched) {
        int needed = settings.blocksFor(sequence.known());
        return needed - matched + pool.unused(sequence.blocks, matched) <= pool.available();
    }

    /** Reserves every block of what is known of a sequence, sharing what is cached. */
    private void reserve(Sequence sequence, int matched) {
        int needed = settings.blocksFor(sequence.known());
        pool.share(sequence.blocks, matched);
        for (int i = matched; i < needed; i++) {
            sequence.blocks[i] = pool.take();
        }
        sequence.blockCount = needed;
        sequence.computed = matched * settings.blockSizeTokens();
        if (sequence.cachedTokens < 0) {
            sequence.cachedTokens = sequence.computed;
        }
    }

    private void prefill(Sequence sequence) {
        int missing = sequence.known() - sequence.computed;
        int chunk = Math.min(missing, budget);
        prefillMillis += timing.prefillMillis(chunk, sequence.computed);
        prefills++;
        budget -= chunk;
        compute(sequence, chunk);
        prefilling = chunk < missing ? sequence : null;
        sequence.emits = chunk == missing;
    }

    private void compute(Sequence sequence, int tokens) {
        int from = sequence.computed / settings.blockSizeTokens();
        sequence.computed += tokens;
        long[] chain = sequence.request.sequenceHashes();
        int to = Math.min(chain.length, sequence.computed / settings.blockSizeTokens());
        if (onboard != null && from < to) {
            changes.flushEvicted(); // before others are matchable that nobody has heard of
        }
        int storedFrom = from;
        for (int i = from; i < to; i++) {
            int mine = sequence.blocks[i];
            sequence.blocks[i] = pool.publish(mine, chain[i], i == 0 ? BlockPool.NO_PARENT : sequence.blocks[i - 1]);
            if (sequence.blocks[i] != mine) {
                tellStored(sequence, storedFrom, i);
                storedFrom = i + 1;
            }
        }
        tellStored(sequence, storedFrom, to);
    }

    private void tellStored(Sequence sequence, int from, int to) {
        if (from < to) {
            changes.stored(sequence.request, from, to);
        }
    }
}
