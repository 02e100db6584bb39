package agents.session;

/**
 * What a session is doing. A phase is never stored: it follows from whether the session is closed, from the turns that run
 * and from how the last turn of each live frontier ended.
 */
public enum SessionPhase {
    /**
     * Nobody works on it.
     *
     * <p>Action: waits; passivates after a while.<br>
     * Transition: turn begins => REASONING; closed => CLOSED.
     */
    IDLE,

    /**
     * At least one turn runs. Soft: a turn that runs is not stored, so a session that moves to another node between two
     * turns' ends shows the phase it had without them.
     *
     * <p>Action: keeps awake, watches the turns.<br>
     * Transition: last running turn ends => ACTING if a live frontier waits for tools, else IDLE; closed => CLOSED.
     */
    REASONING,

    /**
     * In a tool-call gap: some live frontier's last turn ended in tool calls, and no turn runs.
     *
     * <p>Action: waits for the results to come back as the next turn; passivates after a while.<br>
     * Transition: turn begins => REASONING; the waiting frontier is superseded => IDLE; closed => CLOSED.
     */
    ACTING,

    /**
     * Closed by an operator or by the harness's final flag. Turns that already run are still recorded.
     *
     * <p>Action: answers queries, records the ends of turns.<br>
     * Transition: a new turn begins => REASONING, as a new session under the old name: its lines of prompts, turns and
     * children are gone.
     */
    CLOSED
}
