package cluster;

import akka.actor.ExtendedActorSystem;
import akka.coordination.lease.LeaseSettings;
import akka.coordination.lease.LeaseTimeoutException;
import akka.coordination.lease.javadsl.Lease;
import cluster.SurvivorRow.Holding;
import io.r2dbc.spi.ConnectionFactories;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/**
 * The lease that decides which nodes go on when nodes lose each other: Akka's split brain resolver asks for it on each side of a cut,
 * and the side without it ends. It lies in the session store ({@link SurvivorRow}), without which no side could do anything.
 *
 * <p>It differs from a lease that any owner may want at any time:
 * <ul>
 *   <li>It belongs to a side, not to a node: a node takes it over from another if both see each other on their side. The resolver asks
 *       through the first node of a side, which may have joined since another of them got the lease.
 *   <li>A whole cluster holds it at all times, through its leader. So whoever awakes long after the others decided to go on without it
 *       finds it held. When further nodes get out of reach it is let go until the next decision, so that all sides ask alike.
 *   <li>A holder that is dead and one beyond a cut look alike. So whoever is refused looks again: if the lease has been renewed
 *       meanwhile its holder lives, and this side ends; else it expires, and this side goes on.
 *   <li>While the store is away nobody is refused: each side asks again, until {@code lease-operation-timeout}.
 *   <li>A holder that cannot renew in time goes on until it learns that another side took the lease: before that it cannot reach the
 *       store, hence do no harm. Then its whole side ends.
 *   <li>If the row is gone, as when the store is restored from a copy without it, nobody took it: its holder takes it anew.
 * </ul>
 *
 * <p>{@code heartbeat-interval} is the time between two renewals, the time between two looks, and the longest wait for one answer.
 *
 * <p><em>Thread-safety:</em> safe.
 *
 * @see <a href="https://doc.akka.io/docs/akka/2.8/split-brain-resolver.html#lease">Akka: split brain resolver, lease</a>
 */
final class SurvivorLease extends Lease {
    private static final Logger log = LoggerFactory.getLogger(SurvivorLease.class);

    private final LeaseSettings settings;
    private final SurvivorRow row;
    private final ClusterSide side;
    private final Duration beat;
    private final Disposable beats;
    /** Nothing when the store last said that it is another's, and while the resolver asks. */
    private final AtomicReference<@Nullable Held> held = new AtomicReference<>();

    private volatile Consumer<Optional<Throwable>> onLost;

    /**
     * The lease as the store last showed it, in this node's name.
     *
     * @param leftBehind who was out of reach when the resolver asked for it; nobody any more once all of them are removed
     */
    private record Held(Holding now, Set<String> leftBehind) {}

    /** As Akka makes it, from the path that {@code lease-implementation} names. */
    SurvivorLease(LeaseSettings settings, ExtendedActorSystem system) {
        this(settings, StoreConnection.of(system.settings().config()), ClusterSide.of(system));
        system.registerOnTermination(this::stop);
    }

    SurvivorLease(LeaseSettings settings, StoreConnection store, ClusterSide side) {
        this.settings = settings;
        this.row = new SurvivorRow(
                ConnectionFactories.get(store.toOptions()),
                settings.leaseName(),
                settings.ownerName(),
                settings.timeoutSettings().getHeartbeatTimeout());
        this.side = side;
        this.beat = settings.timeoutSettings().getHeartbeatInterval();
        this.onLost = cause -> side.end();
        this.beats = Flux.interval(beat)
                .onBackpressureDrop()
                .concatMap(time -> Mono.defer(this::onBeat).timeout(beat).onErrorResume(failure -> {
                    log.warn("the survivor lease is not renewed: {}", failure.toString());
                    return Mono.empty();
                }))
                .subscribe();
    }

    private Mono<?> onBeat() {
        Held had = held.get();
        Set<String> lost = side.outOfReach();
        if (had == null) {
            return lost.isEmpty() && side.leads()
                    ? row.claim(side.owners())
                            .filter(this::mine)
                            .doOnNext(now -> held.compareAndSet(null, new Held(now, lost)))
                    : Mono.empty();
        }
        if (!had.leftBehind.containsAll(lost)) {
            // At each beat, until another takes it or the resolver asks: a late renewal may have come after.
            return row.release(had.now)
                    .doOnNext(now -> held.compareAndSet(had, mine(now) ? new Held(now, had.leftBehind) : null));
        }
        return row.renew(side.owners())
                .switchIfEmpty(Mono.defer(() -> row.claim(side.owners())))
                .doOnNext(now -> onRenewed(had, now, lost.isEmpty() ? lost : had.leftBehind));
    }

    private void onRenewed(Held had, Holding now, Set<String> leftBehind) {
        if (mine(now)) {
            held.compareAndSet(had, new Held(now, leftBehind));
            return;
        }
        held.compareAndSet(had, null);
        if (!now.side().contains(settings.ownerName())) {
            log.error("the survivor lease is lost to {}", now.owner());
            onLost.accept(Optional.empty());
        }
    }

    @Override
    public LeaseSettings getSettings() {
        return settings;
    }

    @Override
    public CompletionStage<Boolean> acquire() {
        return acquire(cause -> side.end());
    }

    /**
     * Asks for the lease until it is had or refused.
     *
     * @return fails with a {@link LeaseTimeoutException} if neither happens within {@code lease-operation-timeout}
     */
    @Override
    public CompletionStage<Boolean> acquire(Consumer<Optional<Throwable>> listener) {
        Duration limit = settings.timeoutSettings().getOperationTimeout();
        // The resolver will act on these alone, whoever else gets lost before it has the answer.
        Set<String> leftBehind = side.outOfReach();
        // No beat lets go what the resolver may get. If one is about to, the store sees that it is late.
        held.set(null);
        return contend(null)
                .timeout(limit, Mono.error(() -> new LeaseTimeoutException("no survivor lease within " + limit)))
                .map(now -> {
                    if (mine(now)) {
                        onLost = listener;
                        held.set(new Held(now, leftBehind));
                    }
                    return mine(now);
                })
                .toFuture();
    }

    /**
     * @param seen what the look before this one found, if there was one
     * @return who has it for certain
     */
    private Mono<Holding> contend(@Nullable Holding seen) {
        return Mono.defer(() -> row.claim(side.owners()))
                .timeout(beat)
                .retryWhen(Retry.fixedDelay(Long.MAX_VALUE, beat)
                        .doBeforeRetry(failed ->
                                log.warn("asking for the survivor lease again: {}", String.valueOf(failed.failure()))))
                .flatMap(now -> {
                    if (mine(now)) {
                        return Mono.just(now);
                    }
                    if (seen != null && now.livesSince(seen)) {
                        log.warn("{} has the survivor lease, and is alive", now.owner());
                        return Mono.just(now);
                    }
                    return Mono.delay(beat).then(Mono.defer(() -> contend(now)));
                });
    }

    private boolean mine(Holding now) {
        return now.owner().equals(settings.ownerName());
    }

    /** Changes nothing: the lease stays with the cluster that goes on. */
    @Override
    public CompletionStage<Boolean> release() {
        return CompletableFuture.completedFuture(true);
    }

    /** Renews no more, as when this process ends. */
    void stop() {
        beats.dispose();
    }

    /** Never certain without asking the store: so the resolver asks for every decision anew. */
    @Override
    public boolean checkLease() {
        return false;
    }
}
