package cluster;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/**
 * Asks a node over HTTP, as a load balancer would, until it can take turns.
 *
 * <p><em>Thread-safety:</em> immutable.
 */
record ReadinessProbe(URI node) {

    private static final int READY = 200;
    private static final Duration PAUSE = Duration.ofMillis(50);

    /**
     * Waits for the answer "ready".
     *
     * @throws StartFailure if it does not come in time; the message says what was missing
     */
    void await(Duration patience) {
        URI ready = node.resolve("/health/ready");
        HttpRequest request = HttpRequest.newBuilder(ready).timeout(patience).build();
        HttpClient client = HttpClient.newHttpClient();
        long deadline = System.nanoTime() + patience.toNanos();
        try {
            HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
            while (answer.statusCode() != READY) {
                if (System.nanoTime() - deadline > 0) {
                    throw new StartFailure("the node is not ready after " + patience.toSeconds()
                            + " s (holdfast.cluster.ready-timeout): " + answer.body());
                }
                Thread.sleep(PAUSE.toMillis());
                answer = client.send(request, BodyHandlers.ofString());
            }
        } catch (IOException unreachable) {
            throw new StartFailure("the node does not answer " + ready + " (" + unreachable + ")", unreachable);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new StartFailure("interrupted while waiting for the node to be ready", interrupted);
        }
    }
}
