package router.retention;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import kv.Epoch;
import kv.LedgerId;
import org.jspecify.annotations.Nullable;

/**
 * Everything durable of one partition: the schema of snapshots.
 *
 * <p>Thread-safety: immutable.
 *
 * @param ledger null in snapshots from before ledgers had names
 * @param leases open ones, by id
 * @param ended most recently ended ones, oldest first
 * @param budgets by tenant
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record LedgerState(
        Epoch epoch, @Nullable LedgerId ledger, List<Lease> leases, List<Lease> ended, List<TenantBudget> budgets) {
    public LedgerState {
        leases = List.copyOf(leases);
        ended = List.copyOf(ended);
        budgets = List.copyOf(budgets);
    }
}
