package cli;

import cluster.DataDirectory;
import cluster.EngineProcessSettings;
import cluster.LocalNode;
import com.typesafe.config.Config;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** What {@code holdfast up} says when it is ready: what runs where, and what to try. */
record Banner(LocalNode local, EngineProcessSettings engines, Config config, DataDirectory data, Duration startup) {

    void print(PrintWriter out) {
        String http = local.http().toString();
        boolean simulated = LocalNode.simulated(config);
        String model = simulated ? engines.model() : "ONE OF /v1/models";
        String chat = "'{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}'";
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
                  curl -s %s/v1/chat/completions -H 'Content-Type: application/json' -H 'X-Holdfast-Session-ID: demo' -d %s
                  curl -s %s/v1/sessions
                  curl -s %s/v1/explain -H 'Content-Type: application/json' -d %s
                """,
                startup.toMillis() / 1000.0,
                http,
                simulated ? simulatedEngines() : "of the configuration, see " + http + "/v1/workers",
                String.join(" ", simulated ? simulatedUrls() : configuredUrls()),
                local.store().host(),
                local.store().port(),
                data.path(),
                data.logs().resolve("node.log"),
                local.joinFile(),
                http,
                chat,
                http,
                http,
                chat);
        out.flush();
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
