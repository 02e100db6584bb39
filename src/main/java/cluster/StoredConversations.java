package cluster;

import akka.actor.typed.ActorSystem;
import akka.persistence.r2dbc.ConnectionFactoryProvider;
import inference.AgentHints;
import inference.ConversationRef;
import inference.ConversationStore;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import inference.Sampling;
import inference.SessionContext;
import inference.SessionId;
import inference.ToolChoice;
import inference.TurnId;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Conversations' text in PostgreSQL: table {@code conversation_message} holds each message once, under the fingerprint of
 * the prompt that ends with it, and points to the one before.
 *
 * <p>Keeping a turn costs one statement with what is new in it: what this node kept a short while ago is remembered and
 * not sent again. A conversation that nobody kept for {@code keep} is forgotten.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class StoredConversations implements ConversationStore {
    private static final Logger LOG = LoggerFactory.getLogger(StoredConversations.class);
    private static final int REMEMBERED = 100_000;
    private static final String INSERT =
            """
            INSERT INTO conversation_message (tenant, fingerprint, parent, body, used_at)
            SELECT $1, fingerprint, parent, body, $5
            FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS line (fingerprint, parent, body)
            ON CONFLICT (tenant, fingerprint) DO UPDATE SET used_at = excluded.used_at""";
    private static final String SELECT =
            """
            WITH RECURSIVE line AS (
              SELECT parent, body, 0 AS depth FROM conversation_message WHERE tenant = $1 AND fingerprint = $2
              UNION ALL
              SELECT m.parent, m.body, line.depth + 1 FROM line
              JOIN conversation_message m ON m.tenant = $1 AND m.fingerprint = line.parent)
            SELECT parent, body FROM line ORDER BY depth DESC""";
    private static final String FORGET = "DELETE FROM conversation_message WHERE used_at < $1";

    private final Statements statements;
    private final InstantSource clock;
    private final Duration keep;
    /** Beginnings that are in the table, and when the whole of each was last written there. */
    private final Map<ConversationRef, Instant> kept = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<ConversationRef, Instant> eldest) {
            return size() > REMEMBERED;
        }
    };

    /** @param keep how long a conversation is kept after its last turn, at least */
    StoredConversations(ConnectionFactory connections, InstantSource clock, Duration keep) {
        this.statements = new Statements(connections);
        this.clock = clock;
        this.keep = keep;
    }

    /** Over the connections of this node's journal; forgets what is old now and then. */
    static StoredConversations start(ActorSystem<?> system, InstantSource clock, Duration keep) {
        ConnectionFactory connections =
                ConnectionFactoryProvider.get(system).connectionFactoryFor("akka.persistence.r2dbc.connection-factory");
        StoredConversations conversations = new StoredConversations(connections, clock, keep);
        Duration pause = keep.dividedBy(24);
        system.scheduler()
                .scheduleWithFixedDelay(
                        pause,
                        pause,
                        () -> conversations.forgetOld().exceptionally(failure -> {
                            LOG.warn("old conversations are not forgotten: {}", failure.toString());
                            return 0L;
                        }),
                        system.executionContext());
        return conversations;
    }

    private record Row(@Nullable UUID parent, String body) {}

    @Override
    public CompletionStage<ConversationRef> keep(
            InferenceRequest request, List<PromptFingerprint> chain, Message reply) {
        List<PromptFingerprint> line = new ArrayList<>(chain);
        line.add(chain.get(chain.size() - 1).followedBy(reply));
        Known known = known(request, line);
        Instant now = clock.instant();
        return statements
                .update(connection -> insert(connection, request, line, known.elements(), reply, now))
                .map(written -> {
                    remember(request, line.subList(known.elements(), line.size()), known.since());
                    return reference(request, line.get(line.size() - 1));
                })
                .toFuture();
    }

    private static Statement insert(
            Connection connection,
            InferenceRequest request,
            List<PromptFingerprint> line,
            int from,
            Message reply,
            Instant now) {
        UUID[] fingerprints = new UUID[line.size() - from];
        UUID[] parents = new UUID[fingerprints.length];
        String[] bodies = new String[fingerprints.length];
        for (int i = from; i < line.size(); i++) {
            fingerprints[i - from] = uuid(line.get(i));
            parents[i - from] = i == 0 ? null : uuid(line.get(i - 1));
            bodies[i - from] = i == 0
                    ? ConversationJson.write(head(request, line.get(0)))
                    : ConversationJson.write(
                            i == line.size() - 1 ? reply : request.messages().get(i - 1));
        }
        return connection
                .createStatement(INSERT)
                .bind(0, request.session().tenant().value())
                .bind(1, fingerprints)
                .bind(2, parents)
                .bind(3, bodies)
                .bind(4, OffsetDateTime.ofInstant(now, ZoneOffset.UTC));
    }

    /** With the effort if it counts in the fingerprint: else the same head is that of requests with others. */
    private static ConversationJson.Head head(InferenceRequest request, PromptFingerprint fingerprint) {
        boolean counts = PromptFingerprint.chain(request.tools(), List.of(), request.effort())
                .get(0)
                .equals(fingerprint);
        return new ConversationJson.Head(request.tools(), counts ? request.effort() : null);
    }

    @Override
    public CompletionStage<Optional<InferenceRequest>> find(ConversationRef conversation) {
        return statements
                .rows(
                        connection -> connection
                                .createStatement(SELECT)
                                .bind(0, conversation.tenant().value())
                                .bind(1, uuid(conversation.tip())),
                        row -> new Row(row.get(0, UUID.class), required(row.get(1, String.class))))
                .map(rows -> request(conversation, rows))
                .toFuture();
    }

    /** Forgets what nobody kept for long; tells how many messages that were. */
    CompletionStage<Long> forgetOld() {
        OffsetDateTime before = OffsetDateTime.ofInstant(clock.instant().minus(keep), ZoneOffset.UTC);
        return statements
                .update(connection -> connection.createStatement(FORGET).bind(0, before))
                .toFuture();
    }

    /** Leading elements of a line that are in the table, and since when all of them are. */
    private record Known(int elements, Instant since) {}

    private Known known(InferenceRequest request, List<PromptFingerprint> line) {
        Instant now = clock.instant();
        // What was written long ago is written again, whole, before its beginning is forgotten.
        Instant fresh = now.minus(keep.dividedBy(4));
        synchronized (kept) {
            for (int i = line.size() - 2; i >= 0; i--) {
                Instant since = kept.get(reference(request, line.get(i)));
                if (since != null && since.isAfter(fresh)) {
                    return new Known(i + 1, since);
                }
            }
        }
        return new Known(0, now);
    }

    private void remember(InferenceRequest request, List<PromptFingerprint> added, Instant since) {
        synchronized (kept) {
            added.forEach(fingerprint -> kept.put(reference(request, fingerprint), since));
        }
    }

    private static ConversationRef reference(InferenceRequest request, PromptFingerprint tip) {
        return new ConversationRef(request.session().tenant(), request.model(), tip);
    }

    private static Optional<InferenceRequest> request(ConversationRef conversation, List<Row> rows) {
        if (rows.isEmpty() || rows.get(0).parent() != null) {
            return Optional.empty(); // its beginning is forgotten
        }
        List<Message> messages = rows.subList(1, rows.size()).stream()
                .map(row -> ConversationJson.readMessage(row.body()))
                .toList();
        ConversationJson.Head head = ConversationJson.readHead(rows.get(0).body());
        return Optional.of(new InferenceRequest(
                new TurnId("retention-" + conversation.tip()),
                conversation.model(),
                new SessionContext(conversation.tenant(), new SessionId("retention"), null, false),
                head.tools(),
                ToolChoice.AUTO,
                true,
                messages,
                Sampling.DEFAULT,
                head.effort(),
                AgentHints.NONE,
                List.of()));
    }

    private static String required(@Nullable String body) {
        if (body == null) {
            throw new IllegalStateException("a stored message has no body");
        }
        return body;
    }

    private static UUID uuid(PromptFingerprint fingerprint) {
        return new UUID(fingerprint.high(), fingerprint.low());
    }
}
