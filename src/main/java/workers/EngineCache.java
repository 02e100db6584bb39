package workers;

import akka.actor.typed.ActorRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import kv.Incarnation;
import kv.KvTier;
import kv.Prefix;
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

    private final int ranks;

    private final List<Runnable> awaiting = new ArrayList<>();
    private final UnheardPrefixes unheard = new UnheardPrefixes();

    /** @param feed of the engine's events, of so many ranks; empty when it publishes none */
    EngineCache(int blockSizeTokens, WorkerPorts ports, Optional<ActorRef<KvEventFeed.Command>> feed, int ranks) {
        this.ranks = ranks;
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

    /**
     * Runs what depends on whether the engine has a prefix: at once, or when its events have told what it had before this worker began,
     * which a worker that moved to another node does not know yet; and when they tell of the prefix itself, which may have been computed
     * a moment ago, or have had the time to. For a life that is over nothing is waited for.
     */
    void whenToldOf(Prefix prefix, Incarnation life, Runnable then) {
        whenKnown(() -> whenHeard(
                () -> !life.equals(incarnation)
                        || Arrays.stream(KvTier.values())
                                .anyMatch(tier -> mirror.contains(prefix.tail().value(), tier)),
                then));
    }

    /** Runs something once the events tell that a prefix that was just computed is on the device, or have had the time to. */
    void whenComputed(Prefix prefix, Runnable then) {
        whenHeard(() -> mirror.contains(prefix.tail().value(), KvTier.DEVICE), then);
    }

    private void whenHeard(BooleanSupplier heard, Runnable then) {
        if (feed.isPresent()) {
            unheard.await(heard, then);
        } else {
            then.run();
        }
    }

    private void whenKnown(Runnable then) {
        if (ranksBehind == 0) {
            then.run();
        } else {
            awaiting.add(then);
        }
    }

    /** The events told something, and everybody knows of it. */
    void changed() {
        unheard.cacheChanged();
    }

    /** The engine was looked at. */
    void heartbeat() {
        unheard.heartbeat();
    }

    /** One rank's events have caught up with the engine. */
    void caughtUp() {
        if (ranksBehind > 0 && --ranksBehind == 0) {
            known();
        }
    }

    private void known() {
        List<Runnable> ready = List.copyOf(awaiting);
        awaiting.clear();
        ready.forEach(Runnable::run);
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

    /** Nothing is known of what it has until its events have been told all over. */
    void feedFailed() {
        mirror.clear();
        ranksBehind = ranks;
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
