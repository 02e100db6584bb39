package frontend;

import java.util.List;

/** Port to the cluster: whether this node can take turns now. */
@FunctionalInterface
public interface Readiness {

    /** What is missing, one phrase each; empty when nothing is. Answers at once, from any thread. */
    List<String> missing();
}
