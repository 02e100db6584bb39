package agents.session;

/**
 * Bounds of one session's state. Beyond them the oldest is forgotten: that costs recomputed prefixes or a shorter history,
 * never a wrong answer.
 *
 * <p>Thread-safety: immutable.
 *
 * @param frontiers lines of prompts per session
 * @param checkpoints fork points per line
 * @param turns recorded turns; also the window in which a repeated turn id is recognised
 * @param children child sessions
 * @param controls lifecycle requests; also the window in which a repeated request id is recognised
 */
public record SessionLimits(int frontiers, int checkpoints, int turns, int children, int controls) {
    public SessionLimits {
        if (frontiers < 1 || checkpoints < 1 || turns < 1 || children < 1 || controls < 1) {
            throw new IllegalArgumentException("every bound of a session is at least 1");
        }
    }
}
