package router.retention;

import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import kv.Epoch;
import kv.LeaseId;
import kv.LedgerId;
import kv.Prefix;
import org.jspecify.annotations.Nullable;

/**
 * All leases of one partition. {@link #apply} is the only mutator; it never fails, whatever settings an event was written
 * under, and the same events give the same book.
 *
 * <p>Invariants: (I1) leases in {@code leases} are open, leases in {@code ended} are not. (I2) a lease is under its root and
 * its prefix exactly while it is open. (I3) what a tenant's budget lacks of the quota is at most what its open leases were
 * charged, plus what was used within the last hour; copies of shared leases beyond those that they want count as used for all the
 * time that they were asked for.
 *
 * <p>Thread-safety: confined to its actor.
 */
public final class LeaseBook {
    private static final Comparator<LeaseId> BY_ID =
            Comparator.comparingLong(LeaseId::high).thenComparingLong(LeaseId::low);

    private record Root(TenantId tenant, SessionId session) {}

    private final LedgerSettings settings;
    private Epoch epoch = new Epoch(0);
    private LedgerId ledger = LedgerId.NONE;
    private final NavigableMap<LeaseId, Lease> leases = new TreeMap<>(BY_ID);
    private final Map<Root, NavigableSet<LeaseId>> byRoot = new HashMap<>();
    private final Map<Prefix, NavigableSet<LeaseId>> byPrefix = new HashMap<>();
    private final NavigableMap<String, TenantBudget> budgets = new TreeMap<>();
    private final Deque<Lease> ended = new ArrayDeque<>();

    /** A book in which nothing has happened. */
    public LeaseBook(LedgerSettings settings) {
        this.settings = settings;
    }

    /** The book of a snapshot. */
    public static LeaseBook of(LedgerState state, LedgerSettings settings) {
        LeaseBook book = new LeaseBook(settings);
        book.epoch = state.epoch();
        book.named(state.ledger());
        state.leases().forEach(book::open);
        state.ended().forEach(book::remember);
        state.budgets().forEach(budget -> book.budgets.put(budget.tenant().value(), budget));
        return book;
    }

    public LedgerState snapshot() {
        return new LedgerState(
                epoch,
                ledger.equals(LedgerId.NONE) ? null : ledger,
                List.copyOf(leases.values()),
                List.copyOf(ended),
                List.copyOf(budgets.values()));
    }

    public Epoch epoch() {
        return epoch;
    }

    /** {@link LedgerId#NONE} until the first epoch. */
    public LedgerId ledger() {
        return ledger;
    }

    /** An open lease. */
    public Optional<Lease> lease(LeaseId id) {
        @Nullable Lease found = leases.get(id);
        return Optional.ofNullable(found);
    }

    /** Open leases, by id. */
    public Collection<Lease> leases() {
        return leases.values();
    }

    /** The most recently ended leases, oldest first. */
    public Collection<Lease> ended() {
        return ended;
    }

    /**
     * A tenant's leases, open ones before those that ended lately.
     *
     * @param session null for any
     */
    public Stream<Lease> of(TenantId tenant, @Nullable SessionId session) {
        return Stream.concat(leases.values().stream(), ended.stream())
                .filter(lease -> lease.terms().tenant().equals(tenant)
                        && (session == null || lease.terms().session().equals(session)));
    }

    /** Open leases of a session tree, by id. */
    public List<Lease> ofRoot(TenantId tenant, SessionId root) {
        return listed(byRoot.get(new Root(tenant, root)));
    }

    /** Open leases on exactly this prefix, by id. */
    List<Lease> on(Prefix prefix) {
        return listed(byPrefix.get(prefix));
    }

    private List<Lease> listed(@Nullable NavigableSet<LeaseId> ids) {
        return ids == null
                ? List.of()
                : ids.stream().map(leases::get).flatMap(Stream::ofNullable).toList();
    }

    /** What a tenant may spend at a time. */
    TenantBudget budget(TenantId tenant, Instant now) {
        TenantBudget known = budgets.get(tenant.value());
        long quota = settings.tenantQuotaByteSeconds();
        return known == null ? TenantBudget.full(tenant, quota, now) : known.filled(quota, now);
    }

    /** Byte-seconds of a lease's bytes over a time, in whole seconds upwards. */
    static long byteSeconds(LeaseTerms terms, Duration time) {
        return terms.bytes() * ((time.toMillis() + 999) / 1000);
    }

    /** What a lease that ends now gives back. */
    static long refund(Lease lease, Instant now) {
        return Math.min(
                lease.chargedByteSeconds(),
                lease.terms().bytes() * lease.remaining(now).toSeconds());
    }

    /** Records what happened. */
    public void apply(LedgerEvent event) {
        if (event instanceof LedgerEvent.EpochBegun begun) {
            epoch = begun.epoch();
            named(begun.ledger());
        } else if (event instanceof LedgerEvent.LeaseGranted granted) {
            granted(granted);
        } else if (event instanceof LedgerEvent.LeaseRenewed renewed) {
            renewed(renewed);
        } else if (event instanceof LedgerEvent.StepsPlanned planned) {
            planned.plans().forEach(plan -> change(plan.lease(), lease -> lease.asked(plan.steps())));
        } else if (event instanceof LedgerEvent.ReceiptRecorded recorded) {
            change(recorded.lease(), lease -> lease.answered(recorded));
        } else if (event instanceof LedgerEvent.HoldEnded over) {
            change(over.lease(), lease -> lease.holdEnded(over));
        } else if (event instanceof LedgerEvent.WorkerVoided voided) {
            leases.replaceAll(
                    (id, lease) -> lease.voided(voided.worker(), voided.living(), voided.reason(), voided.at()));
        } else if (event instanceof LedgerEvent.OwnerJoined joined) {
            change(
                    joined.lease(),
                    lease -> lease.ownedBy(Owner.joined(lease.owners(), new Owner(joined.owner(), joined.until()))));
        } else if (event instanceof LedgerEvent.OwnerLeft left) {
            change(left.lease(), lease -> lease.ownedBy(Owner.left(lease.owners(), left.owner())));
        } else {
            LedgerEvent.LeasesEnded over = (LedgerEvent.LeasesEnded) event;
            over.leases().forEach(id -> close(id, over.reason(), over.at()));
        }
    }

    private void named(@Nullable LedgerId name) {
        ledger = name == null ? ledger : name;
    }

    private void granted(LedgerEvent.LeaseGranted event) {
        Lease lease = Lease.granted(event);
        charge(lease.terms().tenant(), event.chargedByteSeconds(), event.at());
        open(lease);
    }

    private void renewed(LedgerEvent.LeaseRenewed event) {
        lease(event.lease()).ifPresent(lease -> {
            charge(lease.terms().tenant(), event.chargedByteSeconds() - lease.chargedByteSeconds(), event.at());
            leases.put(lease.id(), lease.renewed(event.deadline(), event.chargedByteSeconds()));
        });
    }

    private void close(LeaseId id, EndReason reason, Instant at) {
        Lease lease = leases.remove(id);
        if (lease != null) {
            charge(lease.terms().tenant(), -refund(lease, at), at);
            unlist(byRoot, new Root(lease.terms().tenant(), lease.terms().root()), id);
            unlist(byPrefix, lease.terms().prefix(), id);
            remember(lease.ended(reason, at));
        }
    }

    private void open(Lease lease) {
        LeaseTerms terms = lease.terms();
        leases.put(lease.id(), lease);
        byRoot.computeIfAbsent(new Root(terms.tenant(), terms.root()), root -> new TreeSet<>(BY_ID))
                .add(lease.id());
        byPrefix.computeIfAbsent(terms.prefix(), prefix -> new TreeSet<>(BY_ID)).add(lease.id());
    }

    private static <K> void unlist(Map<K, NavigableSet<LeaseId>> index, K key, LeaseId id) {
        index.computeIfPresent(key, (same, ids) -> ids.remove(id) && ids.isEmpty() ? null : ids);
    }

    private void remember(Lease lease) {
        ended.addLast(lease);
        while (ended.size() > settings.rememberedEnded()) {
            ended.removeFirst();
        }
    }

    private void charge(TenantId tenant, long amount, Instant at) {
        TenantBudget left = budget(tenant, at).charged(amount);
        budgets.put(tenant.value(), left.filled(settings.tenantQuotaByteSeconds(), left.at()));
    }

    private void change(LeaseId id, UnaryOperator<Lease> change) {
        leases.computeIfPresent(id, (same, lease) -> change.apply(lease));
    }
}
