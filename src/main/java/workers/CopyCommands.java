package workers;

import inference.InferenceRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import kv.Epoch;
import kv.FoundCopy;
import kv.LeaseId;
import kv.Prefix;
import kv.Receipt;
import kv.StoredCopy;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.seats.SeatTable;
import workers.status.EngineFacts;

/**
 * Copies of what a seat holds, on the storage that engines share.
 *
 * <p>A command gets one answer. Repeated while it is under way, it has no second effect; repeated after it, a copy that was made is
 * told again, with the number of the command that it was made by.
 *
 * <p>Mutable, confined to its worker.
 */
final class CopyCommands {
    /** At some 120 bytes each, a message stays below 64 KiB. */
    private static final int COPIES_TOLD = 500;

    private static final Duration AGAIN = Duration.ofSeconds(1);

    private final WorkerId worker;
    private final WorkerPorts ports;
    private final EngineClient engine;
    private final EngineCache cache;
    private final CommandFence fence;
    private final Outcomes outcomes;
    private final Map<LeaseId, Copied> copied;

    private record Copied(Epoch epoch, long order, Prefix prefix, StoredCopy copy) {}

    /** @param remembered copies that are told again, at least 1 */
    CopyCommands(
            WorkerId worker,
            WorkerPorts ports,
            EngineClient engine,
            EngineCache cache,
            CommandFence fence,
            int remembered,
            Outcomes outcomes) {
        this.worker = worker;
        this.ports = ports;
        this.engine = engine;
        this.cache = cache;
        this.fence = fence;
        this.outcomes = outcomes;
        this.copied = CommandFence.latest(remembered);
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
        if (fence.underWay(user, command.epoch())) {
            return;
        }
        Optional<Receipt> refusal = fence.refusal(command.lease(), command.epoch(), command.incarnation(), facts)
                .or(() -> able(facts != null && facts.capabilities().copies()));
        Optional<Integer> seat = refusal.isPresent() ? Optional.empty() : table().freeHolding(command.prefix());
        if (seat.isEmpty()) {
            refuse(command, refusal.orElseGet(() -> elsewhere(command.prefix())));
            return;
        }
        fence.begins(user, command.epoch());
        outcomes.await(() -> engine.hasRoom(command.lease(), new Seat(seat.get())), (room, failure) -> {
            if (!fence.underWay(user, command.epoch())) {
                refuse(command, new Receipt.Rejected(Receipt.Reason.STALE_EPOCH));
            } else if (Boolean.FALSE.equals(room)) {
                fence.ends(user);
                refuse(command, new Receipt.Rejected(Receipt.Reason.BUDGET));
            } else {
                take(command, user);
            }
        });
    }

    /** Takes the seat only now that there seems to be room: until it is free again, its session finds its blocks nowhere. */
    private void take(Worker.CopyPrefix command, String user) {
        Optional<Integer> seat = table().takeHolding(user, command.prefix());
        if (seat.isEmpty()) {
            fence.ends(user);
            refuse(command, elsewhere(command.prefix()));
            return;
        }
        outcomes.await(() -> ports.conversations().find(command.conversation()), (found, failure) -> {
            Optional<InferenceRequest> text = found == null ? Optional.empty() : found;
            if (text.isEmpty() && fence.textMayCome(command.lease())) {
                fence.ends(user);
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
        Supplier<CompletionStage<EngineClient.Saved>> making =
                () -> text.<CompletionStage<?>>map(request -> engine.warm(request, seat))
                        .orElseGet(() -> CompletableFuture.completedStage(true))
                        .handle((done, failure) -> true)
                        .thenCompose(ready -> engine.save(command.ledger(), command.lease(), seat));
        outcomes.await(making, (saved, failure) -> {
            fence.ends(user);
            StoredCopy written = saved == null ? null : saved.copy();
            if (written == null) {
                refuse(command, saved == null ? CommandFence.FAILED : saved.receipt());
            } else {
                copied.put(command.lease(), new Copied(command.epoch(), command.order(), command.prefix(), written));
                answer(command, command.order(), new Receipt.Accepted(), written);
            }
        });
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

    private SeatTable table() {
        return cache.mirror().seats();
    }
}
