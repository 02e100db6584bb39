package frontend;

import akka.NotUsed;
import akka.japi.Pair;
import akka.stream.javadsl.Source;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import inference.InferenceEvent;
import inference.SessionContext;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;

/**
 * Port to the cluster: what is kept of a session, for answers that show it as their member {@value #MEMBER}.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
@FunctionalInterface
public interface RetentionReceipts {
    /** Of a request and of its answer, in every dialect; clients ignore it or pass it on. */
    String MEMBER = "nvext";

    /**
     * The session's leases as JSON, once their workers have answered, or have not in time: what was asked of each worker, what it
     * acknowledged, and what was observed since; and where the ledger granted less than was asked for, or nothing.
     */
    CompletionStage<JsonNode> of(SessionContext session);

    /** The answer's member if its request asks for it; an answer does not fail for it. */
    default CompletionStage<Optional<ObjectNode>> shown(boolean asked, SessionContext session) {
        return asked
                ? of(session)
                        .thenApply(kept -> Optional.of(
                                JsonNodeFactory.instance.objectNode().<ObjectNode>set("retention", kept)))
                        .exceptionally(failure -> Optional.empty())
                : CompletableFuture.completedStage(Optional.empty());
    }

    /** A turn's events, the last of them with the answer's member: by then the turn is recorded. */
    default Source<Pair<InferenceEvent, Optional<ObjectNode>>, NotUsed> beside(
            Source<InferenceEvent, NotUsed> events, boolean asked, SessionContext session) {
        return beside(events, asked, session, event -> event instanceof InferenceEvent.Finished);
    }

    /** The same with the events of several answers. */
    default Source<Pair<ChoiceEvent, Optional<ObjectNode>>, NotUsed> besideChoices(
            Source<ChoiceEvent, NotUsed> events, boolean asked, SessionContext session) {
        return beside(
                events, asked, session, event -> event.last() && event.event() instanceof InferenceEvent.Finished);
    }

    private <E> Source<Pair<E, Optional<ObjectNode>>, NotUsed> beside(
            Source<E, NotUsed> events, boolean asked, SessionContext session, Predicate<E> end) {
        return asked
                ? events.mapAsync(
                        1, event -> shown(end.test(event), session).thenApply(kept -> Pair.create(event, kept)))
                : events.map(event -> Pair.create(event, Optional.empty()));
    }

    /** Writes the member, if there is one. */
    static void write(JsonGenerator json, Optional<ObjectNode> kept) throws IOException {
        if (kept.isPresent()) {
            json.writeFieldName(MEMBER);
            json.writeRawValue(kept.get().toString());
        }
    }
}
