package frontend.admin;

import frontend.admin.AdminQueries.AnswerView;
import frontend.admin.AdminQueries.LeaseView;
import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Port to the cluster: what harnesses and operators may tell a session besides its turns.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public interface SessionCommands {

    /** What a session is told. A line of prompts is named by its frontier; null is the live one that was used last. */
    sealed interface Instruction {}

    /**
     * The line waits for a tool.
     *
     * @param expected how long that will take, null when nobody knows
     */
    record Stall(@Nullable Integer frontier, @Nullable String tool, @Nullable Duration expected)
            implements Instruction {}

    /** The line's next turn is about to come. */
    record Resume(@Nullable Integer frontier) implements Instruction {}

    /**
     * Another session goes on from here.
     *
     * @param child its name
     */
    record Fork(SessionId child, @Nullable Integer frontier) implements Instruction {}

    /** Lines are dead; none named are all that are idle but the one that was used last. */
    record Compact(List<Integer> frontiers) implements Instruction {
        public Compact {
            frontiers = List.copyOf(frontiers);
        }
    }

    /** The session is over. */
    record Close() implements Instruction {}

    /**
     * Keep a prefix.
     *
     * @param tailHash end of the prefix as {@code lineage} shows it, null for the whole line
     * @param copies at once, null for as many as usual
     */
    record Keep(@Nullable Integer frontier, @Nullable String tailHash, Duration ttl, @Nullable Integer copies)
            implements Instruction {}

    /**
     * Tells a session something, once per request name. Fails with {@link frontend.RefusedRequest} when the session cannot do it,
     * and answers when its leases' workers have answered, or have not in time.
     *
     * @param request names the request, null when it may be done again
     * @return empty when there is no such session
     */
    CompletionStage<Optional<DoneView>> tell(
            TenantId tenant, SessionId session, Instruction command, @Nullable String request);

    /**
     * What came of a command.
     *
     * @param repeated whether it had been done before under this request name
     * @param frontiers lines of prompts that it was about
     * @param child the forked session, null without a fork
     * @param leases the session's leases: for each, what workers were asked, what they acknowledged, and what was observed since
     * @param answers where the ledger granted less than was asked for, or nothing
     */
    record DoneView(
            String session,
            String action,
            @Nullable String requestId,
            boolean repeated,
            List<Integer> frontiers,
            @Nullable String child,
            List<LeaseView> leases,
            List<AnswerView> answers) {}
}
