package workers;

import workers.status.WorkerLoad;

/**
 * What a worker lets holds take.
 *
 * <p>Thread-safety: immutable.
 *
 * @param budgetShare share of a tier's blocks that holds may cover, 0 to 1
 * @param guessShare share of the device's blocks, 0 to 1, that running turns and holds may take for a guess to be computed
 * @param epochsRemembered leases whose keeper's epoch is known after their hold ended, at least 1
 */
public record HoldSettings(double budgetShare, double guessShare, int epochsRemembered) {
    public HoldSettings {
        if (!(guessShare >= 0 && guessShare <= 1)) {
            throw new IllegalArgumentException(
                    "the share up to which guesses are computed is 0 to 1, got " + guessShare);
        }
        if (!(budgetShare >= 0 && budgetShare <= 1)) {
            throw new IllegalArgumentException("the holds' budget share is 0 to 1, got " + budgetShare);
        }
        if (epochsRemembered < 1) {
            throw new IllegalArgumentException("the holds' epochs remembered are at least 1, got " + epochsRemembered);
        }
    }

    /** Whether an engine has time and room for what nobody waits for. */
    boolean idle(WorkerLoad load) {
        int taken = load.deviceBlocksUsed() + load.deviceBlocksHeld();
        return load.waitingRequests() == 0 && taken <= guessShare * load.deviceBlocksTotal();
    }
}
