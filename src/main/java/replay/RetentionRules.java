package replay;

import agents.plan.RetentionSettings;
import router.retention.LedgerSettings;

/**
 * What retention in a replay is made with, all of it production's.
 *
 * <p>Thread-safety: immutable.
 *
 * @param sessions what sessions ask for; the policy is replaced
 * @param ledger bounds of the one keeper that all leases of a replay have
 * @param budgetShare share of an engine's blocks that holds may cover, 0 to 1
 * @param epochsRemembered see {@link workers.holds.HoldTable}
 * @param tickMillis time between two looks of the keeper at all leases
 */
public record RetentionRules(
        RetentionSettings sessions,
        LedgerSettings ledger,
        double budgetShare,
        int epochsRemembered,
        double tickMillis) {

    /** The same under another policy. */
    RetentionRules with(String policy) {
        return new RetentionRules(sessions.with(policy), ledger, budgetShare, epochsRemembered, tickMillis);
    }
}
