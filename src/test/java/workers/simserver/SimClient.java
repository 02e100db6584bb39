package workers.simserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;

/** A plain HTTP client of one simulated engine. */
final class SimClient {
    static final ObjectMapper JSON = new ObjectMapper();
    private final HttpClient http = HttpClient.newHttpClient();
    private final String url;

    SimClient(String url) {
        this.url = url;
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create(url + path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> post(String body) throws IOException, InterruptedException {
        return post("/v1/chat/completions", body);
    }

    HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + path))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }

    JsonNode complete(ObjectNode body) throws IOException, InterruptedException {
        HttpResponse<String> response = post(body.toString());
        if (response.statusCode() != 200) {
            throw new AssertionError(response.statusCode() + " " + response.body());
        }
        return JSON.readTree(response.body());
    }

    /** Data of every event of a stream; comments are skipped. */
    List<String> stream(ObjectNode body) throws IOException, InterruptedException {
        HttpResponse<String> response = post(body.put("stream", true).toString());
        List<String> data = new ArrayList<>();
        for (String frame : response.body().split("\n\n", 0)) {
            if (frame.startsWith("data: ")) {
                data.add(frame.substring("data: ".length()));
            } else if (!frame.startsWith(":")) {
                throw new AssertionError("not a frame: " + frame);
            }
        }
        return data;
    }

    /** Sum of a metric's samples. */
    double metric(String name) throws IOException, InterruptedException {
        return get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    static ObjectNode body(String userText) {
        ObjectNode body = JSON.createObjectNode().put("model", "sim-echo");
        add(body.putArray("messages"), "user", userText);
        return body;
    }

    static ObjectNode add(ArrayNode messages, String role, String content) {
        return messages.addObject().put("role", role).put("content", content);
    }

    static ObjectNode withTool(ObjectNode body, String name) {
        body.putArray("tools")
                .addObject()
                .put("type", "function")
                .putObject("function")
                .put("name", name);
        return body;
    }
}
