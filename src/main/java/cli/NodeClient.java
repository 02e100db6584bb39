package cli;

import cluster.StartFailure;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options that name a running node, and questions to it. Not thread-safe. */
final class NodeClient {
    private static final Duration REQUEST_LIMIT = Duration.ofSeconds(30);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http = HttpClient.newHttpClient();

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--url", paramLabel = "URL", description = "Where the node serves (${DEFAULT-VALUE}).")
    private URI url = URI.create("http://127.0.0.1:8642");

    @Option(names = "--api-key", paramLabel = "KEY", description = "Sent as a bearer token, if the node wants one.")
    private @Nullable String apiKey;

    /** A node that options name. */
    NodeClient() {}

    /** The node that serves there, as somebody without a key. */
    NodeClient(URI url) {
        this.url = url;
    }

    /**
     * The JSON that the node answers.
     *
     * @throws StartFailure in one line, when it refuses or nobody answers
     * @throws ParameterException when {@code --url} is none
     */
    JsonNode ask(String method, String path) throws InterruptedException {
        try {
            OptionLimits.url("--url", url);
        } catch (IllegalArgumentException wrong) {
            throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(url.resolve(path))
                .timeout(REQUEST_LIMIT)
                .method(method, HttpRequest.BodyPublishers.noBody());
        if (apiKey != null) {
            request.header("Authorization", "Bearer " + apiKey);
        }
        try {
            HttpResponse<String> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            JsonNode body = JSON.readTree(answer.body());
            if (answer.statusCode() != 200) {
                throw new StartFailure(body.path("error").path("message").asText(answer.body()));
            }
            return body;
        } catch (IOException unreachable) {
            throw new StartFailure("nobody answers at " + url + ": " + unreachable);
        }
    }
}
