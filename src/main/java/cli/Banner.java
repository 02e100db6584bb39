package cli;

import cluster.DataDirectory;
import cluster.EngineProcessSettings;
import cluster.LocalNode;
import com.typesafe.config.Config;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What {@code holdfast up} says when it is ready: what runs where, and what to try.
 *
 * @param model one that can be asked, null when none is known
 */
record Banner(
        LocalNode local,
        EngineProcessSettings engines,
        Config config,
        DataDirectory data,
        @Nullable String model,
        Duration startup) {

    void print(PrintWriter out) {
        String http = local.http().toString();
        boolean simulated = LocalNode.simulated(config);
        out.printf(
                Locale.ROOT,
                """
                Holdfast is up after %.1f s. Ctrl-C lets running turns finish and stops everything.

                  HTTP     %s
                  engines  %s
                           %s
                  store    PostgreSQL at %s:%d, durable
                  data     %s
                  logs     %s
                  join     ./holdfast up --config %s --data-dir ANOTHER --http-port ANOTHER

                Try:
                """,
                startup.toMillis() / 1000.0,
                http,
                simulated ? simulatedEngines() : "of the configuration, see " + http + "/v1/workers",
                String.join(" ", simulated ? simulatedUrls() : configuredUrls()),
                local.store().host(),
                local.store().port(),
                data.path(),
                data.logs().resolve("node.log"),
                local.joinFile());
        toTry().forEach(request -> out.println("  curl -s " + http + request));
        out.flush();
    }

    /** Whatever is printed can be pasted, so there is no chat without a model. */
    private List<String> toTry() {
        if (model == null) {
            return List.of("/v1/sessions", "/v1/models");
        }
        String json = "-H 'Content-Type: application/json'";
        String chat = "-d '{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}'";
        return List.of(
                "/v1/chat/completions " + json + " -H 'X-Holdfast-Session-ID: demo' " + chat,
                "/v1/sessions",
                "/v1/explain " + json + " " + chat);
    }

    private String simulatedEngines() {
        return String.format(
                Locale.ROOT,
                "%d simulated, timing \"%s\" (no GPU's speed), model %s, %,d blocks of %d tokens each, %,d more in host memory",
                engines.count(),
                engines.timing(),
                engines.model(),
                engines.blocks(),
                engines.blockSizeTokens(),
                engines.hostBlocks());
    }

    private List<String> simulatedUrls() {
        return local.engines().stream().map(engine -> engine.url().toString()).toList();
    }

    private List<String> configuredUrls() {
        return config.getConfigList("holdfast.workers.engines").stream()
                .map(engine -> engine.getString("url"))
                .toList();
    }
}
