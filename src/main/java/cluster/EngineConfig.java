package cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigUtil;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.EngineEndpoint;
import workers.llamacpp.CopyStorage;
import workers.llamacpp.LlamaCppSettings;
import workers.openai.EnginePriority;
import workers.openai.OpenAiSettings;
import workers.openai.ResumedAnswers;
import workers.status.AnswerExtras;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;

/** {@code holdfast.workers.engines} as settings: which engines there are, and of what kind. Stateless. */
final class EngineConfig {
    private static final String OPENAI = "openai";
    private static final String LLAMA_CPP = "llama-cpp";
    private static final String COPIES_FOLDER = "copies-folder";
    private static final String COPIES_BUDGET = "copies-budget";
    private static final String ABANDONED_AFTER = "llama-cpp.abandoned-after";
    private static final String PRIORITY = "priority";
    private static final String RESUMES = "resume-answers";
    static final String SEEDS = "seed-answers";
    private static final String UNSAID = "unsaid";
    private static final Map<String, Set<String>> KEYS = Map.of(
            OPENAI,
            Set.of("url", "kind", "events", "replay", "ranks", PRIORITY, RESUMES, SEEDS, UNSAID),
            LLAMA_CPP,
            Set.of("url", "kind", COPIES_FOLDER, COPIES_BUDGET, SEEDS));

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
     * Those of kind openai that say for themselves what is assumed of them, how they understand a priority, which answers they
     * go on with or whether they are sent seeds.
     *
     * @param common how to talk to all of them
     */
    static Map<WorkerId, OpenAiSettings> openAiServers(Section workers, OpenAiSettings common) {
        Map<WorkerId, OpenAiSettings> servers = new HashMap<>();
        for (Config engine : workers.getConfigList("engines")) {
            if (kind(engine).equals(OPENAI)
                    && Stream.of(UNSAID, PRIORITY, RESUMES, SEEDS).anyMatch(engine::hasPath)) {
                servers.put(new WorkerId(engine.getString("url")), openAiServer(engine, workers, common));
            }
        }
        return Map.copyOf(servers);
    }

    private static OpenAiSettings openAiServer(Config engine, Section workers, OpenAiSettings common) {
        Config others = workers.getConfig("openai");
        if (engine.hasPath(UNSAID)) {
            for (String key : engine.getConfig(UNSAID).root().keySet()) {
                if (!others.getConfig(UNSAID).hasPath(key)) {
                    throw wrong(engine, "there is no unsaid." + key);
                }
            }
        }
        Section both = own(engine.withFallback(others));
        return common.understanding(priority(both))
                .resuming(resumes(both))
                .seeding(both.getBoolean(SEEDS))
                .assuming(unsaid(both.section(UNSAID)));
    }

    /** How engines understand a priority. */
    static EnginePriority priority(Section own) {
        return choice(own, PRIORITY, EnginePriority.values());
    }

    /** Which answers engines go on with that another one began. */
    static ResumedAnswers resumes(Section own) {
        return choice(own, RESUMES, ResumedAnswers.values());
    }

    private static <E extends Enum<E>> E choice(Section own, String key, E[] values) {
        List<String> words = Stream.of(values)
                .map(value -> value.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                .toList();
        return values[words.indexOf(own.getString(key, words))];
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

    /**
     * The llama-servers among them.
     *
     * @param leases under which their copies are kept
     */
    static Map<WorkerId, LlamaCppSettings> llamaServers(
            Section workers, Section leases, OpenAiSettings http, int blockSizeTokens) {
        Map<WorkerId, LlamaCppSettings> servers = new HashMap<>();
        Map<Path, CopyStorage> shared = new HashMap<>();
        for (Config engine : workers.getConfigList("engines")) {
            if (kind(engine).equals(LLAMA_CPP)) {
                servers.put(
                        new WorkerId(engine.getString("url")),
                        new LlamaCppSettings(
                                http.withoutKeeping().seeding(seeds(engine, workers)),
                                blockSizeTokens,
                                copies(engine, workers, leases, shared),
                                workers.getDuration("llama-cpp.command-timeout")));
            }
        }
        return Map.copyOf(servers);
    }

    private static boolean seeds(Config engine, Section workers) {
        return own(engine.withFallback(workers.getConfig("llama-cpp"))).getBoolean(SEEDS);
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

    /** @param shared folders of the entries before */
    private static @Nullable CopyStorage copies(
            Config engine, Section workers, Section leases, Map<Path, CopyStorage> shared) {
        boolean budgeted = engine.hasPath(COPIES_BUDGET);
        if (!engine.hasPath(COPIES_FOLDER)) {
            if (budgeted) {
                throw wrong(engine, COPIES_BUDGET + " is that of a " + COPIES_FOLDER + ", which is missing");
            }
            return null;
        }
        CopyStorage copies = new CopyStorage(
                folder(engine),
                budgeted ? own(engine).getBytes(COPIES_BUDGET) : null,
                workers.getShareAboveZero("llama-cpp.copies-share"),
                abandonedAfter(workers, leases));
        CopyStorage before = shared.putIfAbsent(copies.folder(), copies);
        if (before != null && !before.equals(copies)) {
            throw wrong(engine, "servers that share " + copies.folder() + " have the same " + COPIES_BUDGET);
        }
        return copies;
    }

    private static Duration abandonedAfter(Section workers, Section leases) {
        Duration after = workers.getDuration(ABANDONED_AFTER);
        Duration longest = leases.getDuration("max-lease")
                .plus(leases.getDurationOrZero("skew-bound"))
                .plus(leases.getDuration("inventory-interval"));
        if (after.compareTo(longest) <= 0) {
            throw new IllegalArgumentException(
                    "holdfast.workers." + ABANDONED_AFTER + " is longer than max-lease, skew-bound and"
                            + " inventory-interval of holdfast.router.leases together, " + longest.toSeconds() + " s");
        }
        return after;
    }

    private static Section own(Config engine) {
        String path = ConfigUtil.joinPath("holdfast", "workers", "engines", engine.getString("url"));
        return new Section(engine.atPath(path), path);
    }

    private static Path folder(Config engine) {
        Path folder = Path.of(engine.getString(COPIES_FOLDER));
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
