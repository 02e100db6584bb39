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
import io.r2dbc.spi.Result;
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
import reactor.core.publisher.Flux;

/**
 * Conversations' text in PostgreSQL: table {@code conversation_message} holds each message once, under the fingerprint of
 * the prompt that ends with it, and points to the one before.
 *
 * <p>Keeping a turn costs one transaction with what is new in it: what this node kept a short while ago is remembered and
 * not sent again. A conversation that nobody kept for {@code keep} is forgotten.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class StoredConversations implements ConversationStore {
    private static final Logger LOG = LoggerFactory.getLogger(StoredConversations.class);
    private static final int REMEMBERED = 100_000;
    private static final String INSERT =
            """
            INSERT INTO conversation_message (tenant, fingerprint, parent, body, used_at) VALUES ($1, $2, $3, $4, $5)
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

    private final ConnectionFactory connections;
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
        this.connections = connections;
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
        return Transactions.run(connections, connection -> {
                    Statement insert = connection.createStatement(INSERT);
                    for (int i = known.elements(); i < line.size(); i++) {
                        if (i > known.elements()) {
                            insert.add();
                        }
                        bind(insert, request, line, i, reply, now);
                    }
                    return Flux.from(insert.execute())
                            .flatMap(Result::getRowsUpdated)
                            .reduce(0L, Long::sum);
                })
                .map(written -> {
                    remember(request, line.subList(known.elements(), line.size()), known.since());
                    return reference(request, line.get(line.size() - 1));
                })
                .toFuture();
    }

    private static void bind(
            Statement insert,
            InferenceRequest request,
            List<PromptFingerprint> line,
            int at,
            Message reply,
            Instant now) {
        String body = at == 0
                ? ConversationJson.write(request.tools())
                : ConversationJson.write(
                        at == line.size() - 1 ? reply : request.messages().get(at - 1));
        insert.bind(0, request.session().tenant().value())
                .bind(1, uuid(line.get(at)))
                .bind(3, body)
                .bind(4, OffsetDateTime.ofInstant(now, ZoneOffset.UTC));
        if (at == 0) {
            insert.bindNull(2, UUID.class);
        } else {
            insert.bind(2, uuid(line.get(at - 1)));
        }
    }

    @Override
    public CompletionStage<Optional<InferenceRequest>> find(ConversationRef conversation) {
        return Flux.usingWhen(
                        connections.create(),
                        connection -> Flux.from(connection
                                        .createStatement(SELECT)
                                        .bind(0, conversation.tenant().value())
                                        .bind(1, uuid(conversation.tip()))
                                        .execute())
                                .flatMap(result -> result.map((row, metadata) ->
                                        new Row(row.get(0, UUID.class), required(row.get(1, String.class))))),
                        Connection::close)
                .collectList()
                .map(rows -> request(conversation, rows))
                .toFuture();
    }

    /** Forgets what nobody kept for long; tells how many messages that were. */
    CompletionStage<Long> forgetOld() {
        OffsetDateTime before = OffsetDateTime.ofInstant(clock.instant().minus(keep), ZoneOffset.UTC);
        return Transactions.run(connections, connection -> Flux.from(connection
                                .createStatement(FORGET)
                                .bind(0, before)
                                .execute())
                        .flatMap(Result::getRowsUpdated)
                        .reduce(0L, Long::sum))
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
        return Optional.of(new InferenceRequest(
                new TurnId("retention-" + conversation.tip()),
                conversation.model(),
                new SessionContext(conversation.tenant(), new SessionId("retention"), null, false),
                ConversationJson.readTools(rows.get(0).body()),
                ToolChoice.AUTO,
                true,
                messages,
                Sampling.DEFAULT,
                false,
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
