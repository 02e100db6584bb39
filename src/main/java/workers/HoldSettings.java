package workers;

/**
 * What a worker lets holds take.
 *
 * <p>Thread-safety: immutable.
 *
 * @param budgetShare share of a tier's blocks that holds may cover, 0 to 1
 * @param epochsRemembered leases whose keeper's epoch is known after their hold ended, at least 1
 */
public record HoldSettings(double budgetShare, int epochsRemembered) {
    public HoldSettings {
        if (!(budgetShare >= 0 && budgetShare <= 1)) {
            throw new IllegalArgumentException("the holds' budget share is 0 to 1, got " + budgetShare);
        }
        if (epochsRemembered < 1) {
            throw new IllegalArgumentException("the holds' epochs remembered are at least 1, got " + epochsRemembered);
        }
    }
}
