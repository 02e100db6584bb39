package workers;

import akka.actor.typed.ActorRef;
import java.util.ArrayList;
import java.util.List;
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
    /** Ranks whose events have yet to tell what the engine had before this worker began. */
    private int ranksBehind;

    private final List<Runnable> awaiting = new ArrayList<>();

    /** @param feed of the engine's events, of so many ranks; empty when it publishes none */
    EngineCache(int blockSizeTokens, WorkerPorts ports, Optional<ActorRef<KvEventFeed.Command>> feed, int ranks) {
        this.ranksBehind = feed.isPresent() ? ranks : 0;
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

    /**
     * Runs what depends on what the engine has: at once, or when its events have told what it had before this worker began, which
     * a worker that moved to another node does not know yet.
     */
    void whenKnown(Runnable then) {
        if (ranksBehind == 0) {
            then.run();
        } else {
            awaiting.add(then);
        }
    }

    /** One rank's events have caught up with the engine. */
    void caughtUp() {
        if (ranksBehind > 0 && --ranksBehind == 0) {
            known();
        }
    }

    private void known() {
        awaiting.forEach(Runnable::run);
        awaiting.clear();
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
        // It has nothing from before, and nobody will say so: news of the old process are void.
        ranksBehind = 0;
        known();
    }

    /** Draws a new incarnation: claims made under the one before are void. */
    Incarnation renew() {
        incarnation = ports.incarnations().get();
        resynced = false;
        return incarnation;
    }
}
