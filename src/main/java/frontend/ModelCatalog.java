package frontend;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Port to the cluster: which models can be asked for.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public interface ModelCatalog {

    /** Union of the models of all workers, each once. */
    CompletionStage<List<ServedModel>> models();

    /**
     * One model.
     *
     * @param since when it was first seen
     * @param ownedBy what serves it, for display
     */
    record ServedModel(String id, Instant since, String ownedBy) {}
}
