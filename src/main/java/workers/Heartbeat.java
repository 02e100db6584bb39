package workers;

import org.jspecify.annotations.Nullable;
import workers.status.EngineFacts;

/**
 * A worker's look at its engine, one at a time: what an answer, or none, means for each of the worker's parts.
 *
 * <p>Mutable, confined to its worker.
 */
final class Heartbeat {
    private final EngineClient engine;
    private final EngineLife life;
    private final LoadView load;
    private final Admissions admissions;
    private final HoldCommands holds;
    private final SeatedTurns seats;
    private final CacheNews news;
    private final Subscribers subscribers;
    private final Outcomes outcomes;
    private final Runnable over;
    private boolean probing;
    private boolean failureReported;

    /** @param over runs when the engine was looked at */
    Heartbeat(
            EngineClient engine,
            EngineLife life,
            LoadView load,
            Admissions admissions,
            HoldCommands holds,
            SeatedTurns seats,
            CacheNews news,
            Subscribers subscribers,
            Outcomes outcomes,
            Runnable over) {
        this.engine = engine;
        this.life = life;
        this.load = load;
        this.admissions = admissions;
        this.holds = holds;
        this.seats = seats;
        this.news = news;
        this.subscribers = subscribers;
        this.outcomes = outcomes;
        this.over = over;
    }

    /** Looks now, unless it is looking already. */
    void beat() {
        if (!probing) {
            probing = true;
            outcomes.await(engine::probe, this::probed);
        }
    }

    /** Somebody else failed to reach the engine: then one failed look is enough. */
    void failureReported() {
        failureReported = true;
        beat();
    }

    private void probed(EngineClient.@Nullable Probe probe, @Nullable Throwable failure) {
        probing = false;
        if (probe == null) {
            life.silent("the engine does not answer: " + failure, failureReported);
        } else {
            answered(probe);
        }
        failureReported = false;
        news.heartbeat();
        over.run();
    }

    private void answered(EngineClient.Probe probe) {
        EngineLife.Seen seen = life.answered(probe);
        load.probed(probe, admissions.turns());
        EngineFacts facts = life.facts();
        if (facts != null) {
            seats.probed(facts);
            holds.probed(facts);
        }
        if (seen == EngineLife.Seen.RESTARTED) {
            news.engineRestarted();
        } else if (seen == EngineLife.Seen.CHANGED) {
            subscribers.begin();
        }
    }
}
