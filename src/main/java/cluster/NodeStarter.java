package cluster;

import com.typesafe.config.Config;
import inference.huggingface.ModelTemplate;
import java.util.Map;

/** The way to a serving node from a whole, resolved configuration. */
@FunctionalInterface
public interface NodeStarter {

    /**
     * Starts a node and waits until it serves.
     *
     * @param models templates of those models that have files
     * @throws StartFailure if it cannot; nothing of it is left running then
     */
    RunningNode start(Config config, Map<String, ModelTemplate> models);
}
