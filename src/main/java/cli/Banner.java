package cli;

import cluster.DataDirectory;
import cluster.EngineAddress;
import cluster.EngineProcessSettings;
import cluster.LocalNode;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.stream.Collectors;

/** What {@code holdfast up} says when it is ready: what runs where, and what to try. */
record Banner(LocalNode local, EngineProcessSettings engines, DataDirectory data, Duration startup) {

    void print(PrintWriter out) {
        String http = local.http().toString();
        String chat =
                "'{\"model\":\"" + engines.model() + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}'";
        String urls = local.engines().stream()
                .map(EngineAddress::url)
                .map(String::valueOf)
                .collect(Collectors.joining(" "));
        out.printf(
                Locale.ROOT,
                """
                Holdfast is up after %.1f s. Ctrl-C lets running turns finish and stops everything.

                  HTTP     %s
                  engines  %d simulated, timing "%s" (no GPU's speed), model %s, %,d blocks of %d tokens each
                           %s
                  store    PostgreSQL at %s:%d, durable
                  data     %s
                  logs     %s

                Try:
                  curl -s %s/v1/chat/completions -H 'Content-Type: application/json' -H 'X-Holdfast-Session-ID: demo' -d %s
                  curl -s %s/v1/sessions
                  curl -s %s/v1/explain -H 'Content-Type: application/json' -d %s
                """,
                startup.toMillis() / 1000.0,
                http,
                engines.count(),
                engines.timing(),
                engines.model(),
                engines.blocks(),
                engines.blockSizeTokens(),
                urls,
                local.store().connection().host(),
                local.store().connection().port(),
                data.path(),
                data.logs().resolve("node.log"),
                http,
                chat,
                http,
                http,
                chat);
        out.flush();
    }
}
