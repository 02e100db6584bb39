package agents.plan;

import agents.session.Checkpoint;
import agents.session.Frontier;
import agents.session.KeptPoint;
import agents.session.NextPrompt;
import agents.session.SessionState;
import com.dynatrace.hash4j.hashing.HashStream128;
import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hashing;
import inference.ConversationRef;
import inference.PromptFingerprint;
import inference.SessionId;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import kv.KvTier;
import kv.LeaseId;
import kv.Prefix;
import kv.RetentionClass;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;
import router.retention.LeaseTerms;

/**
 * The leases that one line of prompts may have, by what they keep: the whole line over a gap, what of it will be read again while
 * a person thinks, beginnings that somebody asked for, and the system prompt that it shares with other sessions. Names are
 * derived, so that asking twice names the same.
 *
 * <p>Thread-safety: immutable.
 */
final class LineLeases {
    /** Asked for by name: of one density, it yields after what was only guessed to be worth it. */
    private static final int KEPT_PRIORITY = 80;

    private static final int SYSTEM_PRIORITY = 70;
    /** Shared prefixes are kept under a name of their own instead of a session's. */
    private static final String SHARED = "system/";

    /**
     * Copies in storage outlive a worker, which a tool call's context is worth, and what was asked for by name; a person's pause is not,
     * and system prompts are soon computed again.
     */
    private static final List<KvTier> MEMORY = List.of(KvTier.DEVICE, KvTier.HOST);

    private final SessionState session;
    private final Frontier line;
    private final long bytesPerBlock;

    LineLeases(SessionState session, Frontier line, long bytesPerToken) {
        this.session = session;
        this.line = line;
        this.bytesPerBlock = line.blockSizeTokens() * bytesPerToken;
    }

    /** Everything that may be leased for this line alone. */
    Set<LeaseId> names() {
        Set<LeaseId> names = new LinkedHashSet<>();
        for (Checkpoint point : List.of(line.tip(), idleEnd())) {
            if (point.tail() != null) {
                names.add(WaitingLine.lease(session.tenant(), session.id(), line.id(), point.tail()));
            }
        }
        for (KeptPoint point : kept()) {
            if (!isShared(point)) {
                names.add(name(point));
            }
        }
        return names;
    }

    /** Leases that it shares with other sessions. */
    Set<LeaseId> sharedNames() {
        Set<LeaseId> names = new LinkedHashSet<>();
        if (line.system().tail() != null) {
            names.add(sharedName(line.system().tail()));
        }
        kept().stream().filter(this::isShared).forEach(point -> names.add(sharedName(point.tail())));
        return names;
    }

    private List<KeptPoint> kept() {
        return line.kept() == null ? List.of() : line.kept();
    }

    /** What of the line will be read again after a person's turn: not the reasoning of a line that drops it then. */
    private Checkpoint idleEnd() {
        return line.dropsReasoning() && line.reasoning() != null
                ? line.reasoning().before()
                : line.tip();
    }

    /** Tokens that {@link #idle} would keep. */
    int idleTokens() {
        return idleEnd().tokens();
    }

    /** Keeps the line while its tools keep it away. */
    @Nullable
    LeaseTerms gap(GapPolicy.Keep keep, @Nullable PromptFingerprint conversation) {
        WaitingLine waiting = waiting(conversation == null ? null : text(conversation));
        return waiting == null ? null : waiting.terms(keep, bytesPerBlock / line.blockSizeTokens());
    }

    /** Name of the lease that {@link #gap} asks for. */
    @Nullable
    LeaseId gapName() {
        SequenceHash tail = line.tip().tail();
        return tail == null ? null : WaitingLine.lease(session.tenant(), session.id(), line.id(), tail);
    }

    /** Has what probably follows the line computed, and keeps it. */
    @Nullable
    LeaseTerms guess(NextPrompt next, double density) {
        WaitingLine waiting = waiting(text(next.conversation()));
        return waiting == null ? null : waiting.guess(next.prefix(), density, bytesPerBlock / line.blockSizeTokens());
    }

    /** Name of the lease on what was expected to follow the line. */
    @Nullable
    LeaseId guessName() {
        SequenceHash tail = line.tip().tail();
        return tail == null ? null : WaitingLine.guess(session.tenant(), session.id(), line.id(), tail);
    }

    private @Nullable WaitingLine waiting(@Nullable ConversationRef conversation) {
        SequenceHash tail = line.tip().tail();
        return tail == null
                ? null
                : new WaitingLine(
                        session.tenant(),
                        session.id(),
                        session.treeRoot(),
                        session.parent() != null,
                        line.id(),
                        line.model(),
                        new Prefix(line.tip().blocks(), tail),
                        line.blockSizeTokens(),
                        conversation,
                        line.lastWorker());
    }

    /** Keeps the line while a person keeps it away. */
    @Nullable
    LeaseTerms idle(GapPolicy.Keep keep) {
        Checkpoint end = idleEnd();
        SequenceHash tail = end.tail();
        return tail == null
                ? null
                : terms(
                        WaitingLine.lease(session.tenant(), session.id(), line.id(), tail),
                        session.treeRoot(),
                        session.id(),
                        new Prefix(end.blocks(), tail),
                        RetentionClass.HISTORY,
                        WaitingLine.priority(RetentionClass.HISTORY),
                        keep,
                        MEMORY,
                        text(end.fingerprint()));
    }

    /** Keeps a beginning that somebody asked for; one of the system prompt is shared. */
    LeaseTerms kept(KeptPoint point, GapPolicy.Keep keep) {
        Prefix prefix = new Prefix(point.blocks(), point.tail());
        ConversationRef text = text(line.tip().fingerprint());
        return isShared(point)
                ? terms(
                        sharedName(point.tail()),
                        sharedRoot(point.tail()),
                        sharedRoot(point.tail()),
                        prefix,
                        RetentionClass.SYSTEM,
                        SYSTEM_PRIORITY,
                        keep,
                        MEMORY,
                        text(line.system().fingerprint()))
                : terms(
                        name(point),
                        session.treeRoot(),
                        session.id(),
                        prefix,
                        session.parent() == null ? RetentionClass.HISTORY : RetentionClass.SUBAGENT,
                        KEPT_PRIORITY,
                        keep,
                        WaitingLine.tiers(keep.tier()),
                        text);
    }

    /** Keeps the system prompt for every session that begins with it; null when it has no full block. */
    @Nullable
    LeaseTerms system(GapPolicy.Keep keep) {
        SequenceHash tail = line.system().tail();
        return tail == null
                ? null
                : terms(
                        sharedName(tail),
                        sharedRoot(tail),
                        sharedRoot(tail),
                        new Prefix(line.system().blocks(), tail),
                        RetentionClass.SYSTEM,
                        SYSTEM_PRIORITY,
                        keep,
                        MEMORY,
                        text(line.system().fingerprint()));
    }

    /** Whether a beginning is part of the system prompt, and so of other sessions, too. */
    boolean isShared(KeptPoint point) {
        return point.blocks() <= line.system().blocks();
    }

    private LeaseTerms terms(
            LeaseId id,
            SessionId root,
            SessionId owner,
            Prefix prefix,
            RetentionClass retentionClass,
            int priority,
            GapPolicy.Keep keep,
            List<KvTier> tiers,
            ConversationRef conversation) {
        return new LeaseTerms(
                id,
                session.tenant(),
                root,
                owner,
                line.model(),
                prefix,
                line.blockSizeTokens(),
                bytesPerBlock,
                retentionClass,
                priority,
                keep.density(),
                keep.copies(),
                tiers,
                conversation,
                line.lastWorker());
    }

    private ConversationRef text(PromptFingerprint tip) {
        return new ConversationRef(session.tenant(), line.model(), tip);
    }

    private LeaseId name(KeptPoint point) {
        HashStream128 hash = Hashing.xxh3_128().hashStream();
        hash.putString("kept")
                .putString(session.tenant().value())
                .putString(session.id().value())
                .putInt(line.id())
                .putLong(point.tail().value())
                .putInt(point.copies() == null ? 0 : point.copies());
        return id(hash);
    }

    private LeaseId sharedName(SequenceHash tail) {
        HashStream128 hash = Hashing.xxh3_128().hashStream();
        hash.putString("system")
                .putString(session.tenant().value())
                .putString(line.model())
                .putLong(tail.value());
        return id(hash);
    }

    /** Where a shared lease is kept, and under which session it is shown. */
    private SessionId sharedRoot(SequenceHash tail) {
        return shared(sharedName(tail));
    }

    /** Name under which a shared lease is kept. */
    static SessionId shared(LeaseId lease) {
        return new SessionId(SHARED + lease);
    }

    private static LeaseId id(HashStream128 hash) {
        HashValue128 value = hash.get();
        return new LeaseId(value.getMostSignificantBits(), value.getLeastSignificantBits());
    }
}
