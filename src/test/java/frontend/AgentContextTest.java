package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Dynamo's {@code nvext.agent_context} as each dialect takes it. */
class AgentContextTest {
    private static FrontendFixture frontend;

    enum Dialect {
        CHAT("/v1/chat/completions", "'prompt_cache_key':'k','messages':[{'role':'user','content':'hi'}]"),
        RESPONSES("/v1/responses", "'prompt_cache_key':'k','input':'hi'"),
        MESSAGES(
                "/v1/messages",
                "'metadata':{'user_id':'{}'},'max_tokens':9,'messages':[{'role':'user','content':'hi'}]");

        private final String path;
        private final String prompt;

        Dialect(String path, String prompt) {
            this.path = path;
            this.prompt = prompt;
        }
    }

    @BeforeAll
    static void start() {
        frontend = FrontendFixture.start(FrontendFixture.SETTINGS, new UnaskedQueries());
    }

    @AfterAll
    static void stop() {
        frontend.close();
    }

    @ParameterizedTest
    @EnumSource
    void aTrajectoryIsASessionBelowItsParent(Dialect dialect) throws Exception {
        assertEquals(
                session("run:researcher", "run:planner", false),
                sessionOf(
                        dialect,
                        "'session_type_id':'research','session_id':'run','trajectory_id':'run:researcher',"
                                + "'parent_trajectory_id':'run:planner','unknown':{}",
                        null));
        assertEquals(session("run", null, false), sessionOf(dialect, "'session_id':'run','trajectory_id':''", null));
        assertEquals(
                session("t", null, true),
                sessionOf(dialect, "'trajectory_id':'t','parent_trajectory_id':'t','trajectory_final':true", null));
        assertEquals(
                sessionOf(dialect, "'session_type_id':'research'", null),
                sessionOf(dialect, "'parent_trajectory_id':null", null),
                "it names none: the beginning of the conversation tells");
    }

    @ParameterizedTest
    @EnumSource
    void headersWinWholeAndWhatTheBodyElseNamesLoses(Dialect dialect) throws Exception {
        String context = "'trajectory_id':'t','parent_trajectory_id':'p','trajectory_final':true";

        assertEquals(session("h", null, false), sessionOf(dialect, context, "h"));
        assertEquals(session("t", "p", true), sessionOf(dialect, context, null));
    }

    @ParameterizedTest
    @EnumSource
    void aWrongTypeIsRefusedWhoeverNamesTheSession(Dialect dialect) {
        for (String field : new String[] {
            "session_type_id", "session_id", "trajectory_id", "parent_trajectory_id", "trajectory_final"
        }) {
            refuses(dialect, "'" + field + "':7", "nvext.agent_context." + field);
        }
        refuses(
                dialect,
                "'trajectory_id':'" + "x".repeat(SessionId.MAX_LENGTH + 1) + "'",
                "nvext.agent_context.trajectory_id");
    }

    private static void refuses(Dialect dialect, String context, String param) {
        HttpResponse<String> answer = send(dialect, context, "h");
        assertEquals(400, answer.statusCode(), answer.body());
        assertTrue(answer.body().contains("invalid_request_error"), answer.body());
        assertTrue(answer.body().contains(param), answer.body());
    }

    private static SessionContext session(String id, @Nullable String parent, boolean last) {
        return new SessionContext(
                TenantId.DEFAULT, new SessionId(id), parent == null ? null : new SessionId(parent), last);
    }

    private static SessionContext sessionOf(Dialect dialect, String context, @Nullable String header) throws Exception {
        HttpResponse<String> answer = send(dialect, context, header);
        assertEquals(200, answer.statusCode(), answer.body());
        return frontend.nextSeen().session();
    }

    private static HttpResponse<String> send(Dialect dialect, String context, @Nullable String header) {
        String body = ("{'model':'sim-echo'," + dialect.prompt + ",'nvext':{'agent_context':{" + context + "}}}")
                .replace('\'', '"');
        HttpRequest.Builder request = HttpRequest.newBuilder(frontend.uri(dialect.path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body));
        if (header != null) {
            request.header("x-holdfast-session-id", header);
        }
        return frontend.send(request.build());
    }
}
