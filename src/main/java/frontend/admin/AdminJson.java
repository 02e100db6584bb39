package frontend.admin;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import frontend.RefusedRequest;
import inference.InferenceFailure;
import inference.SessionId;
import java.io.UncheckedIOException;
import java.time.Instant;

/** Views as JSON, and names out of paths. */
final class AdminJson {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .addModule(new SimpleModule().addSerializer(Instant.class, ToStringSerializer.instance))
            .build();

    private AdminJson() {}

    static HttpResponse response(Object body) {
        try {
            return HttpResponse.create().withEntity(ContentTypes.APPLICATION_JSON, MAPPER.writeValueAsString(body));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException("a view cannot be written as JSON", e);
        }
    }

    static SessionId session(String id) {
        if (id.isEmpty() || id.length() > SessionId.MAX_LENGTH) {
            throw RefusedRequest.invalid("id", "a session's id has 1 to " + SessionId.MAX_LENGTH + " characters");
        }
        return new SessionId(id);
    }

    static RefusedRequest unknown(SessionId id) {
        return new RefusedRequest(
                InferenceFailure.of(InferenceFailure.Kind.NOT_FOUND, "there is no session '" + id.value() + "'"));
    }
}
