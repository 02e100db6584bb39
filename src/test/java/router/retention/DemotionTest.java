package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.ACCEPTED;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.PREFIX;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.id;
import static router.retention.Ledgers.life;
import static router.retention.Ledgers.prefix;
import static router.retention.Ledgers.terms;

import java.util.List;
import kv.KvTier;
import kv.Prefix;
import kv.Receipt;
import org.junit.jupiter.api.Test;
import workers.status.ColderTiers;
import workers.status.EngineCapabilities;
import workers.status.WorkerState;

/** What lies on a device is ordered to the host where that can be, and nothing else is. */
class DemotionTest {
    private static final EngineCapabilities TIERED =
            new EngineCapabilities(true, null, 0, new ColderTiers(100, 0, true, true, false));

    private static final LeaseTerms TERMS = in(KvTier.DEVICE, KvTier.HOST);

    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, TIERED);

    private List<WorkerOrder> demoted() {
        RetentionLedger.Decision decision = ledgers.ledger.demote(ledgers.book, id(1), ledgers.live);
        assertEquals(List.of(), decision.events());
        return decision.orders();
    }

    private List<WorkerOrder> ordered() {
        return List.of(new WorkerOrder.Demote(A, life(1), id(1), ledgers.book.epoch()));
    }

    private static LeaseTerms in(KvTier... tiers) {
        LeaseTerms terms = terms(1, 1);
        return new LeaseTerms(
                terms.id(),
                terms.tenant(),
                terms.root(),
                terms.session(),
                terms.model(),
                terms.prefix(),
                terms.blockSizeTokens(),
                terms.bytesPerBlock(),
                terms.retentionClass(),
                terms.priority(),
                terms.density(),
                terms.minCopies(),
                List.of(tiers),
                terms.conversation(),
                terms.home());
    }

    private static Receipt bounded(Prefix kept, KvTier tier) {
        return new Receipt.Bounded(kept, tier, MINUTE, Receipt.Reason.BUDGET);
    }

    @Test
    void whatADeviceKeepsWhollyOrInPartMayGoToTheHost() {
        ledgers.grant(TERMS, MINUTE);
        assertEquals(List.of(), demoted(), "nobody has acknowledged anything");
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
        assertEquals(ordered(), demoted());

        ledgers.end(1, EndReason.OWNER);
        assertEquals(List.of(), demoted());
        ledgers.grant(TERMS, MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, bounded(prefix(5), KvTier.DEVICE));
        assertEquals(ordered(), demoted());
    }

    @Test
    void whatIsInTheHostAlreadyAndWorkersThatCannotAreToldNothing() {
        ledgers.grant(TERMS, MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
        ledgers.state(A, WorkerState.UNREACHABLE);
        assertEquals(List.of(), demoted());
        ledgers.up(A, 1, Ledgers.HOLDS);
        assertEquals(List.of(), demoted());
        ledgers.up(A, 1, TIERED);
        assertEquals(ordered(), demoted());

        ledgers.end(1, EndReason.OWNER);
        ledgers.grant(TERMS, MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, bounded(PREFIX, KvTier.HOST));
        assertEquals(List.of(), demoted());
    }

    @Test
    void aLeaseThatDoesNotAllowTheHostStaysOnTheDevice() {
        ledgers.grant(in(KvTier.DEVICE, KvTier.REMOTE), MINUTE);
        ledgers.answer(A, 1, Step.Kind.HOLD, 1, ACCEPTED);
        assertEquals(List.of(), demoted());
    }
}
