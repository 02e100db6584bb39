package workers.holds;

import java.util.List;
import kv.Receipt;

/**
 * What came of asking for a hold.
 *
 * @param receipt what the table keeps, which the engine has yet to confirm
 * @param number of this grant, by which a later answer of the engine is told from one about an earlier grant; 0 when nothing
 *     is kept
 * @param changes other holds that ended or shrank, in order
 */
public record Grant(Receipt receipt, long number, List<HoldChange> changes) {
    public Grant {
        changes = List.copyOf(changes);
    }
}
