package workers.llamacpp;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import kv.LeaseId;
import kv.LedgerId;
import kv.Receipt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import workers.EngineClient.Saved;
import workers.Seat;
import workers.status.CopyRoom;

/**
 * Writes what a slot holds to a file, within the folder's budget. Nothing yields to a new copy: what is stored may be the last of its
 * lease, and room comes back as leases end.
 *
 * <p>Thread-safety: immutable.
 *
 * @param files for looking into the folder
 */
record CopyWriting(SlotApi api, CopyFolder folder, Executor files, KnownServer server, Seat seat) {
    private static final Logger log = LoggerFactory.getLogger(CopyWriting.class);
    private static final Saved NO_ROOM = new Saved(new Receipt.Rejected(Receipt.Reason.BUDGET), null);
    private static final Saved NOT_WHOLE = new Saved(new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED), null);

    /**
     * Writes a copy under a new name.
     *
     * @param tokens that the slot holds
     */
    CompletionStage<Saved> write(LedgerId ledger, LeaseId lease, int tokens) {
        String file = folder.newName(server.weights(), ledger, lease);
        long bytes = server.copyBytes(tokens);
        return CompletableFuture.supplyAsync(() -> folder.reserve(file, bytes), files)
                .thenCompose(reserved -> reserved ? write(file, tokens, bytes) : refused(lease, bytes));
    }

    /**
     * Whether a copy would find room now.
     *
     * @param tokens that the slot holds
     */
    CompletionStage<Boolean> hasRoom(LeaseId lease, int tokens) {
        long bytes = server.copyBytes(tokens);
        return CompletableFuture.supplyAsync(
                () -> {
                    CopyRoom room = folder.room();
                    if (!room.takes(bytes)) {
                        logNoRoom(lease, bytes, room);
                    }
                    return room.takes(bytes);
                },
                files);
    }

    private CompletionStage<Saved> write(String file, int tokens, long reservedBytes) {
        return api.save(seat.slot(), file)
                .thenApplyAsync(moved -> acknowledged(file, moved, tokens, reservedBytes), files)
                .whenComplete((saved, failure) -> {
                    if (saved == null || saved.copy() == null) {
                        folder.delete(file);
                    }
                    folder.settle(file, reservedBytes);
                });
    }

    private Saved acknowledged(String file, SlotApi.Moved moved, int tokens, long reservedBytes) {
        if (moved.bytes() > reservedBytes && !folder.room().takes(0)) {
            return NO_ROOM;
        }
        return server.acknowledge(file, moved, tokens, folder)
                .map(copy -> new Saved(new Receipt.Accepted(), copy))
                .orElse(NOT_WHOLE);
    }

    private CompletionStage<Saved> refused(LeaseId lease, long bytes) {
        logNoRoom(lease, bytes, folder.room());
        return CompletableFuture.completedFuture(NO_ROOM);
    }

    private static void logNoRoom(LeaseId lease, long bytes, CopyRoom room) {
        log.info(
                "no copy for the lease {}: {} bytes more are too much for the folder ({}, see copies-budget and copies-share)",
                lease,
                bytes,
                room);
    }
}
