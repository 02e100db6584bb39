package workers;

import inference.ConversationRef;
import inference.InferenceRequest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import kv.PromptBlocks;
import kv.Receipt;
import kv.WorkerId;
import metrics.Metric;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import workers.seats.SeatChange;
import workers.seats.SeatTable;
import workers.seats.Taken;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * Prefixes that are computed ahead of their next turn, for a lease that lost its copy or as a guess.
 *
 * <p>A command gets one answer. Repeated while it is under way, it has no second effect.
 *
 * <p>Mutable, confined to its worker.
 */
final class WarmCommands {
    private static final Logger LOG = LoggerFactory.getLogger(WarmCommands.class);
    private static final Duration AGAIN = Duration.ofSeconds(1);

    private final WorkerId worker;
    private final HoldSettings settings;
    private final WorkerPorts ports;
    private final EngineClient engine;
    private final EngineCache cache;
    private final HoldCommands holds;
    private final CommandFence fence;
    private final Outcomes outcomes;
    private final Consumer<List<SeatChange>> changed;

    /** A conversation that is to be computed, and its blocks. */
    private record Text(InferenceRequest request, PromptBlocks blocks) {}

    /** @param changed told what seats hold from now on */
    WarmCommands(
            WorkerId worker,
            HoldSettings settings,
            WorkerPorts ports,
            EngineClient engine,
            EngineCache cache,
            HoldCommands holds,
            CommandFence fence,
            Outcomes outcomes,
            Consumer<List<SeatChange>> changed) {
        this.worker = worker;
        this.settings = settings;
        this.ports = ports;
        this.engine = engine;
        this.cache = cache;
        this.holds = holds;
        this.fence = fence;
        this.outcomes = outcomes;
        this.changed = changed;
    }

    void warm(Worker.WarmPrefix command, @Nullable EngineFacts facts, WorkerState state, WorkerLoad load) {
        String user = "warm " + command.lease();
        if (fence.underWay(user, command.epoch())) {
            return;
        }
        Optional<Receipt> refusal = fence.refusal(command.lease(), command.epoch(), command.incarnation(), facts)
                .or(() -> state.accepting()
                        ? Optional.empty()
                        : Optional.of(new Receipt.Rejected(Receipt.Reason.DRAINING)));
        if (refusal.isPresent() || table().holds(command.prefix())) {
            answer(command, refusal.orElse(new Receipt.Accepted()));
            return;
        }
        if (command.guess() && !settings.idle(load)) {
            answer(command, notNow(command, Receipt.Reason.BUSY));
            return;
        }
        fence.begins(user, command.epoch());
        outcomes.await(() -> text(command.conversation()), (found, fault) -> {
            if (found == null) {
                LOG.error("{}: what lease {} keeps could not be rendered", worker, command.lease(), fault);
                warmed(command, user, CommandFence.FAILED, 0);
                return;
            }
            Text text = found.orElse(null);
            if (text == null || !command.prefix().begins(text.blocks())) {
                warmed(command, user, unknown(command, text == null), 0);
            } else if (!command.incarnation().equals(cache.incarnation())) {
                warmed(command, user, new Receipt.Rejected(Receipt.Reason.STALE_INCARNATION), 0);
            } else {
                compute(command, user, text.request(), text.blocks());
            }
        });
    }

    /** Empty when it is not to be had; fails only when it cannot be rendered. */
    private CompletionStage<Optional<Text>> text(ConversationRef conversation) {
        return ports.conversations()
                .find(conversation)
                .exceptionally(failure -> Optional.empty())
                .thenCompose(found -> found.isEmpty()
                        ? CompletableFuture.completedStage(Optional.empty())
                        : ports.prompts()
                                .apply(found.get())
                                .thenApply(blocks -> Optional.of(new Text(found.get(), blocks))));
    }

    private void compute(Worker.WarmPrefix command, String user, InferenceRequest request, PromptBlocks blocks) {
        if (table().seats() == 0) {
            outcomes.await(() -> engine.warm(request, Seat.ANY, command.source()), (done, failure) -> {
                if (done != null && done.receipt() instanceof Receipt.Accepted) {
                    cache.whenComputed(command.prefix(), () -> warmed(command, user, done));
                } else {
                    warmed(command, user, done);
                }
            });
            return;
        }
        Optional<Taken> place = table().take(user, table().longest(blocks), holds.holds(), false);
        if (place.isEmpty()) {
            warmed(command, user, notNow(command, Receipt.Reason.BUSY), 0);
            return;
        }
        Taken taken = place.get();
        changed.accept(taken.changes());
        outcomes.await(() -> engine.warm(request, new Seat(taken.seat()), command.source()), (done, failure) -> {
            if (done != null && done.receipt() instanceof Receipt.Accepted) {
                long[] added = Arrays.copyOfRange(blocks.toArray(), taken.keptBlocks(), blocks.size());
                changed.accept(table().filled(user, taken.keptBlocks(), added));
            }
            warmed(command, user, done);
        });
    }

    private void warmed(Worker.WarmPrefix command, String user, EngineClient.@Nullable Warmed done) {
        warmed(
                command,
                user,
                done == null ? CommandFence.FAILED : done.receipt(),
                done == null ? 0 : done.computedTokens());
    }

    private void warmed(Worker.WarmPrefix command, String user, Receipt receipt, int computedTokens) {
        fence.ends(user);
        ports.metrics().count(Metric.WARM_TOKENS, computedTokens, command.guess() ? "GUESS" : "REPAIR");
        answer(command, receipt);
    }

    private Receipt unknown(Worker.WarmPrefix command, boolean missing) {
        return missing && fence.textMayCome(command.lease())
                ? new Receipt.Deferred(AGAIN, Receipt.Reason.CONTENT_UNKNOWN)
                : new Receipt.Rejected(Receipt.Reason.CONTENT_UNKNOWN);
    }

    /** A guess waits: the engine may be idle before the session is back. */
    private static Receipt notNow(Worker.WarmPrefix command, Receipt.Reason reason) {
        return command.guess() ? new Receipt.Deferred(AGAIN, reason) : new Receipt.Rejected(reason);
    }

    private void answer(Worker.WarmPrefix command, Receipt receipt) {
        command.keeper()
                .tell(new RetentionNews.WarmAnswered(
                        worker, command.lease(), command.epoch(), command.incarnation(), command.order(), receipt));
    }

    private SeatTable table() {
        return cache.mirror().seats();
    }
}
