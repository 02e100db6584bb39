package frontend.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import frontend.FrontendFixture;
import frontend.RefusedRequest;
import frontend.UnaskedQueries;
import inference.InferenceFailure;
import inference.SessionId;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LifecycleRoutesTest {
    private static FrontendFixture frontend;

    @BeforeAll
    static void start() {
        frontend = FrontendFixture.start(FrontendFixture.SETTINGS, new UnaskedQueries());
    }

    @AfterAll
    static void stop() {
        frontend.close();
    }

    @BeforeEach
    void forget() {
        frontend.commands.told.clear();
        frontend.commands.refusal = null;
    }

    private static HttpResponse<String> post(String path, @Nullable String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(frontend.uri(path));
        if (body == null) {
            request.POST(HttpRequest.BodyPublishers.noBody());
        } else {
            request.header("content-type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        return frontend.send(request.build());
    }

    private static ScriptedCommands.Told told() {
        return frontend.commands.told.get(frontend.commands.told.size() - 1);
    }

    @Test
    void everyActionIsReadWithWhatItSays() {
        Map<String, SessionCommands.Instruction> commands = Map.of(
                "stall {\"frontier\":2,\"tool\":\"bash\",\"expected_seconds\":2.5}",
                new SessionCommands.Stall(2, "bash", Duration.ofMillis(2500)),
                "stall {}",
                new SessionCommands.Stall(null, null, null),
                "resume {\"frontier\":0}",
                new SessionCommands.Resume(0),
                "fork {\"child\":\"b\"}",
                new SessionCommands.Fork(new SessionId("b"), null),
                "compact {\"frontiers\":[1,2]}",
                new SessionCommands.Compact(List.of(1, 2)),
                "close {}",
                new SessionCommands.Close());
        commands.forEach((said, command) -> {
            String[] parts = said.split(" ", 2);
            HttpResponse<String> answer = post("/v1/sessions/known%2F1%3F/" + parts[0], parts[1]);
            assertEquals(200, answer.statusCode(), answer.body());
            assertEquals(command, told().command());
            assertEquals(new SessionId("known/1?"), told().session());
        });
        assertEquals(200, post("/v1/sessions/known/close", null).statusCode(), "without a body");
    }

    @Test
    void aRequestIsNamedInItsBodyOrByItsHeader() {
        assertTrue(post("/v1/sessions/known/resume", "{\"request_id\":\"a\"}")
                .body()
                .contains("\"requestId\":\"a\""));
        post("/v1/sessions/known/resume", "{}", "Idempotency-Key", "b");
        assertEquals("b", told().request());
        post("/v1/sessions/known/resume", null);
        assertEquals(null, told().request());
    }

    @Test
    void aLeaseIsAskedForByHashOrForTheWholeLine() {
        HttpResponse<String> answer = post(
                "/v1/leases",
                "{\"session\":\"known\",\"frontier\":1,\"tail_hash\":\"00ff00ff00ff00ff\",\"ttl_seconds\":60,\"copies\":2}");
        assertEquals(200, answer.statusCode(), answer.body());
        assertEquals(new SessionCommands.Keep(1, "00ff00ff00ff00ff", Duration.ofMinutes(1), 2), told().command());
    }

    @Test
    void whatIsWrongIsNamed() {
        Map<String, String> wrong = Map.of(
                "/v1/sessions/known/stall {\"expected_seconds\":\"x\"}", "expected_seconds",
                "/v1/sessions/known/stall {\"expected_seconds\":0}", "expected_seconds",
                "/v1/sessions/known/stall {\"expected_second\":5}", "expected_second",
                "/v1/sessions/known/resume {\"frontier\":-1}", "frontier",
                "/v1/sessions/known/fork {}", "child",
                "/v1/sessions/known/compact {\"frontiers\":[\"a\"]}", "frontiers[0]",
                "/v1/leases {\"ttl_seconds\":60}", "session",
                "/v1/leases {\"session\":\"known\"}", "ttl_seconds",
                "/v1/leases {\"session\":\"known\",\"ttl_seconds\":60,\"tail_hash\":\"zz\"}", "tail_hash",
                "/v1/leases {\"session\":\"known\",\"ttl_seconds\":60,\"copies\":17}", "copies");
        wrong.forEach((request, field) -> {
            String[] parts = request.split(" ", 2);
            HttpResponse<String> refused = post(parts[0], parts[1]);
            assertEquals(400, refused.statusCode(), request + refused.body());
            assertTrue(refused.body().contains("\"param\":\"" + field + "\""), request + refused.body());
        });
        assertEquals(List.of(), frontend.commands.told);
    }

    @Test
    void anActionThatDoesNotExistIsNotFoundAndThoseThatDoAreNamed() {
        HttpResponse<String> answer = post("/v1/sessions/known/dance", "{}");
        assertEquals(404, answer.statusCode());
        assertTrue(
                answer.body().contains("no action 'dance'; there are close, compact, fork, resume, stall"),
                answer.body());
    }

    @Test
    void whatIsNotThereIsNotFoundAndWhatContradictsIsAConflict() {
        assertEquals(404, post("/v1/sessions/unknown/resume", "{}").statusCode());
        assertEquals(
                404,
                post("/v1/leases", "{\"session\":\"unknown\",\"ttl_seconds\":1}")
                        .statusCode());
        frontend.commands.refusal = new RefusedRequest(
                InferenceFailure.of(InferenceFailure.Kind.CONFLICT, "request 'a' asked for something else before"));
        HttpResponse<String> conflict = post("/v1/sessions/known/resume", "{\"request_id\":\"a\"}");
        assertEquals(409, conflict.statusCode());
        assertTrue(conflict.body().contains("\"code\":\"conflict\""), conflict.body());
    }
}
