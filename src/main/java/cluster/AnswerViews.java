package cluster;

import frontend.admin.AdminQueries.AnswerView;
import java.time.Duration;
import router.retention.LeaseAnswer;
import router.retention.LedgerSettings;

/**
 * The ledger's answers that fell short of what was asked, as clients see them: with the limit and its key.
 *
 * <p>Thread-safety: immutable.
 */
final class AnswerViews {
    private static final String SECTION = "holdfast.router.leases.";
    private static final double MILLIS_PER_SECOND = 1000;

    private final LedgerSettings settings;

    AnswerViews(LedgerSettings settings) {
        this.settings = settings;
    }

    AnswerView view(LeaseAnswer answer) {
        if (answer instanceof LeaseAnswer.Granted granted) {
            return new AnswerView(
                    granted.lease().toString(),
                    "BOUNDED",
                    granted.bound().name(),
                    message(granted.bound()),
                    granted.remaining().toMillis() / MILLIS_PER_SECOND);
        }
        LeaseAnswer.Refused refused = (LeaseAnswer.Refused) answer;
        return new AnswerView(
                refused.lease().toString(), "REFUSED", refused.reason().name(), message(refused.reason()), null);
    }

    private String message(LeaseAnswer.Bound bound) {
        return switch (bound) {
            case NONE -> "it is granted as asked for";
            case MAX_LEASE ->
                "a lease is granted for at most " + seconds(settings.maxLease()) + " at once (" + SECTION
                        + "max-lease)";
            case QUOTA -> quota() + " leaves no more time now (" + SECTION + "tenant-quota)";
        };
    }

    private String message(LeaseAnswer.Refusal reason) {
        return switch (reason) {
            case QUOTA ->
                quota() + " leaves less than " + seconds(settings.minLease())
                        + " more now, with the room of all that is worth less (" + SECTION + "tenant-quota, min-lease)";
            case ID_TAKEN -> "another prefix or tenant has a lease of that id";
            case NO_SUCH_LEASE -> "there is no open lease of that id";
            case NOWHERE -> "no worker is known to have the prefix, and none can compute it";
        };
    }

    private String quota() {
        long bytes = settings.tenantQuotaByteSeconds() / Duration.ofHours(1).toSeconds();
        return "the tenant's quota of " + bytes + " bytes over an hour with this keeper";
    }

    private static String seconds(Duration time) {
        return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }
}
