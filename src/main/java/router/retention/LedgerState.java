package router.retention;

import java.util.List;
import kv.Epoch;

/**
 * Everything durable of one partition: the schema of snapshots.
 *
 * <p>Thread-safety: immutable.
 *
 * @param leases open ones, by id
 * @param ended most recently ended ones, oldest first
 * @param budgets by tenant
 */
public record LedgerState(Epoch epoch, List<Lease> leases, List<Lease> ended, List<TenantBudget> budgets) {
    public LedgerState {
        leases = List.copyOf(leases);
        ended = List.copyOf(ended);
        budgets = List.copyOf(budgets);
    }
}
