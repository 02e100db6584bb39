package cluster;

import agents.AgentSession;
import agents.Sessions;
import agents.session.Control;
import agents.session.SessionKey;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.RefusedRequest;
import frontend.RetentionReceipts;
import frontend.admin.AdminQueries.AnswerView;
import frontend.admin.AdminQueries.LeaseView;
import frontend.admin.SessionCommands;
import inference.InferenceFailure;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import kv.LeaseId;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;
import router.LeaseKeeper.ReceiptList;
import router.Leases;
import router.retention.LedgerSettings;

/**
 * What harnesses tell sessions, and the receipts for it.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class SessionLifecycle implements SessionCommands, RetentionReceipts {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final ReceiptList NOTHING = new ReceiptList(List.of(), List.of());

    private final Sessions sessions;
    private final Leases leases;
    private final AnswerViews answers;
    private final Duration receiptWait;

    /** @param receiptWait how long an answer waits for workers to acknowledge */
    SessionLifecycle(Sessions sessions, Leases leases, LedgerSettings ledger, Duration receiptWait) {
        this.sessions = sessions;
        this.leases = leases;
        this.answers = new AnswerViews(ledger);
        this.receiptWait = receiptWait;
    }

    @Override
    public CompletionStage<Optional<DoneView>> tell(
            TenantId tenant, SessionId session, Instruction command, @Nullable String request) {
        return sessions.control(new SessionKey(tenant, session), control(command), request)
                .thenCompose(reply -> {
                    if (reply instanceof AgentSession.ControlTaken taken) {
                        return done(tenant, session, taken).thenApply(Optional::of);
                    }
                    if (reply instanceof AgentSession.ControlRefused refused) {
                        throw new RefusedRequest(InferenceFailure.of(kind(refused.problem()), refused.reason()));
                    }
                    return CompletableFuture.completedStage(Optional.empty());
                });
    }

    @Override
    public CompletionStage<JsonNode> of(SessionContext session) {
        TenantId tenant = session.tenant();
        return sessions.get(new SessionKey(tenant, session.id()))
                .thenCompose(found -> found.isEmpty()
                        ? CompletableFuture.completedStage(NOTHING)
                        : receipts(tenant, found.get().state().treeRoot(), session.id(), List.of()))
                .thenApply(receipts -> shown(session.id(), receipts));
    }

    private JsonNode shown(SessionId session, ReceiptList receipts) {
        ObjectNode shown = MAPPER.createObjectNode().put("session", session.value());
        shown.set("leases", MAPPER.valueToTree(leases(receipts)));
        shown.set("answers", MAPPER.valueToTree(answers(receipts)));
        return shown;
    }

    private CompletionStage<DoneView> done(TenantId tenant, SessionId session, AgentSession.ControlTaken done) {
        Control control = done.taken().control();
        String action = control.getClass().getSimpleName().toLowerCase(Locale.ROOT);
        String child = control instanceof Control.Fork fork ? fork.child().value() : null;
        return receipts(tenant, done.root(), session, done.asked())
                .thenApply(receipts -> new DoneView(
                        session.value(),
                        action,
                        done.taken().request(),
                        done.repeated(),
                        done.taken().frontiers(),
                        child,
                        leases(receipts),
                        answers(receipts)));
    }

    private CompletionStage<ReceiptList> receipts(
            TenantId tenant, SessionId root, SessionId session, List<LeaseId> asked) {
        return leases.receipts(tenant, root, session, asked, receiptWait);
    }

    private static List<LeaseView> leases(ReceiptList receipts) {
        return receipts.leases().stream().map(LeaseViews::view).toList();
    }

    private List<AnswerView> answers(ReceiptList receipts) {
        return receipts.answers().stream().map(answers::view).toList();
    }

    private static Control control(Instruction command) {
        if (command instanceof Stall stall) {
            Duration expected = stall.expected();
            return new Control.Stall(stall.frontier(), stall.tool(), expected == null ? null : expected.toMillis());
        } else if (command instanceof Resume resume) {
            return new Control.Resume(resume.frontier());
        } else if (command instanceof Fork fork) {
            return new Control.Fork(fork.child(), fork.frontier());
        } else if (command instanceof Compact compact) {
            return new Control.Compact(compact.frontiers());
        } else if (command instanceof Keep keep) {
            String tail = keep.tailHash();
            return new Control.Keep(
                    keep.frontier(),
                    tail == null ? null : new SequenceHash(HexFormat.fromHexDigitsToLong(tail)),
                    keep.ttl().toMillis(),
                    keep.copies());
        }
        return new Control.Close();
    }

    private static InferenceFailure.Kind kind(AgentSession.ControlProblem problem) {
        return switch (problem) {
            case NOT_FOUND -> InferenceFailure.Kind.NOT_FOUND;
            case CONFLICT -> InferenceFailure.Kind.CONFLICT;
            case UNAVAILABLE -> InferenceFailure.Kind.OVERLOADED;
        };
    }
}
