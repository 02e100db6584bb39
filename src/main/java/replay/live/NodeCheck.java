package replay.live;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Asks a node, before a whole trace is sent, whether it is there, serves the model and has the trace's block size.
 *
 * <p>Thread-safety: immutable.
 */
public final class NodeCheck {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private NodeCheck() {}

    /**
     * Asks.
     *
     * @return what could not be found out, null when all is well
     * @throws IllegalArgumentException in one line when the trace cannot be sent to this node
     */
    public static @Nullable String of(URI node, String model, int blockSizeTokens) throws InterruptedException {
        // The number of full blocks of so long a prompt tells block sizes apart.
        String text = "x".repeat(blockSizeTokens * blockSizeTokens);
        String body = JSON.createObjectNode()
                .put("model", model)
                .set(
                        "messages",
                        JSON.createArrayNode()
                                .add(JSON.createObjectNode().put("role", "user").put("content", text)))
                .toString();
        HttpResponse<String> answer;
        try {
            answer = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(node.resolve("/v1/explain"))
                                    .timeout(PATIENCE)
                                    .header("content-type", "application/json")
                                    .POST(HttpRequest.BodyPublishers.ofString(body))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
        } catch (IOException unreachable) {
            throw new IllegalArgumentException(
                    "no node answers at " + node + " (" + unreachable.getClass().getSimpleName() + ")", unreachable);
        }
        return judged(answer, node, blockSizeTokens);
    }

    private static @Nullable String judged(HttpResponse<String> answer, URI node, int blockSizeTokens) {
        JsonNode said;
        try {
            said = JSON.readTree(answer.body());
        } catch (IOException notJson) {
            throw new IllegalArgumentException("what answers at " + node + " is no Holdfast node", notJson);
        }
        if (said.path("error").path("code").asText().equals("model_not_found")) {
            throw new IllegalArgumentException(
                    node + ": " + said.path("error").path("message").asText() + " (--model)");
        }
        if (answer.statusCode() != 200) {
            return "the node's block size is not known: it answers " + answer.statusCode() + " to /v1/explain";
        }
        int blocks = said.path("promptBlocks").asInt();
        int expected = said.path("inputTokens").asInt() / blockSizeTokens;
        if (blocks != expected) {
            throw new IllegalArgumentException("the node's blocks are not the trace's of " + blockSizeTokens
                    + " tokens: start it with --block-size-tokens " + blockSizeTokens);
        }
        return null;
    }
}
