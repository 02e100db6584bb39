package workers;

import inference.ConversationRef;
import inference.InferenceRequest;
import inference.TurnId;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import kv.Epoch;
import kv.FoundCopy;
import kv.Incarnation;
import kv.LeaseId;
import kv.Prefix;
import kv.PromptBlocks;
import kv.Receipt;
import kv.StoredCopy;
import kv.WorkerId;
import metrics.Metric;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import workers.holds.SeenOrders;
import workers.seats.SeatChange;
import workers.seats.SeatTable;
import workers.seats.Taken;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

/**
 * What a worker does with places in its engine: seats turns, copies what a seat holds, warms prefixes up.
 *
 * <p>A command gets one answer. Repeated while it is under way, it has no second effect; repeated after it, a copy that was made is
 * told again, with the number of the command that it was made by.
 *
 * <p>Mutable, confined to its worker.
 */
final class SeatCommands {
    private static final Logger LOG = LoggerFactory.getLogger(SeatCommands.class);

    /** At some 120 bytes each, a message stays below 64 KiB. */
    private static final int COPIES_TOLD = 500;

    private static final Duration AGAIN = Duration.ofSeconds(1);

    /** How often a lease is told that its conversation's text is still to come; a text that was never kept is not waited for longer. */
    private static final int TEXT_AWAITED = 5;

    private static final Receipt FAILED = new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED);

    private final WorkerId worker;
    private final WorkerSettings settings;
    private final WorkerPorts ports;
    private final EngineClient engine;
    private final EngineCache cache;
    private final HoldCommands holds;
    private final Outcomes outcomes;
    private final Consumer<List<SeatChange>> changed;
    private final SeenOrders orders;
    private final Map<String, Epoch> underWay = new HashMap<>();
    private final Set<String> loading = new HashSet<>();
    private final Map<LeaseId, Copied> copied;
    private final Map<LeaseId, Integer> textless;

    /**
     * Begins something and brings its outcome back into the worker; exactly one argument of the consumer is not null. What throws instead
     * of beginning has failed.
     */
    interface Outcomes {
        <T> void await(Supplier<CompletionStage<T>> work, BiConsumer<@Nullable T, @Nullable Throwable> then);
    }

    /** A conversation that is to be computed, and its blocks. */
    private record Text(InferenceRequest request, PromptBlocks blocks) {}

    private record Copied(Epoch epoch, long order, Prefix prefix, StoredCopy copy) {}

    /** @param changed told what seats hold from now on */
    SeatCommands(
            WorkerId worker,
            WorkerSettings settings,
            WorkerPorts ports,
            EngineClient engine,
            EngineCache cache,
            HoldCommands holds,
            Outcomes outcomes,
            Consumer<List<SeatChange>> changed) {
        this.worker = worker;
        this.settings = settings;
        this.ports = ports;
        this.engine = engine;
        this.cache = cache;
        this.holds = holds;
        this.outcomes = outcomes;
        this.changed = changed;
        this.orders = new SeenOrders(settings.holds().epochsRemembered());
        this.copied = latest(settings.holds().epochsRemembered());
        this.textless = latest(settings.holds().epochsRemembered());
    }

    private static <V> Map<LeaseId, V> latest(int limit) {
        return new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<LeaseId, V> eldest) {
                return size() > limit;
            }
        };
    }

    /**
     * Finds an admitted turn its place; false when every seat is taken. The turn is answered once its place is ready: a copy that it
     * brings is loaded first, in place of whatever the seat holds. A copy that cannot be loaded costs a prefill, no more.
     */
    boolean seat(Worker.AdmitTurn admit, Consumer<AdmitReply.Placed> ready) {
        if (table().seats() == 0) {
            ready.accept(new AdmitReply.Placed(Seat.ANY, 0));
            return true;
        }
        String user = user(admit.turn());
        if (loading.contains(user)) {
            return true; // its copy is being loaded: the first request is answered, this one was a repetition
        }
        Optional<Taken> place = table().take(user, admit.cached(), holds.holds(), true);
        place.ifPresent(taken -> {
            changed.accept(taken.changes());
            Seat seat = new Seat(taken.seat());
            StoredCopy source = admit.source();
            if (source == null) {
                ready.accept(new AdmitReply.Placed(seat, taken.keptBlocks()));
                return;
            }
            changed.accept(table().emptied(user));
            loading.add(user);
            outcomes.await(() -> engine.load(source, seat), (receipt, failure) -> {
                if (loading.remove(user)) {
                    ready.accept(new AdmitReply.Placed(seat, 0));
                } else {
                    table().free(user);
                }
            });
        });
        return place.isPresent();
    }

    /** A turn's prompt, or part of it, has been computed where it sits. */
    void filled(Worker.SeatFilled filled) {
        changed.accept(table().filled(user(filled.turn()), filled.from(), filled.hashes()));
    }

    /** A turn is over. One whose copy is still being loaded keeps its seat until that is done. */
    void leave(TurnId turn) {
        if (!loading.remove(user(turn))) {
            table().free(user(turn));
        }
    }

    /** The engine said how many seats it has. */
    void probed(EngineFacts facts) {
        int seats = facts.capabilities().privateSlots();
        if (seats != table().seats()) {
            cache.mirror().furnish(seats);
        }
    }

    void copy(Worker.CopyPrefix command, @Nullable EngineFacts facts) {
        String user = "copy " + command.lease();
        Copied before = copied.get(command.lease());
        if (before != null
                && before.epoch().equals(command.epoch())
                && before.prefix().equals(command.prefix())) {
            answer(command, before.order(), new Receipt.Accepted(), before.copy());
            return;
        }
        if (command.epoch().equals(underWay.get(user))) {
            return;
        }
        Optional<Receipt> refusal = refusal(command.lease(), command.epoch(), command.incarnation(), facts)
                .or(() -> able(facts != null && facts.capabilities().copies()));
        Optional<Integer> seat = refusal.isPresent() ? Optional.empty() : table().takeHolding(user, command.prefix());
        if (seat.isEmpty()) {
            refuse(command, refusal.orElseGet(() -> elsewhere(command.prefix())));
            return;
        }
        underWay.put(user, command.epoch());
        outcomes.await(() -> ports.conversations().find(command.conversation()), (found, failure) -> {
            Optional<InferenceRequest> text = found == null ? Optional.empty() : found;
            if (text.isEmpty() && textMayCome(command.lease())) {
                left(user);
                refuse(command, new Receipt.Deferred(AGAIN, Receipt.Reason.CONTENT_UNKNOWN));
            } else {
                write(command, user, new Seat(seat.get()), text);
            }
        });
    }

    /**
     * Writes a copy, after computing what the next turn is sure to begin with, calls as the template writes them. Without the text the
     * seat is copied as it is.
     */
    private void write(Worker.CopyPrefix command, String user, Seat seat, Optional<InferenceRequest> text) {
        Supplier<CompletionStage<Optional<StoredCopy>>> making =
                () -> text.<CompletionStage<?>>map(request -> engine.warm(request, seat))
                        .orElseGet(() -> CompletableFuture.completedStage(true))
                        .handle((done, failure) -> true)
                        .thenCompose(ready -> engine.save(command.ledger(), command.lease(), seat));
        outcomes.await(making, (copy, failure) -> {
            left(user);
            StoredCopy written = copy == null ? null : copy.orElse(null);
            if (written == null) {
                refuse(command, FAILED);
            } else {
                copied.put(command.lease(), new Copied(command.epoch(), command.order(), command.prefix(), written));
                answer(command, command.order(), new Receipt.Accepted(), written);
            }
        });
    }

    private void left(String user) {
        underWay.remove(user);
        table().free(user);
    }

    /** Whether a text that is not there may be on its way: it is stored beside the end of its turn, and nothing waits for that. */
    private boolean textMayCome(LeaseId lease) {
        return textless.merge(lease, 1, Integer::sum) <= TEXT_AWAITED;
    }

    void discard(Worker.DiscardCopy command) {
        copied.values().removeIf(made -> made.copy().location().equals(command.location()));
        outcomes.await(() -> engine.discard(command.location()), (done, failure) -> {});
    }

    /** What cannot be read is not answered: the keeper asks again by itself. */
    void list(Worker.ListCopies command) {
        outcomes.await(() -> engine.copies(command.ledger()), (found, failure) -> {
            if (found != null) {
                List<FoundCopy> told = List.copyOf(found.subList(0, Math.min(found.size(), COPIES_TOLD)));
                command.keeper().tell(new RetentionNews.CopiesListed(worker, told));
            }
        });
    }

    void warm(Worker.WarmPrefix command, @Nullable EngineFacts facts, WorkerState state, WorkerLoad load) {
        String user = "warm " + command.lease();
        if (command.epoch().equals(underWay.get(user))) {
            return;
        }
        Optional<Receipt> refusal = refusal(command.lease(), command.epoch(), command.incarnation(), facts)
                .or(() -> state.accepting()
                        ? Optional.empty()
                        : Optional.of(new Receipt.Rejected(Receipt.Reason.DRAINING)));
        if (refusal.isPresent() || table().holds(command.prefix())) {
            answer(command, refusal.orElse(new Receipt.Accepted()));
            return;
        }
        if (command.guess() && !settings.holds().idle(load)) {
            answer(command, notNow(command, Receipt.Reason.BUSY));
            return;
        }
        underWay.put(user, command.epoch());
        outcomes.await(() -> text(command.conversation()), (found, fault) -> {
            if (found == null) {
                LOG.error("{}: what lease {} keeps could not be rendered", worker, command.lease(), fault);
                warmed(command, user, FAILED, 0);
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
            outcomes.await(() -> engine.warm(request, Seat.ANY), (done, failure) -> {
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
        outcomes.await(() -> engine.warm(request, new Seat(taken.seat())), (done, failure) -> {
            if (done != null && done.receipt() instanceof Receipt.Accepted) {
                long[] added = Arrays.copyOfRange(blocks.toArray(), taken.keptBlocks(), blocks.size());
                changed.accept(table().filled(user, taken.keptBlocks(), added));
            }
            warmed(command, user, done);
        });
    }

    private void warmed(Worker.WarmPrefix command, String user, EngineClient.@Nullable Warmed done) {
        warmed(command, user, done == null ? FAILED : done.receipt(), done == null ? 0 : done.computedTokens());
    }

    private void warmed(Worker.WarmPrefix command, String user, Receipt receipt, int computedTokens) {
        left(user);
        ports.metrics().count(Metric.WARM_TOKENS, computedTokens, command.guess() ? "GUESS" : "REPAIR");
        answer(command, receipt);
    }

    private Receipt unknown(Worker.WarmPrefix command, boolean missing) {
        return missing && textMayCome(command.lease())
                ? new Receipt.Deferred(AGAIN, Receipt.Reason.CONTENT_UNKNOWN)
                : new Receipt.Rejected(Receipt.Reason.CONTENT_UNKNOWN);
    }

    /** A guess waits: the engine may be idle before the session is back. */
    private static Receipt notNow(Worker.WarmPrefix command, Receipt.Reason reason) {
        return command.guess() ? new Receipt.Deferred(AGAIN, reason) : new Receipt.Rejected(reason);
    }

    private Optional<Receipt> refusal(
            LeaseId lease, Epoch epoch, Incarnation incarnation, @Nullable EngineFacts facts) {
        if (!incarnation.equals(cache.incarnation())) {
            return Optional.of(new Receipt.Rejected(Receipt.Reason.STALE_INCARNATION));
        }
        if (!orders.admit(lease, epoch, 0)) {
            return Optional.of(new Receipt.Rejected(Receipt.Reason.STALE_EPOCH));
        }
        return facts == null ? Optional.of(FAILED) : Optional.empty();
    }

    private static Optional<Receipt> able(boolean able) {
        return able ? Optional.empty() : Optional.of(new Receipt.Unsupported());
    }

    private Receipt elsewhere(Prefix prefix) {
        return new Receipt.Rejected(table().holds(prefix) ? Receipt.Reason.BUSY : Receipt.Reason.NOT_RESIDENT);
    }

    private void refuse(Worker.CopyPrefix command, Receipt receipt) {
        answer(command, command.order(), receipt, null);
    }

    private void answer(Worker.CopyPrefix command, long order, Receipt receipt, @Nullable StoredCopy copy) {
        command.keeper()
                .tell(new RetentionNews.CopyAnswered(
                        worker, command.lease(), command.epoch(), command.incarnation(), order, receipt, copy));
    }

    private void answer(Worker.WarmPrefix command, Receipt receipt) {
        command.keeper()
                .tell(new RetentionNews.WarmAnswered(
                        worker, command.lease(), command.epoch(), command.incarnation(), command.order(), receipt));
    }

    private SeatTable table() {
        return cache.mirror().seats();
    }

    private static String user(TurnId turn) {
        return "turn " + turn.value();
    }
}
