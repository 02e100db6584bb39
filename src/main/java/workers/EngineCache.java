package workers;

import akka.actor.typed.ActorRef;
import java.util.Optional;
import kv.Incarnation;
import workers.events.EventSequence;

/**
 * An engine's cache as its event feed tells it, one incarnation after the other. What was told of an earlier life of the
 * engine is void, however late it comes. Mutable, confined to its worker.
 */
final class EngineCache {
    private final Optional<ActorRef<KvEventFeed.Command>> feed;
    private final WorkerPorts ports;
    private final BlockMirror mirror;
    private Incarnation incarnation;
    private long feedTerm;
    /** Whether this incarnation's events were replayed because of an unknown parent already: once must do. */
    private boolean resynced;

    EngineCache(int blockSizeTokens, WorkerPorts ports, Optional<ActorRef<KvEventFeed.Command>> feed) {
        this.feed = feed;
        this.ports = ports;
        this.mirror = new BlockMirror(blockSizeTokens, ports.metrics());
        this.incarnation = ports.incarnations().get();
    }

    Incarnation incarnation() {
        return incarnation;
    }

    BlockMirror mirror() {
        return mirror;
    }

    /** Whether the engine publishes events. */
    boolean isTold() {
        return feed.isPresent();
    }

    /** Whether news are about the engine's present life. */
    boolean concernedBy(KvEventFeed.News news) {
        return news.term() == feedTerm;
    }

    BlockMirror.Changes apply(KvEventFeed.EventsArrived arrived) {
        BlockMirror.Changes changes = mirror.apply(arrived.rank(), arrived.events());
        if (changes.unknownParent() && !resynced) {
            resynced = true;
            feed.ifPresent(events -> events.tell(new KvEventFeed.Resync(arrived.rank())));
        }
        return changes;
    }

    /** One rank's events begin anew; with the engine, all ranks' blocks are gone. */
    void startOver(KvEventFeed.EventsStartedOver over) {
        mirror.clear(over.rank());
        if (over.reason() == EventSequence.Reason.RESTARTED) {
            mirror.clear();
        }
    }

    /** The engine is another process: whatever its feed still has to say is about the old one. */
    void engineRestarted() {
        mirror.clear();
        feedTerm++;
        feed.ifPresent(events -> events.tell(new KvEventFeed.Restart(feedTerm)));
    }

    /** Draws a new incarnation: claims made under the one before are void. */
    Incarnation renew() {
        incarnation = ports.incarnations().get();
        resynced = false;
        return incarnation;
    }
}
