package router;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.actor.typed.receptionist.Receptionist;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import kv.CacheOwner;
import kv.KvEvent;
import kv.PrefixIndex;
import kv.WorkerId;
import metrics.Metric;
import metrics.Metrics;
import org.jspecify.annotations.Nullable;
import workers.Worker;
import workers.WorkerUpdate;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * The one writer of a node's prefix index: attaches to every worker of the cluster, applies its numbered updates in order
 * and passes loads on to the node's {@link Router} and {@link WorkerRoster}. A hole in the numbers, or blocks behind an unknown parent, start that
 * worker's part over from a snapshot. The blocks of an older incarnation are void the moment a newer one is seen.
 *
 * <p>Workers report at every heartbeat. One that says nothing for a while gets no turns, and is attached to anew: the
 * attachment or an update may have been lost.
 */
public final class IndexReplica extends AbstractBehavior<IndexReplica.Command> {

    /** What a replica is told; all of it comes from its own node's adapters. */
    public sealed interface Command {}

    private record WorkersListed(Receptionist.Listing listing) implements Command {}

    private record SilenceDue() implements Command {}

    private record GraceOver(WorkerId worker) implements Command {}

    private record WorkerSaid(ActorRef<Worker.Command> worker, ActorRef<WorkerUpdate> ear, WorkerUpdate update)
            implements Command {}

    /**
     * A replica that feeds one index and one router.
     *
     * @param index written by this actor alone from here on
     * @param roster likewise
     * @param workerSilence how long a worker may say nothing
     * @param workerGrace how long a worker that is not there any more may take to be back before it counts as gone
     */
    public static Behavior<Command> create(
            PrefixIndex index,
            ActorRef<Router.Command> router,
            WorkerRoster roster,
            Duration workerSilence,
            Duration workerGrace,
            Metrics metrics) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(new SilenceDue(), workerSilence);
            return new IndexReplica(context, timers, index, router, roster, workerGrace, metrics);
        }));
    }

    private final TimerScheduler<Command> timers;
    private final PrefixIndex index;
    private final ActorRef<Router.Command> router;
    private final WorkerRoster roster;
    private final Duration workerGrace;
    private final Metrics metrics;
    private final Map<ActorRef<Worker.Command>, Attachment> attachments = new HashMap<>();

    private IndexReplica(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            PrefixIndex index,
            ActorRef<Router.Command> router,
            WorkerRoster roster,
            Duration workerGrace,
            Metrics metrics) {
        super(context);
        this.timers = timers;
        this.index = index;
        this.router = router;
        this.roster = roster;
        this.workerGrace = workerGrace;
        this.metrics = metrics;
        metrics.gauge(Metric.INDEX_BLOCKS, index::distinctBlocks);
        context.getSystem()
                .receptionist()
                .tell(Receptionist.subscribe(
                        Worker.SERVICE_KEY, context.messageAdapter(Receptionist.Listing.class, WorkersListed::new)));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(WorkersListed.class, this::onWorkersListed)
                .onMessage(SilenceDue.class, this::onSilenceDue)
                .onMessage(GraceOver.class, this::onGraceOver)
                .onMessage(WorkerSaid.class, this::onWorkerSaid)
                .build();
    }

    private Behavior<Command> onWorkersListed(WorkersListed listed) {
        var present = listed.listing().getServiceInstances(Worker.SERVICE_KEY);
        List.copyOf(attachments.keySet()).stream()
                .filter(worker -> !present.contains(worker))
                .forEach(this::detach);
        present.forEach(worker -> attachments.computeIfAbsent(worker, this::attach));
        return this;
    }

    private Behavior<Command> onSilenceDue(SilenceDue due) {
        for (var entry : List.copyOf(attachments.entrySet())) {
            Attachment attachment = entry.getValue();
            attachment.startedOver = false;
            if (!attachment.heard || attachment.broken) {
                if (attachment.joined != null && !attachment.heard) {
                    changed(attachment.joined, WorkerState.UNREACHABLE, attachment.joined.load());
                }
                startOver(entry.getKey(), attachment.broken ? "its blocks do not fit" : "it says nothing");
            }
            attachment.heard = false;
        }
        return this;
    }

    private Behavior<Command> onGraceOver(GraceOver over) {
        getContext().getLog().info("worker {} did not come back within {}", over.worker(), workerGrace);
        roster.lost(over.worker());
        return this;
    }

    private Behavior<Command> onWorkerSaid(WorkerSaid said) {
        Attachment attachment = attachments.get(said.worker());
        if (attachment == null || !attachment.ear.equals(said.ear())) {
            return this;
        }
        attachment.heard = true;
        if (attachment.broken) {
            return this;
        }
        WorkerUpdate update = said.update();
        if (update.number() != attachment.applied + 1) {
            return startOver(said.worker(), "update " + update.number() + " came after " + attachment.applied);
        }
        attachment.applied = update.number();
        if (update instanceof WorkerUpdate.Joined joined) {
            join(attachment, joined);
        } else if (update instanceof WorkerUpdate.BlocksChanged changed && !apply(attachment, changed)) {
            return startOverOnce(said.worker(), attachment);
        } else if (update instanceof WorkerUpdate.LoadChanged changed && attachment.joined != null) {
            changed(attachment.joined, changed.state(), changed.load());
        }
        said.worker().tell(new Worker.AckUpdates(said.ear(), update.number()));
        return this;
    }

    private void join(Attachment attachment, WorkerUpdate.Joined joined) {
        // A worker that moved is another actor: whatever its predecessor told is void, too.
        for (Attachment other : attachments.values()) {
            if (other.speaksFor(joined.worker())) {
                forgetBlocks(other);
                other.joined = null;
            }
        }
        forgetBlocks(attachment);
        attachment.joined = joined;
        if (joined.facts() != null) {
            router.tell(new Router.WorkerJoined(
                    joined.worker(), joined.incarnation(), joined.facts(), joined.state(), joined.load()));
            timers.cancel(new GraceOver(joined.worker()));
            roster.joined(joined.worker(), joined.incarnation(), joined.facts(), joined.state(), joined.load());
        }
    }

    private void changed(WorkerUpdate.Joined joined, WorkerState state, WorkerLoad load) {
        router.tell(new Router.WorkerChanged(joined.worker(), state, load));
        roster.changed(joined.worker(), state, load);
    }

    /** False when an event does not fit what is known here. Events of another incarnation are void. */
    private boolean apply(Attachment attachment, WorkerUpdate.BlocksChanged changed) {
        WorkerUpdate.Joined joined = attachment.joined;
        if (joined == null || !joined.incarnation().equals(changed.incarnation())) {
            return true;
        }
        CacheOwner owner = new CacheOwner(joined.worker(), joined.incarnation(), changed.rank());
        attachment.caches.add(owner);
        for (KvEvent event : changed.events()) {
            if (index.apply(owner, event) == PrefixIndex.Applied.UNKNOWN_PARENT) {
                return false;
            }
        }
        return true;
    }

    /** Blocks that do not fit although a snapshot has just been told would not fit after another one either: wait. */
    private Behavior<Command> startOverOnce(ActorRef<Worker.Command> worker, Attachment attachment) {
        if (attachment.startedOver) {
            attachment.broken = true;
            return this;
        }
        return startOver(worker, "blocks were stored behind an unknown parent");
    }

    private Behavior<Command> startOver(ActorRef<Worker.Command> worker, String reason) {
        getContext().getLog().info("index of {} starts over: {}", worker.path().name(), reason);
        metrics.count(Metric.INDEX_RESYNCS);
        Attachment old = attachments.get(worker);
        Attachment fresh = attach(worker);
        if (old != null) {
            fresh.joined = old.joined;
            fresh.startedOver = true;
            fresh.caches.addAll(old.caches);
            getContext().stop(old.ear);
        }
        attachments.put(worker, fresh);
        return this;
    }

    private Attachment attach(ActorRef<Worker.Command> worker) {
        ActorRef<Command> self = getContext().getSelf();
        ActorRef<WorkerUpdate> ear = getContext().spawnAnonymous(Behaviors.<WorkerUpdate>receive((context, update) -> {
            self.tell(new WorkerSaid(worker, context.getSelf(), update));
            return Behaviors.same();
        }));
        worker.tell(new Worker.Attach(ear));
        return new Attachment(ear);
    }

    private void detach(ActorRef<Worker.Command> worker) {
        Attachment attachment = attachments.remove(worker);
        if (attachment != null) {
            forgetBlocks(attachment);
            getContext().stop(attachment.ear);
            if (attachment.joined != null) {
                router.tell(new Router.WorkerLost(attachment.joined.worker()));
                GraceOver over = new GraceOver(attachment.joined.worker());
                roster.missing(over.worker());
                timers.startSingleTimer(over, over, workerGrace);
            }
        }
    }

    private void forgetBlocks(Attachment attachment) {
        attachment.caches.forEach(index::remove);
        attachment.caches.clear();
    }

    /** Where one worker's updates arrive, how far they are applied, and whose blocks they are about. */
    private static final class Attachment {
        private final ActorRef<WorkerUpdate> ear;
        private long applied;
        private WorkerUpdate.@Nullable Joined joined;
        private final Set<CacheOwner> caches = new HashSet<>();
        /** Whether it said anything since silence was last checked; a fresh one has time until the next check but one. */
        private boolean heard = true;
        /** Whether it started over since then. */
        private boolean startedOver;
        /** Whether what it says cannot be applied until it starts over. */
        private boolean broken;

        Attachment(ActorRef<WorkerUpdate> ear) {
            this.ear = ear;
        }

        boolean speaksFor(WorkerId worker) {
            return joined != null && joined.worker().equals(worker);
        }
    }
}
