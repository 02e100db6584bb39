package workers;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.actor.typed.receptionist.Receptionist;
import akka.actor.typed.receptionist.ServiceKey;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import inference.ConversationRef;
import inference.TurnId;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import kv.Epoch;
import kv.Hold;
import kv.Incarnation;
import kv.LeaseId;
import kv.LedgerId;
import kv.Prefix;
import kv.Receipt;
import kv.StoredCopy;
import kv.WorkerId;
import metrics.Metric;
import org.jspecify.annotations.Nullable;
import workers.status.WorkerState;

/**
 * One engine's owner in the cluster: admission, running turns, the engine's block mirror, incarnation.
 *
 * <p>The engine is the truth about its cache; the worker mirrors it under an incarnation and draws a new one whenever what
 * it told may no longer hold: the engine restarted, or events are lost for good. The worker is the truth about its capacity.
 * Nothing here is durable: a worker that starts again probes its engine and has the engine's events repeated.
 *
 * <p>What it says has a file for each who hears it: turns {@link AdmitReply}, keepers of leases {@link RetentionNews}, routers
 * {@link WorkerUpdate}, operators {@link WorkerStatus}.
 */
public final class Worker extends AbstractBehavior<Worker.Command> {
    /** Sharding key; the entity id is the engine's URL, encoded. */
    public static final EntityTypeKey<Command> TYPE_KEY = EntityTypeKey.create(Command.class, "Worker");

    /** Under which workers are found by routers. */
    public static final ServiceKey<Command> SERVICE_KEY = ServiceKey.create(Command.class, "workers");

    /** What a worker is told. */
    public sealed interface Command {}

    /** Wakes the worker; repeated after every start of a node. */
    public record Start() implements Command {}

    /**
     * Asks for admission of a turn. Repeating it for an admitted turn gives the same admission.
     *
     * @param inputTokens whole prompt
     * @param expectedOutputTokens reserve for the answer
     * @param cached part of the prompt that is believed to be in the engine's cache, null for none
     * @param source copy to load first, which holds more of the prompt than {@code cached}; null for none
     */
    public record AdmitTurn(
            TurnId turn,
            int inputTokens,
            int expectedOutputTokens,
            @Nullable Prefix cached,
            @Nullable StoredCopy source,
            ActorRef<AdmitReply> replyTo)
            implements Command {}

    /** A turn's sign of life: renews its admission. */
    public record RenewAdmission(TurnId turn) implements Command {}

    /** An admitted turn is over, however it ended. */
    public record EndTurn(TurnId turn) implements Command {}

    /** A node could not reach the engine or its stream broke: the worker probes at once. */
    public record ReportFailure(String reason) implements Command {}

    /** A router wants this worker's view: a snapshot first, then every change. Repeating it starts over. */
    public record Attach(ActorRef<WorkerUpdate> subscriber) implements Command {}

    /** A router has applied updates up to a number; without it the worker stops sending after a window. */
    public record AckUpdates(ActorRef<WorkerUpdate> subscriber, long number) implements Command {}

    /**
     * An operator wants no turns here but of those whose prompts are held here, or wants all again; running ones finish. Answered with
     * the status then.
     */
    public record SetDraining(boolean draining, ActorRef<WorkerStatus> replyTo) implements Command {}

    /** Asks for the worker's status. */
    public record GetStatus(ActorRef<WorkerStatus> replyTo) implements Command {}

    /**
     * Asks to keep a prefix; an earlier hold of the lease is replaced. Of one lease the order with the highest number in the
     * latest epoch counts, however they arrive.
     *
     * @param order number of the order among its keeper's
     */
    public record HoldPrefix(Hold hold, Incarnation incarnation, long order, ActorRef<RetentionNews> keeper)
            implements Command {}

    /**
     * The owner of a hold in a colder tier is about to be back: asks to have the prefix on the device, if that takes no room from
     * running turns and other holds.
     */
    public record PrefetchHold(LeaseId lease, Epoch epoch, Incarnation incarnation) implements Command {}

    /**
     * The owner of a hold on the device is away for long: asks to keep it in the host tier for the rest of its time, if the device's room is
     * wanted and both the host and the engine take all of it. Answered with what is held there, as a {@link HoldPrefix} would be; not when
     * nothing is moved: it stays where it is then.
     */
    public record DemoteHold(
            LeaseId lease, Epoch epoch, Incarnation incarnation, long order, ActorRef<RetentionNews> keeper)
            implements Command {}

    /** A lease needs its hold no longer; numbered as {@link HoldPrefix}. */
    public record ReleaseHold(LeaseId lease, Epoch epoch, long order) implements Command {}

    /**
     * A turn's prompt has been computed in its seat; a long one is told in pieces, in order.
     *
     * @param from blocks before these
     */
    public record SeatFilled(TurnId turn, int from, long[] hashes) implements Command {}

    /**
     * Asks for a copy of a prefix outside the engine, with what the conversation's next turn is sure to begin with.
     *
     * @param order number of the order among its keeper's
     */
    public record CopyPrefix(
            LedgerId ledger,
            LeaseId lease,
            Epoch epoch,
            Incarnation incarnation,
            Prefix prefix,
            ConversationRef conversation,
            long order,
            ActorRef<RetentionNews> keeper)
            implements Command {}

    /**
     * Asks to have a prefix computed here; a guess only while the engine is idle enough.
     *
     * @param source worker whose engine has it, to be taken over from there instead; null for none
     * @param order number of the order among its keeper's
     */
    public record WarmPrefix(
            LeaseId lease,
            Epoch epoch,
            Incarnation incarnation,
            Prefix prefix,
            ConversationRef conversation,
            boolean guess,
            @Nullable WorkerId source,
            long order,
            ActorRef<RetentionNews> keeper)
            implements Command {}

    /** A copy is not needed any more. */
    public record DiscardCopy(String location) implements Command {}

    /** Asks which copies of a ledger are in the engine's storage. */
    public record ListCopies(LedgerId ledger, ActorRef<RetentionNews> keeper) implements Command {}

    private record FeedSaid(KvEventFeed.News news) implements Command {}

    private record ProbeDue() implements Command {}

    private record AdmissionLapsed(TurnId turn) implements Command {}

    private record LoadDue() implements Command {}

    private record HoldsDue() implements Command {}

    private record EngineDone(Runnable then) implements Command {}

    private record SubscriberStopped(ActorRef<WorkerUpdate> subscriber) implements Command {}

    /**
     * The worker of one engine.
     *
     * @param endpoint where the engine is
     */
    public static Behavior<Command> create(EngineEndpoint endpoint, WorkerSettings settings, WorkerPorts ports) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new Worker(context, timers, endpoint, settings, ports)));
    }

    private final TimerScheduler<Command> timers;
    private final WorkerId id;
    private final WorkerSettings settings;
    private final WorkerPorts ports;
    private final EngineLife life;
    private final Admissions admissions;
    private final EngineCache cache;
    private final HoldCommands holds;
    private final SeatedTurns seats;
    private final CopyCommands copies;
    private final WarmCommands warms;
    private final AdmissionDesk desk;
    private final WorkerView view;
    private final Subscribers subscribers;
    private final CacheNews news;
    private final LoadView load = new LoadView();
    private final Heartbeat heartbeat;
    private boolean registered;

    private Worker(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            EngineEndpoint endpoint,
            WorkerSettings settings,
            WorkerPorts ports) {
        super(context);
        this.timers = timers;
        this.id = endpoint.worker();
        this.settings = settings;
        this.ports = ports;
        EngineClient engine = ports.engines().apply(id);
        this.life = new EngineLife(id, settings, context.getLog());
        this.admissions = new Admissions();
        this.cache = new EngineCache(
                settings.blockSizeTokens(),
                ports,
                KvEventFeed.spawn(
                        context,
                        endpoint,
                        settings.events(),
                        context.messageAdapter(KvEventFeed.News.class, FeedSaid::new),
                        ports),
                endpoint.ranks());
        this.holds = new HoldCommands(id, settings.holds(), ports, engine, cache.mirror(), this::awaitHold);
        holds.begin(cache.incarnation());
        this.view = new WorkerView(id, life, admissions, load, cache, holds);
        this.subscribers = new Subscribers(settings, view::begin);
        this.news = new CacheNews(id, life, load, cache, holds, subscribers, context.getLog());
        this.seats = new SeatedTurns(engine, cache, holds, this::await, news::seats);
        int remembered = settings.holds().epochsRemembered();
        CommandFence fence = new CommandFence(cache, remembered);
        this.copies = new CopyCommands(id, ports, engine, cache, fence, remembered, this::await);
        this.warms =
                new WarmCommands(id, settings.holds(), ports, engine, cache, holds, fence, this::await, news::seats);
        this.desk = new AdmissionDesk(
                ports,
                settings.admissionValidity(),
                timers,
                AdmissionLapsed::new,
                admissions,
                life,
                cache,
                holds,
                seats,
                view);
        this.heartbeat = new Heartbeat(
                engine, life, load, admissions, holds, seats, news, subscribers, this::await, this::probed);
        timers.startTimerWithFixedDelay(new ProbeDue(), Duration.ZERO, settings.heartbeatInterval());
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Start.class, start -> this) // receiving it woke the worker
                .onMessage(AdmitTurn.class, admit -> holdsChanged(() -> desk.admit(admit)))
                .onMessage(RenewAdmission.class, renew -> done(() -> desk.renew(renew.turn())))
                .onMessage(EndTurn.class, end -> over(end.turn()))
                .onMessage(ReportFailure.class, this::onReportFailure)
                .onMessage(Attach.class, this::onAttach)
                .onMessage(AckUpdates.class, ack -> done(() -> subscribers.acknowledge(ack)))
                .onMessage(SetDraining.class, this::onSetDraining)
                .onMessage(GetStatus.class, get -> done(() -> get.replyTo().tell(view.status())))
                .onMessage(HoldPrefix.class, this::onHoldPrefix)
                .onMessage(PrefetchHold.class, command -> done(() -> holds.prefetch(command, view.sparedBlocks())))
                .onMessage(
                        DemoteHold.class,
                        command -> holdsChanged(() -> holds.demote(command, life, view.sparedBlocks())))
                .onMessage(ReleaseHold.class, command -> holdsChanged(() -> holds.release(command)))
                .onMessage(SeatFilled.class, filled -> holdsChanged(() -> seats.filled(filled)))
                .onMessage(CopyPrefix.class, command -> holdsChanged(() -> copies.copy(command, life.facts())))
                .onMessage(
                        WarmPrefix.class,
                        command -> holdsChanged(() -> warms.warm(command, life.facts(), life.state(), view.load())))
                .onMessage(DiscardCopy.class, command -> holdsChanged(() -> copies.discard(command)))
                .onMessage(ListCopies.class, command -> done(() -> copies.list(command)))
                .onMessage(EngineDone.class, done -> holdsChanged(done.then()))
                .onMessage(FeedSaid.class, this::onFeedSaid)
                .onMessage(ProbeDue.class, due -> probe())
                .onMessage(AdmissionLapsed.class, this::onAdmissionLapsed)
                .onMessage(LoadDue.class, due -> reportLoad())
                .onMessage(HoldsDue.class, due -> holdsChanged(() -> holds.tick()))
                .onMessage(SubscriberStopped.class, stopped -> done(() -> subscribers.remove(stopped.subscriber())))
                .build();
    }

    private Behavior<Command> onHoldPrefix(HoldPrefix command) {
        long arrivedNanos = ports.nanoTime().getAsLong();
        return holdsChanged(() -> cache.whenToldOf(
                command.hold().prefix(), command.incarnation(), () -> holds.hold(command, arrivedNanos, life)));
    }

    private Behavior<Command> onSetDraining(SetDraining command) {
        life.drain(command.draining());
        command.replyTo().tell(view.status());
        return reportLoad();
    }

    private Behavior<Command> onReportFailure(ReportFailure report) {
        getContext().getLog().info("worker {}: a node reports a failure: {}", id, report.reason());
        return done(heartbeat::failureReported);
    }

    private Behavior<Command> onAttach(Attach attach) {
        if (subscribers.attach(attach.subscriber())) {
            getContext().watchWith(attach.subscriber(), new SubscriberStopped(attach.subscriber()));
        }
        return this;
    }

    private Behavior<Command> onFeedSaid(FeedSaid said) {
        if (!cache.concernedBy(said.news())) {
            return this;
        }
        boolean unexpected = news.told(said.news());
        holdsChanged();
        return unexpected ? probe() : this;
    }

    private Behavior<Command> onAdmissionLapsed(AdmissionLapsed lapsed) {
        ports.metrics().count(Metric.ADMISSIONS_LAPSED);
        getContext().getLog().info("worker {}: the admission of {} lapsed", id, lapsed.turn());
        return over(lapsed.turn());
    }

    private Behavior<Command> over(TurnId turn) {
        return desk.end(turn) ? loadChanged() : this;
    }

    private Behavior<Command> probe() {
        return done(heartbeat::beat);
    }

    private void probed() {
        if (life.state() == WorkerState.READY && !registered) {
            registered = true;
            var self = getContext().getSelf();
            getContext().getSystem().receptionist().tell(Receptionist.register(SERVICE_KEY, self));
        }
        reportLoad();
    }

    private Behavior<Command> loadChanged() {
        if (!timers.isTimerActive(LoadDue.class)) {
            timers.startSingleTimer(LoadDue.class, new LoadDue(), settings.loadInterval());
        }
        return this;
    }

    private Behavior<Command> done(Runnable action) {
        action.run();
        return this;
    }

    /** After whatever may have changed holds, blocks or seats. */
    private Behavior<Command> holdsChanged(Runnable change) {
        change.run();
        return holdsChanged();
    }

    private Behavior<Command> holdsChanged() {
        holds.untilNext()
                .ifPresentOrElse(
                        delay -> timers.startSingleTimer(HoldsDue.class, new HoldsDue(), delay),
                        () -> timers.cancel(HoldsDue.class));
        return loadChanged();
    }

    private void awaitHold(CompletionStage<Receipt> receipt, LeaseId lease, long grant) {
        await(() -> receipt, (answer, failure) -> holds.engineAnswered(lease, grant, answer));
    }

    /** A client that throws has a fault; what it was asked for has failed, no more. */
    private <T> void await(Supplier<CompletionStage<T>> work, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        CompletionStage<T> outcome;
        try {
            outcome = work.get();
        } catch (RuntimeException fault) {
            getContext().getLog().error("a client of {} threw", id, fault);
            outcome = CompletableFuture.failedStage(fault);
        }
        getContext().pipeToSelf(outcome, (value, failure) -> new EngineDone(() -> then.accept(value, failure)));
    }

    private Behavior<Command> reportLoad() {
        return done(() -> subscribers.load(life.state(), view.load()));
    }
}
