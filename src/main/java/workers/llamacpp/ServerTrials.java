package workers.llamacpp;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets to know a server: tries its slots, then copies if there is a folder and the model's file can be read from here.
 *
 * <p>Thread-safety: safe for concurrent use; one run at a time.
 */
final class ServerTrials {
    private static final Logger log = LoggerFactory.getLogger(ServerTrials.class);

    private final SlotApi api;
    private final Trial trial;
    private final @Nullable CopyFolder folder;
    private final Executor files;

    /** @param files for reading a model's file, which may take a minute */
    ServerTrials(SlotApi api, @Nullable CopyStorage copies, Executor files) {
        this.api = api;
        this.trial = new Trial(api);
        this.folder = copies == null ? null : new CopyFolder(copies);
        this.files = files;
    }

    @Nullable
    CopyFolder folder() {
        return folder;
    }

    /** Empty when too few slots are idle to try anything. */
    CompletionStage<Optional<KnownServer>> run(ServerProps props) {
        return trial.idleSlots()
                .thenCompose(idle -> idle.size() < Math.min(2, props.slots())
                        ? CompletableFuture.completedFuture(Optional.<KnownServer>empty())
                        : run(props, idle).thenApply(Optional::of))
                .exceptionally(failure -> Optional.of(nothing(props, failure)));
    }

    private CompletionStage<KnownServer> run(ServerProps props, List<Integer> idle) {
        return trial.slotsArePrivate(idle)
                .thenCompose(slotsPrivate -> slotsPrivate
                        ? withCopies(props, idle.get(0))
                        : CompletableFuture.completedFuture(
                                nothing(props, "its slots do not keep what they hold (-np N?)")))
                .thenCompose(found -> emptied(idle, found));
    }

    private CompletionStage<KnownServer> withCopies(ServerProps props, int slot) {
        CopyFolder copies = folder;
        if (copies == null) {
            return CompletableFuture.completedFuture(KnownServer.seated(props));
        }
        return CompletableFuture.runAsync(copies::deleteOldTrials, files)
                .exceptionally(unreadable -> null) // the trial will find out
                .thenApplyAsync(cleared -> weights(props), files)
                .thenCompose(weights -> weights.isEmpty()
                        ? CompletableFuture.completedFuture(KnownServer.seated(props))
                        : trial.copiesComeBack(slot, copies, weights.getAsLong())
                                .thenApply(
                                        file -> file.map(back -> KnownServer.copying(props, weights.getAsLong(), back))
                                                .orElseGet(() -> KnownServer.seated(props))));
    }

    private CompletionStage<KnownServer> emptied(List<Integer> slots, KnownServer found) {
        CompletionStage<?> erased = CompletableFuture.completedFuture(found);
        for (int slot : slots) {
            erased = erased.thenCompose(before -> api.erase(slot));
        }
        return erased.thenApply(done -> found);
    }

    private static OptionalLong weights(ServerProps props) {
        try {
            return OptionalLong.of(CopyFolder.weights(Path.of(props.modelFile())));
        } catch (IOException unreadable) {
            log.warn(
                    "no copies: the model's file {} cannot be read from here, so its weights cannot be told from others: {}",
                    props.modelFile(),
                    unreadable.toString());
            return OptionalLong.empty();
        }
    }

    private static KnownServer nothing(ServerProps props, Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof SlotApi.Refused refused) {
            return nothing(props, refused.toString());
        }
        throw new CompletionException(cause);
    }

    private static KnownServer nothing(ServerProps props, String why) {
        log.warn("llama-server with {}: neither seats nor copies: {}", props.modelFile(), why);
        return KnownServer.plain(props);
    }
}
