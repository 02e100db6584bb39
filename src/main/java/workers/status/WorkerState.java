package workers.status;

/**
 * Life of a worker as routers see it.
 *
 * <p>JOINING: takes no turns; engine answered its probe => READY; never answers => stays.<br>
 * READY: takes turns; probe fails or stream breaks => UNREACHABLE; operator drains => DRAINING.<br>
 * UNREACHABLE: takes no turns, its blocks are kept in view; answers with the same start time => READY; with another =>
 * READY under a new incarnation.<br>
 * DRAINING: takes turns only of sessions whose prompts it holds until they are held elsewhere, running ones finish; operator resumes
 * => READY.
 */
public enum WorkerState {
    JOINING,
    READY,
    UNREACHABLE,
    DRAINING;

    /** Whether a router may propose any turn. */
    public boolean accepting() {
        return this == READY;
    }
}
