package testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** What a simulated engine itself says of its load. */
public record EngineGauges(URI page) {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /** Of the engine at a base URL. */
    public static EngineGauges of(String engine) {
        return new EngineGauges(URI.create(engine + "/metrics"));
    }

    /** Whether so many requests run. */
    public boolean running(int requests) {
        return gauge(read(), "num_requests_running") == requests;
    }

    /** Whether nothing runs and no request has a block. */
    public boolean idle() {
        String page = read();
        return gauge(page, "num_requests_running") == 0 && gauge(page, "kv_cache_usage_perc") == 0;
    }

    private String read() {
        try {
            return HTTP.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static double gauge(String page, String name) {
        return page.lines()
                .filter(line -> line.startsWith("vllm:" + name + "{") || line.startsWith("vllm:" + name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + name + " in " + page));
    }
}
