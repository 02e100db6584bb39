package cluster;

import agents.AgentSettings;
import agents.session.SessionLimits;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import frontend.FrontendSettings;
import inference.TenantId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import kv.WorkerId;
import router.placement.PlacementSettings;
import workers.FeedSettings;
import workers.HoldSettings;
import workers.WorkerSettings;
import workers.llamacpp.LlamaCppSettings;
import workers.openai.OpenAiSettings;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;

/**
 * Everything that {@code holdfast { … }} says, read once when a node starts. Below this package nobody sees a
 * configuration.
 *
 * <p>Thread-safety: immutable.
 *
 * @param blockSizeTokens tokens in a KV block, everywhere
 * @param engines how to talk to engines of kind openai
 * @param llamaServers how to talk to those of kind llama-cpp
 * @param workerSilence how long a worker may say nothing to a router
 */
public record Settings(
        int blockSizeTokens,
        WorkerSettings workers,
        OpenAiSettings engines,
        Map<WorkerId, LlamaCppSettings> llamaServers,
        PlacementSettings placement,
        Duration workerSilence,
        AgentSettings agents,
        FrontendSettings frontend) {

    /**
     * Reads a whole, resolved configuration.
     *
     * @throws StartFailure in one line, naming the key, when a value is missing, of the wrong type or out of range
     */
    public static Settings of(Config config) {
        try {
            Config own = config.getConfig("holdfast");
            int blockSizeTokens = own.getInt("kv.block-size-tokens");
            Config workers = own.getConfig("workers");
            OpenAiSettings engines = engines(workers.getConfig("openai"));
            return new Settings(
                    blockSizeTokens,
                    workers(workers, blockSizeTokens),
                    engines,
                    EngineConfig.llamaServers(workers, engines, blockSizeTokens),
                    RouterConfig.placement(own.getConfig("router")),
                    own.getDuration("router.worker-silence"),
                    agents(own.getConfig("agents")),
                    frontend(own.getConfig("frontend")));
        } catch (ConfigException | IllegalArgumentException wrong) {
            throw new StartFailure("the configuration is wrong: " + wrong.getMessage(), wrong);
        }
    }

    private static WorkerSettings workers(Config own, int blockSizeTokens) {
        Config events = own.getConfig("events");
        Config holds = own.getConfig("holds");
        return new WorkerSettings(
                blockSizeTokens,
                own.getDuration("heartbeat-interval"),
                own.getInt("failed-probes"),
                own.getDuration("admission-validity"),
                own.getDouble("turns-per-slot"),
                own.getDuration("load-interval"),
                own.getInt("update-window"),
                own.getInt("update-hashes"),
                own.getInt("backlog-hashes"),
                new FeedSettings(
                        events.getDuration("replay-timeout"),
                        events.getDuration("silence-check"),
                        events.getInt("max-pending-batches"),
                        events.getInt("max-frames-in-flight")),
                new HoldSettings(holds.getDouble("budget-share"), holds.getInt("epochs-remembered")),
                EngineConfig.endpoints(own));
    }

    private static OpenAiSettings engines(Config own) {
        Config unsaid = own.getConfig("unsaid");
        return new OpenAiSettings(
                own.getDuration("connect-timeout"),
                own.getDuration("stream-idle-timeout"),
                own.getDuration("probe-timeout"),
                own.getBoolean("priority-accepted"),
                new EngineFacts(
                        List.of(),
                        unsaid.getInt("block-size-tokens"),
                        unsaid.getInt("device-blocks"),
                        unsaid.getInt("max-batched-tokens"),
                        unsaid.getInt("max-sequences"),
                        unsaid.getInt("context-tokens"),
                        EngineCapabilities.NONE));
    }

    private static AgentSettings agents(Config own) {
        Config session = own.getConfig("session");
        Config turn = own.getConfig("turn");
        return new AgentSettings(
                new AgentSettings.Session(
                        session.getDuration("idle-timeout"),
                        session.getInt("snapshot-every-events"),
                        new SessionLimits(
                                session.getInt("max-frontiers"),
                                session.getInt("max-checkpoints"),
                                session.getInt("max-turns"),
                                session.getInt("max-children")),
                        session.getDuration("ask-timeout"),
                        session.getDuration("min-restart-backoff"),
                        session.getDuration("max-restart-backoff")),
                new AgentSettings.Turn(
                        turn.getDuration("store-timeout"),
                        turn.getDuration("store-ask-timeout"),
                        turn.getDuration("admission-timeout"),
                        turn.getDuration("engine-silence-timeout"),
                        turn.getInt("max-placements"),
                        turn.getInt("expected-output-tokens")),
                own.getLong("prompt-cache-blocks"));
    }

    private static FrontendSettings frontend(Config own) {
        return new FrontendSettings(
                own.getString("host"),
                own.getInt("port"),
                own.getConfigList("api-keys").stream().map(Settings::apiKey).toList(),
                own.getBytes("max-body"),
                own.getDuration("body-timeout"),
                own.getDuration("first-byte-after"),
                own.getDuration("keep-alive-interval"),
                own.getDuration("drain-timeout"));
    }

    private static FrontendSettings.ApiKey apiKey(Config key) {
        TenantId tenant = new TenantId(key.getString("tenant"));
        return key.hasPath("key-sha256")
                ? new FrontendSettings.ApiKey(key.getString("key-sha256"), tenant)
                : FrontendSettings.ApiKey.of(key.getString("key"), tenant);
    }
}
