package workers;

import java.util.List;
import java.util.Locale;
import kv.Incarnation;
import kv.WorkerId;
import org.slf4j.Logger;
import workers.events.EventSequence;
import workers.seats.SeatChange;

/**
 * What becomes of changes in an engine's cache: routers hear of them, holds that lost blocks end, and when what was told may no
 * longer be true a new incarnation begins. Confined to its worker.
 */
final class CacheNews {
    private final WorkerId worker;
    private final EngineLife life;
    private final LoadView load;
    private final EngineCache cache;
    private final HoldCommands holds;
    private final Subscribers subscribers;
    private final Logger log;

    CacheNews(
            WorkerId worker,
            EngineLife life,
            LoadView load,
            EngineCache cache,
            HoldCommands holds,
            Subscribers subscribers,
            Logger log) {
        this.worker = worker;
        this.life = life;
        this.load = load;
        this.cache = cache;
        this.holds = holds;
        this.subscribers = subscribers;
        this.log = log;
    }

    /** News of the present life's events; true when the engine is to be looked at because of them. */
    boolean told(KvEventFeed.News news) {
        boolean unexpected = takeIn(news);
        cache.changed();
        return unexpected;
    }

    private boolean takeIn(KvEventFeed.News news) {
        if (news instanceof KvEventFeed.EventsArrived arrived) {
            arrived(arrived);
            return false;
        }
        if (news instanceof KvEventFeed.EventsCaughtUp) {
            cache.caughtUp();
            return false;
        }
        if (news instanceof KvEventFeed.FeedFailed) {
            cache.feedFailed();
            renew("its event feed failed");
            return true;
        }
        return startedOver((KvEventFeed.EventsStartedOver) news);
    }

    private void arrived(KvEventFeed.EventsArrived arrived) {
        BlockMirror.Changes changes = cache.apply(arrived);
        if (!changes.events().isEmpty()) {
            subscribers.blocks(cache.incarnation(), arrived.rank(), changes.events());
            holds.cacheChanged(changes.events());
        }
    }

    private boolean startedOver(KvEventFeed.EventsStartedOver over) {
        cache.startOver(over);
        if (over.reason() == EventSequence.Reason.REQUESTED) {
            subscribers.begin();
            return false;
        }
        if (over.reason() == EventSequence.Reason.RESTARTED) {
            life.forgetStart();
            load.restarted();
        }
        renew("its events say " + over.reason().name().toLowerCase(Locale.ROOT));
        return true;
    }

    /** The engine was looked at. */
    void heartbeat() {
        cache.heartbeat();
    }

    /** The engine is another process. */
    void engineRestarted() {
        cache.engineRestarted();
        renew("it was started anew");
    }

    /** Seats hold something else now. */
    void seats(List<SeatChange> changes) {
        for (SeatChange change : changes) {
            subscribers.blocks(cache.incarnation(), change.seat(), List.of(change.event()));
            holds.cacheChanged(List.of(change.event()));
        }
    }

    private void renew(String why) {
        Incarnation next = cache.renew();
        log.info("worker {}: new incarnation {}: {}", worker, next, why);
        holds.begin(next);
        subscribers.begin();
    }
}
