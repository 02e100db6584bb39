package router;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PreRestart;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.SnapshotAdapter;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.EffectBuilder;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.RetentionCriteria;
import akka.persistence.typed.javadsl.SignalHandler;
import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import kv.Epoch;
import kv.LeaseId;
import kv.LedgerId;
import kv.WorkerId;
import metrics.Metric;
import metrics.Metrics;
import org.jspecify.annotations.Nullable;
import router.retention.CopyInventory;
import router.retention.EndReason;
import router.retention.Evacuation;
import router.retention.Lease;
import router.retention.LeaseAnswer;
import router.retention.LeaseBook;
import router.retention.LeaseTerms;
import router.retention.LedgerEvent;
import router.retention.LiveWorkers;
import router.retention.OpenOrders;
import router.retention.Receipts;
import router.retention.RetentionLedger;
import router.retention.RetentionLedger.Decision;
import router.retention.SharedLeases;
import router.retention.WorkerOrder;
import workers.Worker;

/**
 * The durable owner of one partition of the leases: the shell of a {@link RetentionLedger}, with its clock, its timers and its
 * messages. What it decides is stored before a worker is told.
 *
 * <p>Every life begins with an epoch of its own; until that is stored, commands wait. Later they wait while another is stored, but
 * for {@link Resume}. A keeper that the store fails begins another life, unless somebody else has begun a later one: then it has
 * been replaced, and ends. Soft state: which orders are open, and which holds were acknowledged in this life ({@link OpenOrders}).
 * It is lost with the keeper; a new life asks every worker again, and a session that returns meanwhile waits for that at most
 * {@link LeaseSettings#reassertWait}.
 *
 * <p>The state is null before the first epoch.
 */
public final class LeaseKeeper
        extends EventSourcedBehaviorWithEnforcedReplies<LeaseKeeper.Command, LedgerEvent, LeaseBook> {
    /** Sharding key; the entity id is the partition's number. */
    public static final EntityTypeKey<Command> TYPE_KEY = EntityTypeKey.create(Command.class, "LeaseKeeper");

    /** What a keeper is told. */
    public sealed interface Command {}

    /** Wakes the keeper; repeated after every start of a node. */
    public record Wake() implements Command {}

    /**
     * Asks for a lease; for one that is open, as {@link Renew}.
     *
     * @param owner which of the sessions that share it asks, null for a lease of one session
     */
    public record Grant(LeaseTerms terms, Duration remaining, @Nullable SessionId owner, ActorRef<LeaseAnswer> replyTo)
            implements Command {}

    /** Asks for a later deadline, counted from the command's arrival. */
    public record Renew(LeaseId lease, Duration remaining, ActorRef<LeaseAnswer> replyTo) implements Command {}

    /** The owner needs a lease no longer; see {@link Grant}. */
    public record Release(LeaseId lease, @Nullable SessionId owner) implements Command {}

    /** A session is over; with it, when it is the root, its whole tree. */
    public record ReleaseSession(TenantId tenant, SessionId root, SessionId session) implements Command {}

    /** An operator ends a lease. */
    public record Revoke(TenantId tenant, LeaseId lease, ActorRef<RevokeReply> replyTo) implements Command {}

    /** A session is back: what is kept of it, and where? */
    public record Resume(TenantId tenant, SessionId root, SessionId session, ActorRef<Resumed> replyTo)
            implements Command {}

    /**
     * Asks for leases of a tenant, open and lately ended.
     *
     * @param session null for any
     * @param limit most leases in the answer
     */
    public record GetLeases(TenantId tenant, @Nullable SessionId session, int limit, ActorRef<LeaseList> replyTo)
            implements Command {}

    /** Asks how far the leases that depend on a draining worker have been moved. */
    public record GetEvacuation(WorkerId worker, ActorRef<Evacuation> replyTo) implements Command {}

    /**
     * Asks for the leases of a session, open and lately ended, once every worker that was asked has answered.
     *
     * @param leases that must be among them, because they are on their way
     * @param within after which the answer comes all the same
     */
    public record AwaitReceipts(
            TenantId tenant,
            SessionId root,
            SessionId session,
            List<LeaseId> leases,
            Duration within,
            ActorRef<LeaseList> replyTo)
            implements Command {
        public AwaitReceipts {
            leases = List.copyOf(leases);
        }
    }

    private record Recovered() implements Command {}

    private record WorkerSaid(Worker.RetentionNews news) implements Command {}

    private record TickDue() implements Command {}

    private record RepairDue() implements Command {}

    private record ReassertOver() implements Command {}

    private record GraceOver() implements Command {}

    private record InventoryDue() implements Command {}

    /** Answer to {@link Revoke}: whether the lease was open. */
    public record RevokeReply(boolean found) {}

    /**
     * Answer to {@link Resume}.
     *
     * @param leases open ones of the session
     * @param reasserted false when some holder has not answered this life of the keeper in time
     */
    public record Resumed(List<Lease> leases, boolean reasserted) {
        public Resumed {
            leases = List.copyOf(leases);
        }
    }

    /** Answer to {@link GetLeases}. */
    public record LeaseList(List<ShownLease> leases) {
        public LeaseList {
            leases = List.copyOf(leases);
        }
    }

    /** A lease and the time it has left, by its keeper's clock. */
    public record ShownLease(Lease lease, Duration remaining) {}

    /**
     * A keeper.
     *
     * @param partition its number
     * @param workers workers by name
     * @param live the workers as they are seen here
     * @param names draws a name for a ledger that begins
     */
    public static Behavior<Command> create(
            String partition,
            Function<WorkerId, ? extends RecipientRef<Worker.Command>> workers,
            Supplier<LiveWorkers> live,
            LeaseSettings settings,
            Supplier<LedgerId> names,
            Metrics metrics,
            InstantSource clock) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            LeaseKeeper keeper = new LeaseKeeper(
                    partition, context, timers, new OrderSender(workers), live, settings, names, metrics, clock);
            return Behaviors.intercept(() -> new AheadOfStore(keeper::answersAhead), keeper);
        }));
    }

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final OrderSender sender;
    private final Supplier<LiveWorkers> roster;
    private final LeaseSettings settings;
    private final RetentionLedger ledger;
    private final Supplier<LedgerId> names;
    private final SharedLeases shared;
    private final WorkerNews news;
    private final Metrics metrics;
    private final InstantSource clock;
    private final ActorRef<Worker.RetentionNews> ear;
    private final ResumeWaits resumes;
    private final ReceiptWaits waits = new ReceiptWaits();
    private OpenOrders open = new OpenOrders();
    /** The latest epoch that this keeper knows of: read, or its own and stored. Null before it has read any. */
    private @Nullable Epoch known;

    /** The book as it is, events included that the store has yet to acknowledge. Null before the first epoch. */
    private @Nullable LeaseBook current;

    private boolean begun;
    private boolean reasserting;
    private boolean graceOver;

    private LeaseKeeper(
            String partition,
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            OrderSender sender,
            Supplier<LiveWorkers> roster,
            LeaseSettings settings,
            Supplier<LedgerId> names,
            Metrics metrics,
            InstantSource clock) {
        super(
                PersistenceId.of(TYPE_KEY.name(), partition),
                SupervisorStrategy.restartWithBackoff(settings.minRestartBackoff(), settings.maxRestartBackoff(), 0.2));
        this.context = context;
        this.timers = timers;
        this.sender = sender;
        this.roster = roster;
        this.settings = settings;
        this.ledger = new RetentionLedger(settings.ledger());
        this.names = names;
        this.shared = new SharedLeases(ledger);
        this.metrics = metrics;
        this.news = new WorkerNews(new Receipts(settings.ledger()), metrics);
        this.resumes = new ResumeWaits(metrics);
        this.clock = clock;
        this.ear = context.messageAdapter(Worker.RetentionNews.class, WorkerSaid::new);
    }

    @Override
    @SuppressWarnings("NullAway") // null is Akka's own way to say that nothing was persisted yet
    public LeaseBook emptyState() {
        return null;
    }

    @Override
    public CommandHandlerWithReply<Command, LedgerEvent, LeaseBook> commandHandler() {
        var handlers = newCommandHandlerWithReplyBuilder();
        handlers.forAnyState().onCommand(Recovered.class, this::onRecovered);
        handlers.forState(book -> !begun).onAnyCommand(command -> Effect().stash());
        handlers.forAnyState()
                .onCommand(Wake.class, (book, wake) -> Effect().noReply()) // Receiving it woke the keeper.
                .onCommand(Grant.class, this::onGrant)
                .onCommand(Renew.class, this::onRenew)
                .onCommand(Release.class, this::onRelease)
                .onCommand(ReleaseSession.class, this::onReleaseSession)
                .onCommand(Revoke.class, this::onRevoke)
                .onCommand(Resume.class, this::onResume)
                .onCommand(GetLeases.class, this::onGetLeases)
                .onCommand(GetEvacuation.class, this::onGetEvacuation)
                .onCommand(AwaitReceipts.class, this::onAwaitReceipts)
                .onCommand(WorkerSaid.class, this::onWorkerSaid)
                .onCommand(TickDue.class, this::onTickDue)
                .onCommand(RepairDue.class, this::onRepairDue)
                .onCommand(ReassertOver.class, this::onReassertOver)
                .onCommand(GraceOver.class, this::onGraceOver)
                .onCommand(InventoryDue.class, this::onInventoryDue);
        return handlers.build();
    }

    @Override
    public EventHandler<LeaseBook, LedgerEvent> eventHandler() {
        return newEventHandlerBuilder().forAnyState().onAnyEvent((book, event) -> {
            LeaseBook next = book == null ? new LeaseBook(settings.ledger()) : book;
            next.apply(event);
            current = next;
            return next;
        });
    }

    @Override
    public SignalHandler<LeaseBook> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(PreRestart.instance(), book -> begun = false)
                .onSignal(RecoveryCompleted.instance(), book -> {
                    // After a failure of the store this actor lives on, but what it knew of its orders does not.
                    current = book;
                    begun = false;
                    open = new OpenOrders();
                    resumes.clear();
                    waits.clear();
                    context.getSelf().tell(new Recovered());
                })
                .build();
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(settings.snapshotEveryEvents(), 1)
                .withDeleteEventsOnSnapshot();
    }

    @Override
    public SnapshotAdapter<LeaseBook> snapshotAdapter() {
        return new LeaseSnapshots(settings.ledger());
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onRecovered(@Nullable LeaseBook state, Recovered recovered) {
        LeaseBook past = state == null ? new LeaseBook(settings.ledger()) : state;
        if (known != null && past.epoch().compareTo(known) > 0) {
            // Its node stood still, others went on without it, and the store refused what it wrote.
            // Or its own epoch was stored and it has not heard so: it cannot tell, and the next keeper begins another
            // one.
            context.getLog().warn("a life after epoch {} has begun elsewhere: this one ends", known.value());
            return Effect().stop().thenNoReply();
        }
        known = past.epoch();
        return Effect()
                .persist(ledger.begin(past, names.get(), clock.instant()))
                .thenRun((LeaseBook book) -> {
                    begun = true;
                    known = book.epoch();
                    reasserting = true;
                    graceOver = false;
                    context.getLog()
                            .info(
                                    "leases of partition {}: epoch {}, {} open",
                                    context.getSelf().path().name(),
                                    book.epoch().value(),
                                    book.leases().size());
                    timers.startTimerWithFixedDelay(TickDue.class, new TickDue(), Duration.ZERO, settings.tick());
                    timers.startSingleTimer(ReassertOver.class, new ReassertOver(), settings.reassertWait());
                    timers.startSingleTimer(GraceOver.class, new GraceOver(), settings.workerGrace());
                    send(ledger.repeatEnds(book, live(), clock.instant()).orders());
                })
                .thenNoReply()
                .thenUnstashAll();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onGrant(LeaseBook book, Grant grant) {
        SessionId owner = grant.owner();
        RetentionLedger.Answered answered = owner == null
                ? ledger.grant(book, grant.terms(), grant.remaining(), live(), clock.instant())
                : shared.join(book, grant.terms(), owner, grant.remaining(), live(), clock.instant());
        return carryOut(book, answered.decision()).thenReply(grant.replyTo(), after -> answered.answer());
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onRenew(LeaseBook book, Renew renew) {
        RetentionLedger.Answered answered =
                ledger.renew(book, renew.lease(), renew.remaining(), live(), clock.instant());
        return carryOut(book, answered.decision()).thenReply(renew.replyTo(), after -> answered.answer());
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onRelease(LeaseBook book, Release release) {
        SessionId owner = release.owner();
        Decision decision = owner == null
                ? ledger.end(book, release.lease(), EndReason.OWNER, live(), clock.instant())
                : shared.leave(book, release.lease(), owner, live(), clock.instant());
        return carryOut(book, decision).thenNoReply();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onReleaseSession(LeaseBook book, ReleaseSession over) {
        return carryOut(
                        book,
                        ledger.endSession(book, over.tenant(), over.root(), over.session(), live(), clock.instant()))
                .thenNoReply();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onRevoke(LeaseBook book, Revoke revoke) {
        boolean found = book.lease(revoke.lease())
                .filter(lease -> lease.terms().tenant().equals(revoke.tenant()))
                .isPresent();
        Decision decision = found
                ? ledger.end(book, revoke.lease(), EndReason.OPERATOR, live(), clock.instant())
                : Decision.NOTHING;
        return carryOut(book, decision).thenReply(revoke.replyTo(), after -> new RevokeReply(found));
    }

    private boolean answersAhead(Resume resume) {
        LeaseBook book = current;
        if (!begun || book == null) {
            return false;
        }
        resumes.ask(book, open, resume, reasserting);
        return true;
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onResume(LeaseBook book, Resume resume) {
        resumes.ask(book, open, resume, reasserting);
        return Effect().noReply();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onGetLeases(LeaseBook book, GetLeases get) {
        List<ShownLease> shown = Stream.concat(book.leases().stream(), book.ended().stream())
                .filter(lease -> lease.terms().tenant().equals(get.tenant())
                        && (get.session() == null || lease.terms().session().equals(get.session())))
                .limit(get.limit())
                .map(lease -> new ShownLease(lease, lease.remaining(clock.instant())))
                .toList();
        return Effect().reply(get.replyTo(), new LeaseList(shown));
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onGetEvacuation(LeaseBook book, GetEvacuation get) {
        return Effect().reply(get.replyTo(), ledger.evacuation(book, live(), get.worker()));
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onAwaitReceipts(LeaseBook book, AwaitReceipts await) {
        waits.add(await, clock.instant());
        waits.answer(book, clock.instant());
        return Effect().noReply();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onWorkerSaid(LeaseBook book, WorkerSaid said) {
        return carryOut(book, news.heard(book, open, said.news(), live(), clock.instant()))
                .thenRun(after -> resumes.answerReasserted(after, open))
                .thenNoReply();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onTickDue(LeaseBook book, TickDue due) {
        return carryOut(book, ledger.sweep(book, live(), clock.instant()))
                .thenRun(after -> context.getSelf().tell(new RepairDue()))
                .thenNoReply();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onRepairDue(LeaseBook book, RepairDue due) {
        return carryOut(book, ledger.repair(book, live(), open, clock.instant()))
                .thenRun(after -> resumes.answerReasserted(after, open))
                .thenNoReply();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onReassertOver(LeaseBook book, ReassertOver over) {
        reasserting = false;
        resumes.answerAll(book, open);
        return Effect().noReply();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onGraceOver(LeaseBook book, GraceOver over) {
        graceOver = true;
        timers.startTimerWithFixedDelay(
                InventoryDue.class, new InventoryDue(), Duration.ZERO, settings.inventoryInterval());
        return Effect().noReply();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onInventoryDue(LeaseBook book, InventoryDue due) {
        send(CopyInventory.take(book, live()));
        return Effect().noReply();
    }

    private EffectBuilder<LedgerEvent, LeaseBook> carryOut(LeaseBook book, Decision decision) {
        List<Lease> ending = decision.events().stream()
                .filter(LedgerEvent.LeasesEnded.class::isInstance)
                .map(LedgerEvent.LeasesEnded.class::cast)
                .flatMap(over -> over.leases().stream())
                .flatMap(id -> book.lease(id).stream())
                .toList();
        return Effect().persist(decision.events()).thenRun((LeaseBook after) -> {
            decision.events().forEach(this::observe);
            ending.forEach(open::forget);
            send(decision.orders());
            waits.answer(after, clock.instant());
        });
    }

    private void observe(LedgerEvent event) {
        if (event instanceof LedgerEvent.LeasesEnded over) {
            metrics.count(
                    Metric.LEASES_ENDED, over.leases().size(), over.reason().name());
            context.getLog().debug("leases {} ended: {}", over.leases(), over.reason());
        } else if (event instanceof LedgerEvent.WorkerVoided voided) {
            context.getLog().info("holds of worker {} are void: {}", voided.worker(), voided.reason());
        } else if (event instanceof LedgerEvent.HoldEnded over) {
            context.getLog().debug("lease {}: hold at {} ended: {}", over.lease(), over.worker(), over.reason());
        }
    }

    private void send(List<WorkerOrder> orders) {
        for (WorkerOrder order : orders) {
            sender.send(order, open.sent(order, clock.instant()), ear);
        }
    }

    private LiveWorkers live() {
        return graceOver ? roster.get().complete() : roster.get();
    }
}
