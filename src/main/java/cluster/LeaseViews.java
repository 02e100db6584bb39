package cluster;

import frontend.admin.AdminQueries.LeaseView;
import frontend.admin.AdminQueries.RangeView;
import frontend.admin.AdminQueries.StepView;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import kv.LeaseId;
import kv.Receipt;
import org.jspecify.annotations.Nullable;
import router.LeaseKeeper.ShownLease;
import router.retention.Lease;
import router.retention.Step;

/** Leases as operators see them. */
final class LeaseViews {
    private static final Pattern ID = Pattern.compile("[0-9a-f]{32}");
    private static final double MILLIS_PER_SECOND = 1000;

    private LeaseViews() {}

    /** The lease that a text names; empty when it names none. */
    static Optional<LeaseId> id(String text) {
        return ID.matcher(text).matches()
                ? Optional.of(new LeaseId(
                        HexFormat.fromHexDigitsToLong(text, 0, 16), HexFormat.fromHexDigitsToLong(text, 16, 32)))
                : Optional.empty();
    }

    static LeaseView view(ShownLease shown) {
        Lease lease = shown.lease();
        Lease.Ending ending = lease.ending();
        return new LeaseView(
                lease.id().toString(),
                lease.terms().session().value(),
                lease.state().name(),
                lease.terms().retentionClass().name(),
                lease.terms().priority(),
                lease.terms().prefix().blocks(),
                HexFormat.of().toHexDigits(lease.terms().prefix().tail().value()),
                lease.terms().minCopies(),
                lease.copies(),
                lease.storedCopies().size(),
                ending == null ? shown.remaining().toMillis() / MILLIS_PER_SECOND : 0,
                lease.steps().stream().map(LeaseViews::view).toList(),
                lease.lost().stream()
                        .map(range -> new RangeView(range.from(), range.to()))
                        .toList(),
                ending == null ? null : ending.reason().name(),
                lease.owners().size());
    }

    private static StepView view(Step step) {
        Receipt receipt = step.receipt();
        Step.Ended ended = step.ended();
        Receipt.Bounded less = receipt instanceof Receipt.Bounded bounded ? bounded : null;
        return new StepView(
                step.worker().url(),
                step.kind().name(),
                receipt == null ? null : receipt.getClass().getSimpleName().toUpperCase(Locale.ROOT),
                reason(receipt),
                key(step.kind(), reason(receipt)),
                ended == null ? null : ended.reason().name(),
                less == null ? null : less.prefix().blocks(),
                less == null ? null : less.tier().name(),
                less == null ? null : less.remaining().toMillis() / MILLIS_PER_SECOND);
    }

    /** None for a prompt that is longer than a seat. */
    private static @Nullable String key(Step.Kind asked, @Nullable String reason) {
        if (!Receipt.Reason.BUDGET.name().equals(reason)) {
            return null;
        }
        return switch (asked) {
            case HOLD -> "holdfast.workers.holds.budget-share";
            case COPY -> "copies-budget (holdfast.workers.engines)";
            case WARM -> null;
        };
    }

    private static @Nullable String reason(@Nullable Receipt receipt) {
        if (receipt instanceof Receipt.Bounded bounded) {
            return bounded.reason().name();
        }
        if (receipt instanceof Receipt.Deferred deferred) {
            return deferred.reason().name();
        }
        return receipt instanceof Receipt.Rejected rejected ? rejected.reason().name() : null;
    }
}
