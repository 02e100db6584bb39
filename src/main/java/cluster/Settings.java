package cluster;

import agents.AgentSettings;
import agents.plan.GapPolicies;
import agents.plan.RetentionSettings;
import agents.session.SessionLimits;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import frontend.FrontendSettings;
import frontend.PromptNoise;
import inference.TenantId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import kv.WorkerId;
import router.LeaseSettings;
import router.placement.PlacementSettings;
import workers.FeedSettings;
import workers.HoldSettings;
import workers.WorkerSettings;
import workers.llamacpp.LlamaCppSettings;
import workers.openai.OpenAiSettings;

/**
 * Everything that {@code holdfast { … }} says, read once when a node starts. Below this package nobody sees a
 * configuration.
 *
 * <p>Thread-safety: immutable.
 *
 * @param blockSizeTokens tokens in a KV block, everywhere
 * @param engines how to talk to engines of kind openai
 * @param openAiServers how to talk to those of them that differ from the others
 * @param llamaServers how to talk to those of kind llama-cpp
 * @param workerSilence how long a worker may say nothing to a router
 */
public record Settings(
        int blockSizeTokens,
        WorkerSettings workers,
        OpenAiSettings engines,
        Map<WorkerId, OpenAiSettings> openAiServers,
        Map<WorkerId, LlamaCppSettings> llamaServers,
        PlacementSettings placement,
        Duration workerSilence,
        LeaseSettings leases,
        AgentSettings agents,
        FrontendSettings frontend) {
    private static final Pattern PATH = Pattern.compile("^holdfast(\\.[a-z-]+)+");
    private static final int MOST_TURNS_PER_SLOT = 1000;
    private static final List<String> API_KEY = List.of("key", "key-sha256", "tenant");

    /**
     * Reads a whole, resolved configuration.
     *
     * @throws StartFailure in one line, naming the key, when a value is missing, of the wrong type or out of range
     */
    public static Settings of(Config config) {
        try {
            Section own = new Section(config, "holdfast");
            int blockSizeTokens = own.getInt("kv.block-size-tokens", 1, 1024);
            Section workers = own.section("workers");
            OpenAiSettings engines = engines(workers.section("openai"));
            return new Settings(
                    blockSizeTokens,
                    workers(workers, blockSizeTokens),
                    engines,
                    EngineConfig.openAiServers(workers, engines),
                    EngineConfig.llamaServers(workers, own.section("router.leases"), engines, blockSizeTokens),
                    RouterConfig.placement(config),
                    own.getDuration("router.worker-silence"),
                    RouterConfig.leases(own.section("router.leases")),
                    agents(own.section("agents")),
                    frontend(own.section("frontend")));
        } catch (ConfigException wrong) {
            throw new StartFailure("configuration: " + wrong.getMessage(), wrong);
        } catch (IllegalArgumentException wrong) {
            throw new StartFailure("configuration: " + place(config, wrong) + wrong.getMessage(), wrong);
        }
    }

    /** Settings that refuse values begin with the key's path, but do not know where it was written. */
    private static String place(Config config, IllegalArgumentException wrong) {
        Matcher path = PATH.matcher(String.valueOf(wrong.getMessage()));
        return path.find() && config.hasPath(path.group())
                ? config.getValue(path.group()).origin().description() + ": "
                : "";
    }

    private static WorkerSettings workers(Section own, int blockSizeTokens) {
        Section events = own.section("events");
        Section holds = own.section("holds");
        return new WorkerSettings(
                blockSizeTokens,
                own.getDuration("heartbeat-interval", Duration.ofMillis(100), Duration.ofMinutes(1)),
                own.getInt("failed-probes", 1),
                own.getDuration("admission-validity"),
                own.getDoubleAboveZero("turns-per-slot", MOST_TURNS_PER_SLOT),
                own.getDuration("load-interval"),
                own.getInt("update-window", 1, 1000),
                own.getInt("update-hashes", 1, 6000),
                own.getInt("backlog-hashes", 1),
                new FeedSettings(
                        events.getDuration("replay-timeout"),
                        events.getDuration("silence-check"),
                        events.getInt("max-pending-batches", 1),
                        events.getInt("max-frames-in-flight", 1),
                        events.getDuration("min-restart-backoff"),
                        events.getDuration("max-restart-backoff")),
                new HoldSettings(
                        holds.getShare("budget-share"),
                        holds.getShare("guess-share"),
                        holds.getInt("epochs-remembered", 1)),
                EngineConfig.endpoints(own));
    }

    private static OpenAiSettings engines(Section own) {
        return new OpenAiSettings(
                own.getDuration("connect-timeout"),
                own.getDurationOrZero("keep-connections"),
                own.getDuration("stream-idle-timeout"),
                own.getDuration("probe-timeout"),
                EngineConfig.priority(own),
                EngineConfig.resumes(own),
                own.getBoolean(EngineConfig.SEEDS),
                EngineConfig.unsaid(own.section("unsaid")));
    }

    private static AgentSettings agents(Section own) {
        Section session = own.section("session");
        Section turn = own.section("turn");
        return new AgentSettings(
                new AgentSettings.Session(
                        session.getDuration("idle-timeout"),
                        session.getInt("snapshot-every-events", 1),
                        new SessionLimits(
                                session.getInt("max-frontiers", 1, 64),
                                session.getInt("max-checkpoints", 1, 256),
                                session.getInt("max-turns", 1, 1024),
                                session.getInt("max-children", 1, 1024),
                                session.getInt("max-controls", 1, 1024)),
                        session.getDuration("ask-timeout"),
                        session.getDuration("receipt-wait"),
                        session.getDuration("min-restart-backoff"),
                        session.getDuration("max-restart-backoff")),
                new AgentSettings.Turn(
                        turn.getDuration("store-timeout"),
                        turn.getDuration("store-ask-timeout"),
                        turn.getDuration("lease-timeout"),
                        turn.getDuration("tokenise-timeout"),
                        turn.getDuration("admission-timeout"),
                        turn.getDuration("engine-silence-timeout"),
                        turn.getDuration("client-stall-timeout"),
                        turn.getInt("max-placements", 1),
                        turn.getInt("expected-output-tokens", 1)),
                retention(own.section("retention")),
                own.getLong("prompt-cache-blocks", 0),
                own.getDuration("keep-conversations"));
    }

    private static RetentionSettings retention(Section own) {
        RetentionSettings settings = RetentionConfig.of(own);
        own.getNamed("policy", policy -> GapPolicies.create(policy, settings, tokens -> 0));
        return settings;
    }

    private static FrontendSettings frontend(Section own) {
        return new FrontendSettings(
                own.getString("host"),
                own.getInt("port", 0, 65_535),
                own.getConfigList("api-keys").stream().map(Settings::apiKey).toList(),
                FrontendSettings.Bodies.sharing(
                        own.getShareAboveZero("bodies-share"),
                        Runtime.getRuntime().maxMemory(),
                        own.getBytes("max-body"),
                        own.getDuration("body-timeout")),
                own.getDuration("first-byte-after"),
                own.getDuration("keep-alive-interval"),
                own.getDurationOrZero("drain-timeout"),
                own.getInt("max-choices", 1, 128),
                own.getDuration("keep-responses", Duration.ofMinutes(1), Duration.ofDays(365)),
                own.getInt("max-responses", 100, 100_000_000),
                new FrontendSettings.Rates(
                        own.getInt("requests-per-minute", 0, 1_000_000),
                        own.getInt("tokens-per-minute", 0, 1_000_000_000)),
                promptNoise(own));
    }

    private static PromptNoise promptNoise(Section own) {
        try {
            return new PromptNoise(own.getStringList("prompt-noise").stream()
                    .map(Pattern::compile)
                    .toList());
        } catch (PatternSyntaxException wrong) {
            throw new IllegalArgumentException(
                    "holdfast.frontend.prompt-noise: not a regular expression: " + wrong.getMessage(), wrong);
        }
    }

    private static FrontendSettings.ApiKey apiKey(Config key) {
        key.root().forEach((name, value) -> {
            if (!API_KEY.contains(name)) {
                throw new StartFailure("configuration: " + value.origin().description()
                        + ": an entry of holdfast.frontend.api-keys has no key " + name + ", only "
                        + String.join(", ", API_KEY));
            }
        });
        TenantId tenant = new TenantId(key.getString("tenant"));
        return key.hasPath("key-sha256")
                ? new FrontendSettings.ApiKey(key.getString("key-sha256"), tenant)
                : FrontendSettings.ApiKey.of(key.getString("key"), tenant);
    }
}
