package agents;

import akka.actor.typed.javadsl.ActorContext;
import inference.SessionContext;
import inference.SessionId;
import java.util.List;
import java.util.function.BiFunction;
import kv.PromptBlocks;
import metrics.Metric;
import org.jspecify.annotations.Nullable;
import router.LeaseKeeper;
import router.placement.KeptPrefix;
import router.retention.Lease;

/**
 * A turn's question to the keeper: what is kept of its session? It is asked at once, of the keeper that the request itself
 * points to, and again when the session turns out to stand under another root. A keeper that does not answer costs the turn its
 * copies, not its answer.
 *
 * <p>Thread-safety: confined to its turn.
 */
final class LeaseAsk {
    private final SessionContext session;
    private final TurnPorts ports;
    private SessionId root;
    private @Nullable List<Lease> leases;

    LeaseAsk(SessionContext session, TurnPorts ports) {
        this.session = session;
        this.ports = ports;
        this.root = session.parent() == null ? session.id() : session.parent();
    }

    /** Asks the keeper of the root that is known. */
    <C> void ask(ActorContext<C> turn, BiFunction<LeaseKeeper.@Nullable Resumed, @Nullable Throwable, C> replied) {
        SessionId asked = root;
        Question.ask(
                turn,
                ports.keepers().apply(session.tenant(), asked),
                ports.settings().leaseTimeout(),
                replyTo -> new LeaseKeeper.Resume(session.tenant(), asked, session.id(), replyTo),
                replied);
    }

    /** Takes the session's own word for its root; true when another keeper has to be asked. */
    boolean moved(SessionId sure) {
        boolean other = !sure.equals(root);
        root = sure;
        leases = other ? null : leases;
        return other;
    }

    /** The keeper of a root answered, or did not in time. */
    void answered(SessionId asked, LeaseKeeper.@Nullable Resumed reply) {
        if (asked.equals(root)) {
            if (reply == null) {
                ports.metrics().count(Metric.LEASE_ASKS_LAPSED);
            }
            leases = reply == null ? List.of() : reply.leases();
        }
    }

    /** The root whose keeper is asked. */
    SessionId root() {
        return root;
    }

    /** Whether the keeper has answered, or has not in time. */
    boolean known() {
        return leases != null;
    }

    /** What is kept of a prompt, as far as is known. */
    KeptPrefix prefix(PromptBlocks prompt) {
        return leases == null ? KeptPrefix.NOTHING : KeptPrefix.of(leases, prompt);
    }
}
