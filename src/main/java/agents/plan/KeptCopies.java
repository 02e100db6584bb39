package agents.plan;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import kv.PromptBlocks;
import kv.StoredCopy;
import router.retention.Lease;

/** Which of a session's stored copies serves a turn. Stateless. */
public final class KeptCopies {
    private KeptCopies() {}

    /** The copy of the longest beginning of a prompt, if any lease has one. */
    public static Optional<StoredCopy> deepest(List<Lease> leases, PromptBlocks prompt) {
        return leases.stream()
                .filter(lease -> lease.terms().prefix().begins(prompt))
                .filter(lease -> !lease.storedCopies().isEmpty())
                .max(Comparator.comparing(lease -> lease.terms().prefix().blocks()))
                .map(lease -> lease.storedCopies().get(0));
    }
}
