package frontend.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import frontend.FrontendFixture;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What {@code /openapi.json} says is what the routes do. */
class OpenApiTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String SCHEMAS = "#/components/schemas/";
    private static final String CHAT = "{\"model\":\"sim-echo\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    private static final Map<String, String> IDS =
            Map.of("sessions", OneSession.ID, "leases", "ff", "workers", "http://w");

    private static FrontendFixture frontend;
    private static JsonNode document;

    @BeforeAll
    static void start() throws Exception {
        frontend = FrontendFixture.start(FrontendFixture.SETTINGS, new OneSession());
        HttpResponse<String> served = frontend.get("/openapi.json");
        assertEquals(200, served.statusCode());
        assertEquals(
                "application/json", served.headers().firstValue("content-type").orElseThrow());
        document = MAPPER.readTree(served.body());
    }

    @AfterAll
    static void stop() {
        frontend.close();
    }

    @Test
    void everyOperationIsServedAndItsAnswerHasTheFieldsOfItsSchema() throws Exception {
        for (Operation operation : operations()) {
            HttpResponse<String> answer = send(operation.method, operation.path, body(operation.described));
            assertEquals(200, answer.statusCode(), operation + ": " + answer.body());
            String schema = operation
                    .described
                    .at("/responses/200/content/application~1json/schema/$ref")
                    .textValue();
            JsonNode properties = document.at(schema.substring(1)).get("properties");
            assertEquals(names(properties), names(MAPPER.readTree(answer.body())), operation.toString());
        }
    }

    @Test
    void thereAreNoOtherOperationsThanDescribedOnes() throws Exception {
        Set<String> described = new TreeSet<>();
        operations().forEach(operation -> described.add(operation.toString()));
        Set<String> served = new TreeSet<>();
        for (String path : names(document.get("paths"))) {
            for (String method : List.of("GET", "POST", "PUT", "PATCH", "DELETE")) {
                int status = send(
                                method,
                                path,
                                body(document.get("paths").get(path).path(method.toLowerCase(Locale.ROOT))))
                        .statusCode();
                // A session's name with a slash in it is not found: 404.
                if (status != 405 && status != 404) {
                    served.add(method + " " + path);
                }
            }
        }
        assertEquals(described, served);
        Set<String> listed = new TreeSet<>();
        for (JsonNode route : MAPPER.readTree(frontend.get("/").body()).get("routes")) {
            if (route.textValue().matches("\\w+ /v1/(sessions|leases|workers|explain).*")) {
                listed.add(route.textValue());
            }
        }
        assertEquals(described, listed);
    }

    @Test
    void describedParametersAreTakenAndOthersRefused() {
        for (Operation operation : operations()) {
            for (JsonNode parameter : operation.described.path("parameters")) {
                if (parameter.get("in").textValue().equals("query")) {
                    String name = parameter.get("name").textValue();
                    assertEquals(
                            200,
                            frontend.get(operation.path + "?" + name + "=5").statusCode(),
                            name);
                    assertEquals(
                            400,
                            frontend.get(operation.path + "?" + name + "x=5").statusCode(),
                            name);
                }
            }
        }
    }

    @Test
    void schemasAreTheRecordsThatAreWritten() {
        Map<String, JsonNode> written = new TreeMap<>();
        Stream.concat(
                        Stream.of(AdminQueries.class.getDeclaredClasses()),
                        Stream.concat(
                                Stream.of(AdminRoutes.class.getDeclaredClasses()),
                                Stream.of(SessionCommands.DoneView.class)))
                .filter(Class::isRecord)
                .forEach(type -> written.put(type.getSimpleName(), schema(type)));
        Map<String, JsonNode> described = new TreeMap<>();
        document.at("/components/schemas").properties().forEach(schema -> {
            ObjectNode bare = schema.getValue().deepCopy();
            bare.remove("description");
            described.put(schema.getKey(), bare);
        });
        described.remove("Error");
        assertEquals(written, described);
    }

    @Test
    void errorsAreAsDescribed() throws Exception {
        JsonNode answer = MAPPER.readTree(frontend.get("/v1/sessions/unknown").body());
        JsonNode properties = document.at("/components/schemas/Error/properties");
        assertEquals(names(properties), names(answer));
        assertEquals(names(properties.at("/error/properties")), names(answer.get("error")));
    }

    private static ObjectNode schema(Class<?> type) {
        ObjectNode schema = JsonNodeFactory.instance.objectNode().put("type", "object");
        ArrayNode required = schema.putArray("required");
        ObjectNode properties = schema.putObject("properties");
        for (RecordComponent component : type.getRecordComponents()) {
            required.add(component.getName());
            ObjectNode property = property(component.getGenericType());
            if (component.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
                String only = property.get("type").textValue();
                property.putArray("type").add(only).add("null");
            }
            properties.set(component.getName(), property);
        }
        return schema;
    }

    private static ObjectNode property(Type type) {
        ObjectNode property = JsonNodeFactory.instance.objectNode();
        if (type instanceof ParameterizedType generic) {
            Type[] arguments = generic.getActualTypeArguments();
            ObjectNode inner = property(arguments[arguments.length - 1]);
            return generic.getRawType() == List.class
                    ? property.put("type", "array").set("items", inner)
                    : property.put("type", "object").set("additionalProperties", inner);
        } else if (type == String.class) {
            return property.put("type", "string");
        } else if (type == Instant.class) {
            return property.put("type", "string").put("format", "date-time");
        } else if (type == boolean.class) {
            return property.put("type", "boolean");
        } else if (type == double.class || type == Double.class) {
            return property.put("type", "number");
        } else if (type == int.class || type == Integer.class) {
            return property.put("type", "integer").put("format", "int32");
        } else if (type == long.class || type == Long.class) {
            return property.put("type", "integer").put("format", "int64");
        }
        assertTrue(type instanceof Class<?> other && other.isRecord(), type.toString());
        return property.put("$ref", SCHEMAS + ((Class<?>) type).getSimpleName());
    }

    /** What the description gives as an example; a chat request where it gives none. */
    private static String body(JsonNode operation) {
        JsonNode example = operation.at("/requestBody/content/application~1json/example");
        return example.isMissingNode() ? CHAT : example.toString();
    }

    private static HttpResponse<String> send(String method, String path, String body) {
        String id = IDS.getOrDefault(path.split("/", -1)[2], "");
        String uri = path.replace(
                "{id}", URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20"));
        return frontend.send(HttpRequest.newBuilder(frontend.uri(uri))
                .header("content-type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(method.equals("GET") ? "" : body))
                .build());
    }

    private static List<Operation> operations() {
        List<Operation> operations = new ArrayList<>();
        document.get("paths").properties().forEach(path -> path.getValue()
                .properties()
                .forEach(operation -> operations.add(new Operation(
                        operation.getKey().toUpperCase(Locale.ROOT), path.getKey(), operation.getValue()))));
        return operations;
    }

    private static Set<String> names(JsonNode object) {
        Set<String> names = new TreeSet<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private record Operation(String method, String path, JsonNode described) {
        @Override
        public String toString() {
            return method + " " + path;
        }
    }
}
