package router;

import akka.persistence.typed.SnapshotAdapter;
import router.retention.LeaseBook;
import router.retention.LedgerSettings;
import router.retention.LedgerState;

/** The book changes in place; what is stored of it does not. */
final class LeaseSnapshots implements SnapshotAdapter<LeaseBook> {
    private final LedgerSettings settings;

    LeaseSnapshots(LedgerSettings settings) {
        this.settings = settings;
    }

    @Override
    public Object toJournal(LeaseBook book) {
        return book.snapshot();
    }

    @Override
    public LeaseBook fromJournal(Object from) {
        return LeaseBook.of((LedgerState) from, settings);
    }
}
