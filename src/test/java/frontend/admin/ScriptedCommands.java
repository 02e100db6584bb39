package frontend.admin;

import inference.SessionId;
import inference.TenantId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Remembers what sessions are told; only sessions {@code known…} and that of {@link OneSession} are there. */
public final class ScriptedCommands implements SessionCommands {
    /** A command and the request's name. */
    public record Told(TenantId tenant, SessionId session, Instruction command, @Nullable String request) {}

    public final List<Told> told = new ArrayList<>();
    public @Nullable RuntimeException refusal;

    @Override
    public synchronized CompletionStage<Optional<DoneView>> tell(
            TenantId tenant, SessionId session, Instruction command, @Nullable String request) {
        told.add(new Told(tenant, session, command, request));
        if (refusal != null) {
            return CompletableFuture.failedStage(refusal);
        }
        return CompletableFuture.completedStage(
                session.value().startsWith("known") || session.value().equals(OneSession.ID)
                        ? Optional.of(new DoneView(
                                session.value(), "stall", request, false, List.of(0), null, List.of(), List.of()))
                        : Optional.empty());
    }
}
