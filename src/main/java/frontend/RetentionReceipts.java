package frontend;

import com.fasterxml.jackson.databind.JsonNode;
import inference.SessionContext;
import java.util.concurrent.CompletionStage;

/**
 * Port to the cluster: what is kept of a session, for answers that show it.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
@FunctionalInterface
public interface RetentionReceipts {

    /**
     * The session's leases as JSON, once their workers have answered, or have not in time: what was asked of each worker, what it
     * acknowledged, and what was observed since.
     */
    CompletionStage<JsonNode> of(SessionContext session);
}
