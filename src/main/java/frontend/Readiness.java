package frontend;

import java.util.List;
import java.util.concurrent.CompletionStage;

/** Port to the cluster: whether this node can take turns now. */
@FunctionalInterface
public interface Readiness {

    /** What is missing, one phrase each; empty when nothing is. Asked from any thread. */
    CompletionStage<List<String>> missing();
}
