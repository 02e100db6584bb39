package cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigUtil;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.EngineEndpoint;
import workers.llamacpp.LlamaCppSettings;
import workers.openai.OpenAiSettings;
import workers.status.AnswerExtras;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;

/** {@code holdfast.workers.engines} as settings: which engines there are, and of what kind. Stateless. */
final class EngineConfig {
    private static final String OPENAI = "openai";
    private static final String LLAMA_CPP = "llama-cpp";
    private static final String UNSAID = "unsaid";
    private static final Map<String, Set<String>> KEYS = Map.of(
            OPENAI,
            Set.of("url", "kind", "events", "replay", "ranks", UNSAID),
            LLAMA_CPP,
            Set.of("url", "kind", "copies-folder"));

    private EngineConfig() {}

    /**
     * Every engine, of whatever kind.
     *
     * @throws StartFailure names the engine and the key that is wrong, and where it was written
     */
    static List<EngineEndpoint> endpoints(Section workers) {
        return workers.getConfigList("engines").stream()
                .map(EngineConfig::endpoint)
                .toList();
    }

    /**
     * Those of kind openai that say for themselves what is assumed of them.
     *
     * @param common how to talk to all of them
     */
    static Map<WorkerId, OpenAiSettings> openAiServers(Section workers, OpenAiSettings common) {
        Map<WorkerId, OpenAiSettings> servers = new HashMap<>();
        for (Config engine : workers.getConfigList("engines")) {
            if (kind(engine).equals(OPENAI) && engine.hasPath(UNSAID)) {
                Config others = workers.getConfig("openai.unsaid");
                Config own = engine.getConfig(UNSAID);
                for (String key : own.root().keySet()) {
                    if (!others.hasPath(key)) {
                        throw wrong(engine, "there is no unsaid." + key);
                    }
                }
                String url = engine.getString("url");
                String path = ConfigUtil.joinPath("holdfast", "workers", "engines", url, UNSAID);
                Section both = new Section(own.withFallback(others).atPath(path), path);
                servers.put(new WorkerId(url), common.assuming(unsaid(both)));
            }
        }
        return Map.copyOf(servers);
    }

    /** What is assumed of engines that do not say it. */
    static EngineFacts unsaid(Section own) {
        return new EngineFacts(
                List.of(),
                own.getInt("block-size-tokens", 1, 1024),
                own.getInt("device-blocks", 1),
                own.getInt("max-batched-tokens", 1),
                own.getInt("max-sequences", 1),
                own.getInt("context-tokens", 1),
                EngineCapabilities.NONE,
                new AnswerExtras(own.getInt("max-logprobs", 0, 20), own.getBoolean("logit-bias")));
    }

    /** The llama-servers among them. */
    static Map<WorkerId, LlamaCppSettings> llamaServers(Section workers, OpenAiSettings http, int blockSizeTokens) {
        Map<WorkerId, LlamaCppSettings> servers = new HashMap<>();
        for (Config engine : workers.getConfigList("engines")) {
            if (kind(engine).equals(LLAMA_CPP)) {
                servers.put(
                        new WorkerId(engine.getString("url")),
                        new LlamaCppSettings(
                                http.withoutKeeping(),
                                blockSizeTokens,
                                engine.hasPath("copies-folder") ? folder(engine) : null,
                                workers.getDuration("llama-cpp.command-timeout")));
            }
        }
        return Map.copyOf(servers);
    }

    private static EngineEndpoint endpoint(Config engine) {
        String kind = kind(engine);
        for (String key : engine.root().keySet()) {
            if (!KEYS.getOrDefault(kind, Set.of()).contains(key)) {
                throw wrong(engine, "an engine of kind " + kind + " has no \"" + key + "\"");
            }
        }
        if (!engine.hasPath("url")) {
            throw wrong(engine, "its url is missing");
        }
        try {
            return new EngineEndpoint(
                    new WorkerId(engine.getString("url")),
                    engine.hasPath("events") ? engine.getString("events") : null,
                    engine.hasPath("replay") ? engine.getString("replay") : null,
                    engine.hasPath("ranks") ? engine.getInt("ranks") : 1);
        } catch (IllegalArgumentException refused) {
            throw wrong(engine, refused.getMessage());
        }
    }

    private static String kind(Config engine) {
        String kind = engine.hasPath("kind") ? engine.getString("kind") : OPENAI;
        if (!KEYS.containsKey(kind)) {
            throw wrong(engine, "kind is " + OPENAI + " or " + LLAMA_CPP + ", got \"" + kind + "\"");
        }
        return kind;
    }

    private static Path folder(Config engine) {
        Path folder = Path.of(engine.getString("copies-folder"));
        if (!Files.isDirectory(folder) || !Files.isWritable(folder)) {
            throw wrong(engine, "copies-folder " + folder + " is no folder that this node can write to");
        }
        return folder;
    }

    private static StartFailure wrong(Config engine, @Nullable String what) {
        return new StartFailure("configuration: " + engine.origin().description() + ": holdfast.workers.engines, "
                + (engine.hasPath("url") ? engine.getString("url") : "an engine without url") + ": " + what);
    }
}
