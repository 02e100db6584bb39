package frontend;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpCharsets;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import inference.InferenceFailure;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What every dialect's clients and every operator ask of a server: its models, its health, its metrics.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class ServiceRoutes extends AllDirectives {
    private static final String INDEX =
            """
            {"name":"holdfast","routes":["POST /v1/chat/completions","POST /v1/responses","POST /v1/responses/input_tokens",\
            "GET /v1/responses/{id}","DELETE /v1/responses/{id}","GET /v1/responses/{id}/input_items","POST /v1/messages",\
            "POST /v1/messages/count_tokens","GET /v1/models","GET /v1/models/{id}",\
            "GET /v1/sessions","GET /v1/sessions/{id}","DELETE /v1/sessions/{id}","POST /v1/sessions/{id}/stall",\
            "POST /v1/sessions/{id}/resume","POST /v1/sessions/{id}/fork","POST /v1/sessions/{id}/compact",\
            "POST /v1/sessions/{id}/close","GET /v1/leases","POST /v1/leases",\
            "DELETE /v1/leases/{id}","GET /v1/workers","POST /v1/workers/{id}/drain","DELETE /v1/workers/{id}/drain",\
            "POST /v1/explain","GET /openapi.json","GET /health/live","GET /health/ready","GET /metrics"]}
            """;

    private final RequestDirectives requests;
    private final RunningTurns turns;
    private final ModelCatalog catalog;
    private final Readiness readiness;
    private final Scrape metrics;

    public ServiceRoutes(
            RequestDirectives requests, RunningTurns turns, ModelCatalog catalog, Readiness readiness, Scrape metrics) {
        this.requests = requests;
        this.turns = turns;
        this.catalog = catalog;
        this.readiness = readiness;
        this.metrics = metrics;
    }

    public Route route() {
        return concat(
                pathSingleSlash(() -> get(() -> complete(json(INDEX)))),
                path(PathMatchers.segment("v1").slash("models"), () -> get(this::models)),
                pathPrefix(
                        PathMatchers.segment("v1").slash("models"),
                        () -> path(PathMatchers.remaining(), id -> get(() -> model(PathText.decoded(id))))),
                path(
                        PathMatchers.segment("health").slash("live"),
                        () -> get(() -> complete(json("{\"status\":\"live\"}")))),
                path(PathMatchers.segment("health").slash("ready"), () -> get(() -> completeWithFuture(ready()))),
                path(
                        "metrics",
                        () -> get(() ->
                                requests.authenticated(tenant -> metrics.text().thenApply(ServiceRoutes::scraped)))));
    }

    private Route models() {
        return requests.authenticated(tenant -> catalog.models().thenApply(models -> {
            ObjectNode list = JsonNodeFactory.instance.objectNode();
            list.put("object", "list");
            ArrayNode data = list.putArray("data");
            models.forEach(model -> data.add(body(model)));
            list.put("has_more", false);
            list.put("first_id", models.isEmpty() ? null : models.get(0).id());
            list.put(
                    "last_id",
                    models.isEmpty() ? null : models.get(models.size() - 1).id());
            return json(list.toString());
        }));
    }

    private Route model(String id) {
        return requests.authenticated(tenant -> catalog.models().thenApply(models -> models.stream()
                .filter(model -> model.id().equals(id))
                .findFirst()
                .map(model -> json(body(model).toString()))
                .orElseThrow(() -> new RefusedRequest(InferenceFailure.of(
                        InferenceFailure.Kind.UNKNOWN_MODEL, "no worker serves the model '" + id + "'")))));
    }

    /** One model, with the fields of both OpenAI's and Anthropic's lists. */
    private static ObjectNode body(ModelCatalog.ServedModel model) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", model.id())
                .put("object", "model")
                .put("created", model.since().getEpochSecond())
                .put("owned_by", model.ownedBy())
                .put("type", "model")
                .put("display_name", model.id())
                .put("created_at", model.since().toString());
    }

    private CompletionStage<HttpResponse> ready() {
        return turns.draining()
                ? CompletableFuture.completedStage(ready("draining", List.of("the server is draining")))
                : readiness.missing().thenApply(missing -> ready(missing.isEmpty() ? "ready" : "not ready", missing));
    }

    private static HttpResponse ready(String status, List<String> missing) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("status", status);
        ArrayNode list = body.putArray("missing");
        missing.forEach(list::add);
        return json(body.toString()).withStatus(missing.isEmpty() ? StatusCodes.OK : StatusCodes.SERVICE_UNAVAILABLE);
    }

    private static HttpResponse scraped(String text) {
        return HttpResponse.create().withEntity(MediaTypes.TEXT_PLAIN.toContentType(HttpCharsets.UTF_8), text);
    }

    private static HttpResponse json(String body) {
        return HttpResponse.create().withEntity(ContentTypes.APPLICATION_JSON, body);
    }
}
