package workers;

import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import workers.status.CopyRoom;
import workers.status.EngineFacts;
import workers.status.WorkerState;

/**
 * Life of one engine as its probes show it; the states and their transitions are {@link WorkerState}'s. Mutable, not thread
 * safe.
 */
final class EngineLife {
    private static final long UNKNOWN = 0;

    private final WorkerId worker;
    private final WorkerSettings settings;
    private final Logger log;
    private WorkerState state = WorkerState.JOINING;
    private String reason = "the engine has not answered yet";
    private @Nullable EngineFacts facts;
    private @Nullable CopyRoom copies;
    private long lifeNumber = UNKNOWN;
    private int failedProbes;
    private boolean draining;

    /** What a probe's answer shows. */
    enum Seen {
        NOTHING_NEW,
        /** Other facts than before. */
        CHANGED,
        /** Another process than before: its cache is empty. */
        RESTARTED
    }

    EngineLife(WorkerId worker, WorkerSettings settings, Logger log) {
        this.worker = worker;
        this.log = log;
        this.settings = settings;
    }

    WorkerState state() {
        return state;
    }

    String reason() {
        return reason;
    }

    /** What the engine said of itself, with the turns it is given at once; null until it was accepted. */
    @Nullable
    EngineFacts facts() {
        return facts;
    }

    /** What copies take of its storage, as it was last looked at; null when it writes none. */
    @Nullable
    CopyRoom copies() {
        return copies;
    }

    Seen answered(EngineClient.Probe probe) {
        failedProbes = 0;
        copies = probe.copies();
        int engineBlock = probe.facts().blockSizeTokens();
        if (engineBlock != settings.blockSizeTokens()) {
            enter(
                    WorkerState.JOINING,
                    "refused: its blocks have " + engineBlock + " tokens, ours " + settings.blockSizeTokens()
                            + " (kv.block-size-tokens)");
            return Seen.NOTHING_NEW;
        }
        boolean restarted = lifeNumber != UNKNOWN && probe.lifeNumber() != UNKNOWN && lifeNumber != probe.lifeNumber();
        if (probe.lifeNumber() != UNKNOWN) {
            lifeNumber = probe.lifeNumber();
        }
        EngineFacts told = probe.facts().withTurnsPerSlot(settings.turnsPerSlot());
        boolean changed = !told.equals(facts);
        facts = told;
        enterAnswering();
        if (restarted) {
            return Seen.RESTARTED;
        }
        return changed ? Seen.CHANGED : Seen.NOTHING_NEW;
    }

    /**
     * A probe failed.
     *
     * @param reported whether somebody else failed to reach the engine, too: then one failed probe is enough
     */
    void silent(String why, boolean reported) {
        failedProbes++;
        if (state == WorkerState.JOINING) {
            enter(WorkerState.JOINING, why);
        } else if (reported || failedProbes >= settings.failedProbes()) {
            enter(WorkerState.UNREACHABLE, why);
        }
    }

    /** An operator wants it to take no more turns, or to take them again. */
    void drain(boolean wanted) {
        draining = wanted;
        if (state == WorkerState.READY || state == WorkerState.DRAINING) {
            enterAnswering();
        }
    }

    private void enterAnswering() {
        enter(
                draining ? WorkerState.DRAINING : WorkerState.READY,
                draining ? "an operator drains it" : "the engine answers");
    }

    /** The engine is known to have restarted: the next answer tells since when. */
    void forgetStart() {
        lifeNumber = UNKNOWN;
    }

    private void enter(WorkerState next, String why) {
        if (state != next || next == WorkerState.JOINING) {
            if (!reason.equals(why)) {
                log.info("worker {}: {}: {}", worker, next, why);
            }
            state = next;
            reason = why;
        }
    }
}
