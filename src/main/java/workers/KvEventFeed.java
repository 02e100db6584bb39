package workers;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import metrics.Metric;
import metrics.Metrics;
import workers.events.EngineEvent;
import workers.events.EngineEventBatch;
import workers.events.EventSequence;
import workers.events.KvEventDecoder;
import workers.events.MalformedBatchException;

/**
 * Follows the event streams of one engine: brings their batches in order, has gaps replayed, notices restarts, decodes, and
 * tells the engine's {@link Worker}. Child of that worker; owns the source and its thread. One that fails, or whose source does, tells so
 * and begins again from what the engine still keeps.
 */
final class KvEventFeed extends AbstractBehavior<KvEventFeed.Command> {

    /** What a feed is told. */
    sealed interface Command {}

    /**
     * The engine is another one now: everything begins anew.
     *
     * @param term stands in all that the feed tells from here on
     */
    record Restart(long term) implements Command {}

    /** The worker's view of one stream does not fit its events: it is to be told all over, if the engine still can. */
    record Resync(int stream) implements Command {}

    /** What a feed tells its worker. Never leaves their node. */
    sealed interface News {
        /** Restart that it belongs to. */
        long term();
    }

    /** Events of one rank's stream, in order. */
    record EventsArrived(long term, int rank, List<EngineEvent> events) implements News {
        EventsArrived {
            events = List.copyOf(events);
        }
    }

    /** What one rank's stream told so far is void. */
    record EventsStartedOver(long term, int rank, EventSequence.Reason reason) implements News {}

    /** One rank's stream has told what the engine still kept when the feed began, or as much as can be had. Told once. */
    record EventsCaughtUp(long term, int rank) implements News {}

    /** All that the feed told in this term is void: it failed. What the engine keeps is told anew, each rank caught up anew. */
    record FeedFailed(long term) implements News {}

    /** What the source's thread says, see {@link FeedMailbox}. */
    record SourceFailed(Throwable cause) implements Command {}

    record MessageArrived(int stream, long number, byte[] payload) implements Command {}

    record MessageReplayed(int stream, long attempt, long number, byte[] payload) implements Command {}

    record ReplayEnded(int stream, long attempt) implements Command {}

    private record ReplayTimedOut(int stream, long attempt) implements Command {}

    private record StreamSilent(int stream) implements Command {}

    static Behavior<Command> create(
            EngineEndpoint endpoint,
            KvEventSource.Factory sources,
            FeedSettings settings,
            ActorRef<News> worker,
            Metrics metrics) {
        return Behaviors.setup(parent -> {
            Term term = new Term();
            Behavior<Command> feed = Behaviors.setup(context -> Behaviors.withTimers(
                    timers -> new KvEventFeed(context, timers, endpoint, sources, settings, worker, metrics, term)));
            return Behaviors.supervise(feed)
                    .onFailure(SupervisorStrategy.restartWithBackoff(
                            settings.minRestartBackoff(), settings.maxRestartBackoff(), 0.2));
        });
    }

    /** The term that the worker named last; outlives a failure. Confined to the feed. */
    private static final class Term {
        private long number;
    }

    /** Starts the feed of an engine as a worker's child; empty for an engine that publishes no events. */
    static Optional<ActorRef<Command>> spawn(
            ActorContext<?> worker,
            EngineEndpoint endpoint,
            FeedSettings settings,
            ActorRef<News> news,
            WorkerPorts ports) {
        return Optional.ofNullable(endpoint.events())
                .map(published ->
                        worker.spawn(create(endpoint, ports.events(), settings, news, ports.metrics()), "events"));
    }

    /** Events told in one message. */
    private static final int EVENTS_PER_MESSAGE = 512;

    private final TimerScheduler<Command> timers;
    private final FeedSettings settings;
    private final ActorRef<News> worker;
    private final Metrics metrics;
    private final FrameCredit credit;
    private final KvEventSource source;
    private final List<Stream> streams = new ArrayList<>();
    private final Term term;

    private KvEventFeed(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            EngineEndpoint endpoint,
            KvEventSource.Factory sources,
            FeedSettings settings,
            ActorRef<News> worker,
            Metrics metrics,
            Term term) {
        super(context);
        this.timers = timers;
        this.settings = settings;
        this.worker = worker;
        this.metrics = metrics;
        this.term = term;
        this.credit = new FrameCredit(settings.maxFramesInFlight());
        this.source = sources.open(endpoint, new FeedMailbox(context.getSelf(), credit));
        for (int rank = 0; rank < endpoint.ranks(); rank++) {
            Stream stream = new Stream(rank, endpoint.replay() != null);
            streams.add(stream);
            stream.sequence.start();
            stream.flush();
            expectMessages(rank);
        }
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Restart.class, this::onRestart)
                .onMessage(Resync.class, this::onResync)
                .onMessage(MessageArrived.class, this::onMessageArrived)
                .onMessage(MessageReplayed.class, this::onMessageReplayed)
                .onMessage(ReplayEnded.class, this::onReplayEnded)
                .onMessage(ReplayTimedOut.class, this::onReplayTimedOut)
                .onMessage(StreamSilent.class, this::onStreamSilent)
                .onMessage(SourceFailed.class, this::onSourceFailed)
                .onSignal(PreRestart.class, this::onPreRestart)
                .onSignal(PostStop.class, this::onPostStop)
                .build();
    }

    private Behavior<Command> onRestart(Restart restart) {
        term.number = restart.term();
        streams.forEach(stream -> stream.sequence.restart());
        return this;
    }

    private Behavior<Command> onResync(Resync resync) {
        Stream stream = streams.get(resync.stream());
        if (stream.sequence.complete()) {
            stream.sequence.restart();
        }
        return this;
    }

    private Behavior<Command> onMessageArrived(MessageArrived arrived) {
        credit.giveBack();
        Stream stream = streams.get(arrived.stream());
        expectMessages(stream.rank);
        stream.sequence.live(arrived.number(), arrived.payload());
        stream.flush();
        return this;
    }

    private Behavior<Command> onMessageReplayed(MessageReplayed replayed) {
        credit.giveBack();
        Stream stream = streams.get(replayed.stream());
        if (replayed.attempt() == stream.attempt) {
            stream.sequence.replayed(replayed.number(), replayed.payload());
            stream.flush();
        }
        return this;
    }

    private Behavior<Command> onReplayEnded(ReplayEnded ended) {
        Stream stream = streams.get(ended.stream());
        if (ended.attempt() == stream.attempt) {
            timers.cancel(replayTimer(stream.rank));
            stream.sequence.replayEnded();
            stream.flush();
        }
        return this;
    }

    private Behavior<Command> onReplayTimedOut(ReplayTimedOut timedOut) {
        Stream stream = streams.get(timedOut.stream());
        if (timedOut.attempt() == stream.attempt) {
            stream.sequence.replayFailed();
            stream.flush();
        }
        return this;
    }

    private Behavior<Command> onStreamSilent(StreamSilent silent) {
        streams.get(silent.stream()).sequence.check();
        expectMessages(silent.stream());
        return this;
    }

    private Behavior<Command> onSourceFailed(SourceFailed failed) {
        throw new IllegalStateException("its source ended", failed.cause());
    }

    private Behavior<Command> onPreRestart(PreRestart signal) {
        worker.tell(new FeedFailed(term.number));
        return close();
    }

    private Behavior<Command> onPostStop(PostStop signal) {
        return close();
    }

    private Behavior<Command> close() {
        credit.close();
        source.close();
        return this;
    }

    private void expectMessages(int stream) {
        timers.startSingleTimer("silence " + stream, new StreamSilent(stream), settings.silenceCheck());
    }

    private static String replayTimer(int stream) {
        return "replay " + stream;
    }

    /** One rank's stream: its order, and the events that are ready to be told. */
    private final class Stream implements EventSequence.Consequences<byte[]> {
        private final int rank;
        private final EventSequence<byte[]> sequence;
        private final List<EngineEvent> ready = new ArrayList<>();
        private long attempt;
        private boolean caughtUp;

        Stream(int rank, boolean replayable) {
            this.rank = rank;
            this.sequence = new EventSequence<>(this, replayable, settings.maxPendingBatches());
        }

        @Override
        public void deliver(byte[] payload) {
            try {
                EngineEventBatch batch = KvEventDecoder.decode(payload);
                metrics.count(Metric.KV_EVENTS, batch.skipped(), "skipped");
                if (ready.size() + batch.events().size() > EVENTS_PER_MESSAGE) {
                    flush();
                }
                ready.addAll(batch.events());
            } catch (MalformedBatchException e) {
                metrics.count(Metric.KV_EVENTS, "malformed");
                getContext().getLog().warn("stream {}: a batch was not understood: {}", rank, e.getMessage());
            }
        }

        @Override
        public void startOver(EventSequence.Reason reason) {
            ready.clear();
            worker.tell(new EventsStartedOver(term.number, rank, reason));
        }

        @Override
        public void replay(long from) {
            attempt++;
            timers.startSingleTimer(replayTimer(rank), new ReplayTimedOut(rank, attempt), settings.replayTimeout());
            source.replay(rank, attempt, from);
        }

        void flush() {
            if (!ready.isEmpty()) {
                worker.tell(new EventsArrived(term.number, rank, ready));
                ready.clear();
            }
            if (!caughtUp && !sequence.replaying()) {
                caughtUp = true;
                worker.tell(new EventsCaughtUp(term.number, rank));
            }
        }
    }
}
