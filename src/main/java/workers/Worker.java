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
import inference.TurnId;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import kv.Epoch;
import kv.Hold;
import kv.Incarnation;
import kv.KvEvent;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import kv.WorkerId;
import metrics.Metric;
import org.jspecify.annotations.Nullable;
import workers.events.EventSequence;
import workers.holds.HoldEnd;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * One engine's owner in the cluster: admission, running turns, the engine's block mirror, incarnation.
 *
 * <p>The engine is the truth about its cache; the worker mirrors it under an incarnation and draws a new one whenever what
 * it told may no longer hold: the engine restarted, or events are lost for good. The worker is the truth about its capacity.
 * Nothing here is durable: a worker that starts again probes its engine and has the engine's events repeated.
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
     */
    public record AdmitTurn(
            TurnId turn,
            int inputTokens,
            int expectedOutputTokens,
            @Nullable Prefix cached,
            ActorRef<AdmitReply> replyTo)
            implements Command {}

    /** A turn's sign of life: renews its admission. */
    public record RenewAdmission(TurnId turn) implements Command {}

    /** An admitted turn is over, however it ended. */
    public record EndTurn(TurnId turn) implements Command {}

    /** A node could not reach the engine or its stream broke: the worker probes at once. */
    public record ReportFailure(String reason) implements Command {}

    /** A router wants this worker's view: a snapshot first, then every change. Repeating it starts over. */
    public record Attach(ActorRef<Update> subscriber) implements Command {}

    /** A router has applied updates up to a number; without it the worker stops sending after a window. */
    public record AckUpdates(ActorRef<Update> subscriber, long number) implements Command {}

    /** Asks for the worker's status. */
    public record GetStatus(ActorRef<Status> replyTo) implements Command {}

    /** Asks to keep a prefix; an earlier hold of the lease is replaced. */
    public record HoldPrefix(Hold hold, Incarnation incarnation, ActorRef<RetentionNews> keeper) implements Command {}

    /** A lease needs its hold no longer. */
    public record ReleaseHold(LeaseId lease, Epoch epoch) implements Command {}

    private record FeedSaid(KvEventFeed.News news) implements Command {}

    private record ProbeDue() implements Command {}

    private record EngineAnswered(EngineClient.Probe probe) implements Command {}

    private record EngineSilent(String reason) implements Command {}

    private record AdmissionLapsed(TurnId turn) implements Command {}

    private record LoadDue() implements Command {}

    private record HoldsDue() implements Command {}

    private record EngineHeld(LeaseId lease, long grant, @Nullable Receipt receipt) implements Command {}

    private record SubscriberStopped(ActorRef<Update> subscriber) implements Command {}

    /** Answer to {@link AdmitTurn}. */
    public sealed interface AdmitReply {}

    /**
     * The turn may be sent to the engine.
     *
     * @param validFor lapses without {@link RenewAdmission} in that time
     */
    public record Admitted(Incarnation incarnation, Duration validFor) implements AdmitReply {}

    /** The turn may not run here now; the router's view was stale and the load tells how. */
    public record AdmissionRefused(RefusalReason reason, WorkerLoad load) implements AdmitReply {}

    /** Why a worker refuses. */
    public enum RefusalReason {
        NOT_READY,
        DRAINING,
        FULL,
        TOO_LONG
    }

    /**
     * Answer to {@link GetStatus}.
     *
     * @param incarnation null until the engine answered for the first time
     * @param reason why the worker is in its state
     * @param holds what it keeps, the first to yield first
     */
    public record Status(
            WorkerId worker,
            WorkerState state,
            @Nullable Incarnation incarnation,
            @Nullable EngineFacts facts,
            WorkerLoad load,
            int admittedTurns,
            String reason,
            List<Hold> holds) {
        public Status {
            holds = List.copyOf(holds);
        }
    }

    /** What a worker tells the keeper of a lease. */
    public sealed interface RetentionNews {}

    /** Answer to {@link HoldPrefix}. */
    public record HoldAnswered(WorkerId worker, LeaseId lease, Epoch epoch, Incarnation incarnation, Receipt receipt)
            implements RetentionNews {}

    /**
     * An acknowledged hold became less, or is over.
     *
     * @param left what is kept on until the same deadline; null for nothing
     */
    public record HoldEnded(
            WorkerId worker, LeaseId lease, Epoch epoch, Incarnation incarnation, HoldEnd reason, @Nullable Prefix left)
            implements RetentionNews {}

    /**
     * News for a router, numbered from 1 per {@link Attach}; a number is never skipped. The first is always a
     * {@link Joined}.
     */
    public sealed interface Update {
        long number();
    }

    /** What the worker is from here on. Blocks told before are void: those it holds follow as a snapshot. */
    public record Joined(
            long number,
            WorkerId worker,
            WorkerState state,
            Incarnation incarnation,
            @Nullable EngineFacts facts,
            WorkerLoad load)
            implements Update {}

    /**
     * Changes of the engine's blocks, in order; a snapshot comes as stores. At most 64 KiB serialized.
     *
     * @param rank data-parallel rank whose cache changed, from 0
     */
    public record BlocksChanged(long number, Incarnation incarnation, int rank, List<KvEvent> events)
            implements Update {
        public BlocksChanged {
            events = List.copyOf(events);
        }
    }

    /** The load or state changed; coalesced. */
    public record LoadChanged(long number, WorkerState state, WorkerLoad load) implements Update {}

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
    private final EngineClient engine;
    private final EngineLife life;
    private final Admissions admissions;
    private final EngineCache cache;
    private final HoldCommands holds;
    private final WorkerView view;
    private final Subscribers subscribers;
    private final LoadView load = new LoadView();
    private boolean registered;
    private boolean probing;
    private boolean failureReported;

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
        this.engine = ports.engines().apply(id);
        this.life = new EngineLife(settings.blockSizeTokens(), settings.failedProbes());
        this.admissions = new Admissions(settings.turnsPerSlot());
        Optional<ActorRef<KvEventFeed.Command>> feed = endpoint.events() == null
                ? Optional.empty()
                : Optional.of(context.spawn(
                        KvEventFeed.create(
                                endpoint,
                                ports.events(),
                                settings.events(),
                                context.messageAdapter(KvEventFeed.News.class, FeedSaid::new),
                                ports.metrics()),
                        "events"));
        this.cache = new EngineCache(settings.blockSizeTokens(), ports, feed);
        this.holds = new HoldCommands(id, settings.holds(), ports, engine, cache.mirror(), this::awaitEngine);
        holds.begin(cache.incarnation());
        this.view = new WorkerView(id, life, admissions, load, cache, holds);
        this.subscribers = new Subscribers(settings, view::begin);
        timers.startTimerWithFixedDelay(new ProbeDue(), Duration.ZERO, settings.heartbeatInterval());
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Start.class, start -> this) // receiving it woke the worker
                .onMessage(AdmitTurn.class, this::onAdmitTurn)
                .onMessage(RenewAdmission.class, this::onRenewAdmission)
                .onMessage(EndTurn.class, this::onEndTurn)
                .onMessage(ReportFailure.class, this::onReportFailure)
                .onMessage(Attach.class, this::onAttach)
                .onMessage(AckUpdates.class, this::onAckUpdates)
                .onMessage(GetStatus.class, this::onGetStatus)
                .onMessage(HoldPrefix.class, this::onHoldPrefix)
                .onMessage(ReleaseHold.class, this::onReleaseHold)
                .onMessage(FeedSaid.class, this::onFeedSaid)
                .onMessage(ProbeDue.class, due -> probe())
                .onMessage(EngineAnswered.class, this::onEngineAnswered)
                .onMessage(EngineSilent.class, this::onEngineSilent)
                .onMessage(AdmissionLapsed.class, this::onAdmissionLapsed)
                .onMessage(LoadDue.class, due -> reportLoad())
                .onMessage(HoldsDue.class, this::onHoldsDue)
                .onMessage(EngineHeld.class, this::onEngineHeld)
                .onMessage(SubscriberStopped.class, this::onSubscriberStopped)
                .build();
    }

    private Behavior<Command> onAdmitTurn(AdmitTurn admit) {
        Optional<RefusalReason> refusal = admissions.admit(
                admit.turn(),
                admit.inputTokens(),
                admit.expectedOutputTokens(),
                holds.heldPart(admit.cached()),
                life.state(),
                life.facts());
        ports.metrics().count(Metric.ADMISSIONS, refusal.map(Enum::name).orElse("ADMITTED"));
        if (refusal.isPresent()) {
            admit.replyTo().tell(new AdmissionRefused(refusal.get(), view.load()));
            return this;
        }
        expectSignOfLife(admit.turn());
        admit.replyTo().tell(new Admitted(cache.incarnation(), settings.admissionValidity()));
        holds.yieldTo(Math.max(0, view.load().deviceBlocksTotal() - admissions.freshBlocks()));
        return holdsChanged();
    }

    private Behavior<Command> onRenewAdmission(RenewAdmission renew) {
        admissions.adopt(renew.turn());
        expectSignOfLife(renew.turn());
        return this;
    }

    private Behavior<Command> onEndTurn(EndTurn end) {
        timers.cancel(end.turn());
        return admissions.end(end.turn()) ? loadChanged() : this;
    }

    private Behavior<Command> onReportFailure(ReportFailure report) {
        getContext().getLog().info("worker {}: a node reports a failure: {}", id, report.reason());
        failureReported = true;
        return probe();
    }

    private Behavior<Command> onAttach(Attach attach) {
        if (subscribers.attach(attach.subscriber())) {
            getContext().watchWith(attach.subscriber(), new SubscriberStopped(attach.subscriber()));
        }
        return this;
    }

    private Behavior<Command> onAckUpdates(AckUpdates ack) {
        subscribers.acknowledge(ack);
        return this;
    }

    private Behavior<Command> onGetStatus(GetStatus get) {
        get.replyTo().tell(view.status());
        return this;
    }

    private Behavior<Command> onHoldPrefix(HoldPrefix command) {
        holds.hold(command, life.state(), life.facts());
        return holdsChanged();
    }

    private Behavior<Command> onReleaseHold(ReleaseHold command) {
        holds.release(command);
        return holdsChanged();
    }

    private Behavior<Command> onFeedSaid(FeedSaid said) {
        if (!cache.concernedBy(said.news())) {
            return this;
        }
        if (said.news() instanceof KvEventFeed.EventsArrived arrived) {
            return eventsArrived(arrived);
        }
        return eventsStartedOver((KvEventFeed.EventsStartedOver) said.news());
    }

    private Behavior<Command> onEngineAnswered(EngineAnswered answered) {
        probing = false;
        failureReported = false;
        String before = life.reason();
        EngineLife.Seen seen = life.answered(answered.probe());
        load.probed(answered.probe(), admissions.turns());
        logTransition(before);
        if (life.state() == WorkerState.READY && !registered) {
            registered = true;
            getContext()
                    .getSystem()
                    .receptionist()
                    .tell(Receptionist.register(SERVICE_KEY, getContext().getSelf()));
        }
        EngineFacts facts = life.facts();
        if (facts != null) {
            holds.probed(facts);
        }
        if (seen == EngineLife.Seen.RESTARTED) {
            cache.engineRestarted();
            renewIncarnation("its start time is another");
        } else if (seen == EngineLife.Seen.CHANGED) {
            subscribers.begin();
        }
        return reportLoad();
    }

    private Behavior<Command> onEngineSilent(EngineSilent silent) {
        probing = false;
        String before = life.reason();
        life.silent(silent.reason(), failureReported);
        failureReported = false;
        logTransition(before);
        return reportLoad();
    }

    private Behavior<Command> onAdmissionLapsed(AdmissionLapsed lapsed) {
        ports.metrics().count(Metric.ADMISSIONS_LAPSED);
        getContext().getLog().info("worker {}: the admission of {} lapsed", id, lapsed.turn());
        return admissions.end(lapsed.turn()) ? loadChanged() : this;
    }

    private Behavior<Command> onHoldsDue(HoldsDue due) {
        holds.tick();
        return holdsChanged();
    }

    private Behavior<Command> onEngineHeld(EngineHeld answer) {
        holds.engineAnswered(answer.lease(), answer.grant(), answer.receipt());
        return holdsChanged();
    }

    private Behavior<Command> onSubscriberStopped(SubscriberStopped stopped) {
        subscribers.remove(stopped.subscriber());
        return this;
    }

    private Behavior<Command> eventsArrived(KvEventFeed.EventsArrived arrived) {
        BlockMirror.Changes changes = cache.apply(arrived);
        if (changes.events().isEmpty()) {
            return this;
        }
        subscribers.blocks(cache.incarnation(), arrived.rank(), changes.events());
        holds.cacheChanged(changes.events());
        return holdsChanged();
    }

    private Behavior<Command> eventsStartedOver(KvEventFeed.EventsStartedOver over) {
        cache.startOver(over);
        if (over.reason() == EventSequence.Reason.REQUESTED) {
            subscribers.begin();
            return this;
        }
        if (over.reason() == EventSequence.Reason.RESTARTED) {
            life.forgetStart();
            load.restarted();
        }
        renewIncarnation("its events say " + over.reason().name().toLowerCase(Locale.ROOT));
        return probe();
    }

    private Behavior<Command> probe() {
        if (!probing) {
            probing = true;
            getContext()
                    .pipeToSelf(
                            engine.probe(),
                            (probe, failure) -> probe == null
                                    ? new EngineSilent("the engine does not answer: " + failure)
                                    : new EngineAnswered(probe));
        }
        return this;
    }

    private void renewIncarnation(String why) {
        Incarnation next = cache.renew();
        getContext().getLog().info("worker {}: new incarnation {}: {}", id, next, why);
        holds.begin(next);
        subscribers.begin();
        holdsChanged();
    }

    private void expectSignOfLife(TurnId turn) {
        timers.startSingleTimer(turn, new AdmissionLapsed(turn), settings.admissionValidity());
    }

    private Behavior<Command> loadChanged() {
        if (!timers.isTimerActive(LoadDue.class)) {
            timers.startSingleTimer(LoadDue.class, new LoadDue(), settings.loadInterval());
        }
        return this;
    }

    private Behavior<Command> holdsChanged() {
        holds.untilNext()
                .ifPresentOrElse(
                        delay -> timers.startSingleTimer(HoldsDue.class, new HoldsDue(), delay),
                        () -> timers.cancel(HoldsDue.class));
        return loadChanged();
    }

    private void awaitEngine(CompletionStage<Receipt> receipt, LeaseId lease, long grant) {
        getContext().pipeToSelf(receipt, (answer, failure) -> new EngineHeld(lease, grant, answer));
    }

    private Behavior<Command> reportLoad() {
        WorkerLoad current = view.load();
        subscribers.load(life.state(), current);
        return this;
    }

    private void logTransition(String reasonBefore) {
        if (!life.reason().equals(reasonBefore)) {
            getContext().getLog().info("worker {}: {}: {}", id, life.state(), life.reason());
        }
    }
}
