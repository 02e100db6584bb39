package router;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PreRestart;
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
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import kv.Epoch;
import kv.LeaseId;
import kv.WorkerId;
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
import workers.RetentionNews;

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

    /** The owner is about to be back: what its lease keeps in a colder tier is to be on the device. */
    public record Prefetch(LeaseId lease) implements Command {}

    /** The owner is away for long: what its lease keeps on a device may lie in a colder tier there. */
    public record Demote(LeaseId lease) implements Command {}

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
     * @param leases that must be among them, or refused, because they are on their way
     * @param within after which the answer comes all the same
     */
    public record AwaitReceipts(
            TenantId tenant,
            SessionId root,
            SessionId session,
            List<LeaseId> leases,
            Duration within,
            ActorRef<ReceiptList> replyTo)
            implements Command {
        public AwaitReceipts {
            leases = List.copyOf(leases);
        }
    }

    private record Recovered() implements Command {}

    private record WorkerSaid(RetentionNews news) implements Command {}

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

        static LeaseList of(Stream<Lease> leases, Instant now) {
            return new LeaseList(leases.map(lease -> new ShownLease(lease, lease.remaining(now)))
                    .toList());
        }
    }

    /**
     * Answer to {@link AwaitReceipts}.
     *
     * @param answers what the session was answered last for those leases that it does not have as it asked for them
     */
    public record ReceiptList(List<ShownLease> leases, List<LeaseAnswer> answers) {
        public ReceiptList {
            leases = List.copyOf(leases);
            answers = List.copyOf(answers);
        }
    }

    /** A lease and the time it has left, by its keeper's clock. */
    public record ShownLease(Lease lease, Duration remaining) {}

    /**
     * A keeper.
     *
     * @param partition its number
     */
    public static Behavior<Command> create(String partition, LeaseSettings settings, KeeperPorts ports) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            LeaseKeeper keeper = new LeaseKeeper(partition, context, timers, settings, ports);
            return Behaviors.intercept(() -> new AheadOfStore(resume -> keeper.life.resume(resume)), keeper);
        }));
    }

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final LeaseSettings settings;
    private final KeeperPorts ports;
    private final OrderSender sender;
    private final RetentionLedger ledger;
    private final SharedLeases shared;
    private final WorkerNews news;
    private final LeaseLog log;
    private KeeperLife life;
    /** The latest epoch that this keeper knows of: read, or its own and stored. Null before it has read any. */
    private @Nullable Epoch known;

    private LeaseKeeper(
            String partition,
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            LeaseSettings settings,
            KeeperPorts ports) {
        super(
                PersistenceId.of(TYPE_KEY.name(), partition),
                SupervisorStrategy.restartWithBackoff(settings.minRestartBackoff(), settings.maxRestartBackoff(), 0.2));
        this.context = context;
        this.timers = timers;
        this.settings = settings;
        this.ports = ports;
        this.sender = new OrderSender(ports.workers(), context.messageAdapter(RetentionNews.class, WorkerSaid::new));
        this.ledger = new RetentionLedger(settings.ledger());
        this.shared = new SharedLeases(ledger, settings.ledger());
        this.news = new WorkerNews(new Receipts(settings.ledger()), ports.metrics());
        this.log = new LeaseLog(context, ports.metrics());
        this.life = life(null);
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
        handlers.forState(book -> !life.begun())
                .onAnyCommand(command -> Effect().stash());
        handlers.forAnyState()
                .onCommand(Wake.class, (book, wake) -> Effect().noReply()) // Receiving it woke the keeper.
                .onCommand(Grant.class, this::onGrant)
                .onCommand(Renew.class, this::onRenew)
                .onCommand(Release.class, this::onRelease)
                .onCommand(Prefetch.class, this::onPrefetch)
                .onCommand(Demote.class, this::onDemote)
                .onCommand(ReleaseSession.class, this::onReleaseSession)
                .onCommand(Revoke.class, this::onRevoke)
                .onCommand(Resume.class, (book, resume) -> done(() -> life.resume(resume)))
                .onCommand(GetLeases.class, this::onGetLeases)
                .onCommand(GetEvacuation.class, this::onGetEvacuation)
                .onCommand(AwaitReceipts.class, (book, await) -> done(() -> life.await(book, await, now())))
                .onCommand(WorkerSaid.class, this::onWorkerSaid)
                .onCommand(TickDue.class, this::onTickDue)
                .onCommand(RepairDue.class, this::onRepairDue)
                .onCommand(ReassertOver.class, (book, over) -> done(() -> life.reassertOver(book)))
                .onCommand(GraceOver.class, this::onGraceOver)
                .onCommand(
                        InventoryDue.class,
                        (book, due) -> done(() -> life.send(CopyInventory.take(book, live()), now())));
        return handlers.build();
    }

    @Override
    public EventHandler<LeaseBook, LedgerEvent> eventHandler() {
        return newEventHandlerBuilder().forAnyState().onAnyEvent((book, event) -> {
            LeaseBook next = book == null ? new LeaseBook(settings.ledger()) : book;
            next.apply(event);
            life.changed(next);
            return next;
        });
    }

    @Override
    public SignalHandler<LeaseBook> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(PreRestart.instance(), book -> life = life(null))
                .onSignal(RecoveryCompleted.instance(), book -> {
                    // After a failure of the store this actor lives on, but what it knew of its orders does not.
                    life = life(book);
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

    private KeeperLife life(@Nullable LeaseBook book) {
        return new KeeperLife(book, sender, settings.ledger().rememberedEnded(), ports.metrics());
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onRecovered(@Nullable LeaseBook state, Recovered recovered) {
        LeaseBook past = state == null ? new LeaseBook(settings.ledger()) : state;
        if (known != null && past.epoch().compareTo(known) > 0) {
            // Its node stood still, others went on without it, and the store refused what it wrote.
            // Or its own epoch was stored and it has not heard so: it cannot tell, and the next keeper begins another
            // one.
            log.replaced(known);
            return Effect().stop().thenNoReply();
        }
        known = past.epoch();
        return Effect()
                .persist(ledger.begin(past, ports.names().get(), now()))
                .thenRun(this::begin)
                .thenNoReply()
                .thenUnstashAll();
    }

    private void begin(LeaseBook book) {
        life.begin();
        known = book.epoch();
        log.begun(book);
        timers.startTimerWithFixedDelay(TickDue.class, new TickDue(), Duration.ZERO, settings.tick());
        timers.startSingleTimer(ReassertOver.class, new ReassertOver(), settings.reassertWait());
        timers.startSingleTimer(GraceOver.class, new GraceOver(), settings.workerGrace());
        life.send(ledger.repeatEnds(book, live(), now()).orders(), now());
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onGrant(LeaseBook book, Grant grant) {
        SessionId owner = grant.owner();
        RetentionLedger.Answered answered = owner == null
                ? ledger.grant(book, grant.terms(), grant.remaining(), live(), now())
                : shared.join(book, grant.terms(), owner, grant.remaining(), live(), now());
        return carryOut(book, answered.decision())
                .thenRun((LeaseBook after) -> {
                    log.answered(answered.answer());
                    life.answered(after, grant.terms(), answered.answer(), now());
                })
                .thenReply(grant.replyTo(), after -> answered.answer());
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onRenew(LeaseBook book, Renew renew) {
        RetentionLedger.Answered answered = ledger.renew(book, renew.lease(), renew.remaining(), live(), now());
        return carryOut(book, answered.decision())
                .thenRun(() -> log.answered(answered.answer()))
                .thenReply(renew.replyTo(), after -> answered.answer());
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onRelease(LeaseBook book, Release release) {
        SessionId owner = release.owner();
        Decision decision = owner == null
                ? ledger.end(book, release.lease(), EndReason.OWNER, live(), now())
                : shared.leave(book, release.lease(), owner, live(), now());
        return carryOut(book, decision)
                .thenRun(() -> life.released(release.lease()))
                .thenNoReply();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onPrefetch(LeaseBook book, Prefetch prefetch) {
        return done(
                () -> life.send(ledger.prefetch(book, prefetch.lease(), live()).orders(), now()));
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onDemote(LeaseBook book, Demote demote) {
        return done(() -> life.send(ledger.demote(book, demote.lease(), live()).orders(), now()));
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onReleaseSession(LeaseBook book, ReleaseSession over) {
        Decision decision = ledger.endSession(book, over.tenant(), over.root(), over.session(), live(), now());
        return carryOut(book, decision)
                .thenRun(() -> life.released(over.tenant(), over.root(), over.session()))
                .thenNoReply();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onRevoke(LeaseBook book, Revoke revoke) {
        Decision decision = ledger.revoke(book, revoke.tenant(), revoke.lease(), live(), now());
        boolean found = !decision.equals(Decision.NOTHING);
        return carryOut(book, decision).thenReply(revoke.replyTo(), after -> new RevokeReply(found));
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onGetLeases(LeaseBook book, GetLeases get) {
        Stream<Lease> asked = book.of(get.tenant(), get.session()).limit(get.limit());
        return Effect().reply(get.replyTo(), LeaseList.of(asked, now()));
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onGetEvacuation(LeaseBook book, GetEvacuation get) {
        return Effect().reply(get.replyTo(), ledger.evacuation(book, live(), get.worker()));
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onWorkerSaid(LeaseBook book, WorkerSaid said) {
        return carryOut(book, news.heard(book, life.open(), said.news(), live(), now()))
                .thenRun(life::reasserted)
                .thenNoReply();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onTickDue(LeaseBook book, TickDue due) {
        Decision swept = ledger.sweep(book, live(), now());
        int overstayed = ledger.overstayed(book, swept);
        return carryOut(book, swept)
                .thenRun(() -> log.overstayed(overstayed))
                .thenRun(after -> context.getSelf().tell(new RepairDue()))
                .thenNoReply();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onRepairDue(LeaseBook book, RepairDue due) {
        return carryOut(book, ledger.repair(book, live(), life.open(), now()))
                .thenRun(life::reasserted)
                .thenNoReply();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> onGraceOver(LeaseBook book, GraceOver over) {
        life.graceOver();
        timers.startTimerWithFixedDelay(
                InventoryDue.class, new InventoryDue(), Duration.ZERO, settings.inventoryInterval());
        return Effect().noReply();
    }

    private ReplyEffect<LedgerEvent, LeaseBook> done(Runnable action) {
        action.run();
        return Effect().noReply();
    }

    private EffectBuilder<LedgerEvent, LeaseBook> carryOut(LeaseBook book, Decision decision) {
        List<Lease> ending = decision.ending(book);
        return Effect().persist(decision.events()).thenRun((LeaseBook after) -> {
            log.stored(decision.events());
            life.stored(after, ending, decision.orders(), now());
        });
    }

    private LiveWorkers live() {
        return life.workers(ports.live().get());
    }

    private Instant now() {
        return ports.clock().instant();
    }
}
