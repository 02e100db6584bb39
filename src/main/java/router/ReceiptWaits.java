package router;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import router.retention.Lease;
import router.retention.LeaseBook;
import router.retention.Step;

/**
 * Those who wait until workers have answered for a session's leases. Soft: lost with the keeper, then they hear nothing.
 *
 * <p>Thread-safety: confined to its keeper.
 */
final class ReceiptWaits {
    private record Wait(LeaseKeeper.AwaitReceipts command, Instant until) {}

    private final List<Wait> waits = new ArrayList<>();

    void add(LeaseKeeper.AwaitReceipts command, Instant now) {
        waits.add(new Wait(command, now.plus(command.within())));
    }

    void clear() {
        waits.clear();
    }

    /** Answers whoever has all receipts, or has waited long enough. */
    void answer(LeaseBook book, LastAnswers answers, Instant now) {
        waits.removeIf(wait -> {
            LeaseKeeper.AwaitReceipts command = wait.command();
            boolean over = !now.isBefore(wait.until()) || complete(book, answers, command);
            if (over) {
                command.replyTo()
                        .tell(new LeaseKeeper.ReceiptList(
                                LeaseKeeper.LeaseList.of(of(book, command), now).leases(),
                                answers.of(command.tenant(), command.session())));
            }
            return over;
        });
    }

    private static boolean complete(LeaseBook book, LastAnswers answers, LeaseKeeper.AwaitReceipts command) {
        List<Lease> leases = of(book, command).toList();
        return command.leases().stream()
                        .allMatch(id -> answers.refused(id)
                                || leases.stream().anyMatch(lease -> lease.id().equals(id)))
                && leases.stream()
                        .filter(lease -> lease.ending() == null)
                        .flatMap(lease -> lease.steps().stream())
                        .noneMatch(ReceiptWaits::unanswered);
    }

    private static boolean unanswered(Step step) {
        return step.receipt() == null && step.ended() == null;
    }

    private static Stream<Lease> of(LeaseBook book, LeaseKeeper.AwaitReceipts command) {
        return Stream.of(book.ofRoot(command.tenant(), command.root()), book.ended())
                .flatMap(Collection::stream)
                .filter(lease -> lease.terms().tenant().equals(command.tenant())
                        && lease.terms().session().equals(command.session()));
    }
}
