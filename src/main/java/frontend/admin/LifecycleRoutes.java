package frontend.admin;

import static akka.http.javadsl.server.PathMatchers.remaining;
import static akka.http.javadsl.server.PathMatchers.segment;

import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.Route;
import frontend.Caller;
import frontend.JsonField;
import frontend.PathText;
import frontend.RefusedRequest;
import frontend.RequestDirectives;
import inference.InferenceFailure;
import inference.SessionId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What harnesses tell a session besides its turns: {@code POST /v1/sessions/{id}/ACTION} and {@code POST /v1/leases}. A
 * request that has a name ({@code Idempotency-Key}, or {@code request_id} in its body) is done once.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class LifecycleRoutes extends AllDirectives {
    private static final double MAX_SECONDS = 24 * 60 * 60;
    private static final int MAX_REQUEST_ID = 512;
    private static final int MAX_NAME = 512;
    private static final int MAX_COPIES = 16;

    private static final String REQUEST_ID = "request_id";

    private static final Map<String, Action> ACTIONS = new TreeMap<>(Map.of(
            "stall", new Action(Set.of("frontier", "tool", "expected_seconds"), LifecycleRoutes::stall),
            "resume", new Action(Set.of("frontier"), body -> new SessionCommands.Resume(frontier(body))),
            "fork", new Action(Set.of("child", "frontier"), LifecycleRoutes::fork),
            "compact", new Action(Set.of("frontiers"), LifecycleRoutes::compact),
            "close", new Action(Set.of(), body -> new SessionCommands.Close())));

    private static final Action KEEP =
            new Action(Set.of("session", "frontier", "tail_hash", "ttl_seconds", "copies"), LifecycleRoutes::keep);

    /** What a session can be told, and the fields that say it. */
    private record Action(Set<String> fields, Function<JsonField, SessionCommands.Instruction> read) {
        /** A misspelt field must not be taken for none. */
        SessionCommands.Instruction of(JsonField body) {
            for (String name : body.names()) {
                if (!fields.contains(name) && !name.equals(REQUEST_ID)) {
                    Set<String> known = new TreeSet<>(fields);
                    known.add(REQUEST_ID);
                    throw body.at(name).refused("is not known here; fields are " + String.join(", ", known));
                }
            }
            return read.apply(body);
        }
    }

    private final RequestDirectives requests;
    private final SessionCommands sessions;

    public LifecycleRoutes(RequestDirectives requests, SessionCommands sessions) {
        this.requests = requests;
        this.sessions = sessions;
    }

    public Route route() {
        return concat(
                pathPrefix(segment("v1").slash("sessions"), () -> path(remaining(), this::action)),
                path(
                        segment("v1").slash("leases"),
                        () -> post(() -> requests.jsonBody((body, caller, client) -> {
                            SessionId session =
                                    AdminJson.session(body.at("session").nonEmptyText());
                            return tell(session, KEEP.of(body), body, caller);
                        }))));
    }

    /** @param rest the session's name, a slash and the action */
    private Route action(String rest) {
        int slash = rest.lastIndexOf('/');
        if (slash < 0) {
            return reject();
        }
        String name = rest.substring(slash + 1);
        Action action = ACTIONS.get(name);
        if (action == null) {
            return extractMethod(method -> method.equals(HttpMethods.POST)
                    ? requests.optionalJsonBody((body, caller, client) -> {
                        throw new RefusedRequest(InferenceFailure.of(
                                InferenceFailure.Kind.NOT_FOUND,
                                "no action '" + name + "'; there are " + String.join(", ", ACTIONS.keySet())));
                    })
                    : reject());
        }
        return post(() -> requests.optionalJsonBody((body, caller, client) ->
                tell(AdminJson.session(PathText.decoded(rest.substring(0, slash))), action.of(body), body, caller)));
    }

    private CompletionStage<HttpResponse> tell(
            SessionId session, SessionCommands.Instruction command, JsonField body, Caller caller) {
        return sessions.tell(caller.tenant(), session, command, request(body, caller))
                .thenApply(done -> AdminJson.response(done.orElseThrow(() -> AdminJson.unknown(session))));
    }

    private static @Nullable String request(JsonField body, Caller caller) {
        JsonField field = body.at(REQUEST_ID);
        String named = field.absent() ? caller.idempotencyKey() : field.nonEmptyText();
        if (named != null && named.length() > MAX_REQUEST_ID) {
            throw field.refused("has at most " + MAX_REQUEST_ID + " characters");
        }
        return named;
    }

    private static SessionCommands.Instruction stall(JsonField body) {
        JsonField tool = body.at("tool");
        String name = tool.absent() ? null : tool.nonEmptyText();
        if (name != null && name.length() > MAX_NAME) {
            throw tool.refused("has at most " + MAX_NAME + " characters");
        }
        JsonField expected = body.at("expected_seconds");
        return new SessionCommands.Stall(frontier(body), name, expected.absent() ? null : seconds(expected));
    }

    private static SessionCommands.Instruction fork(JsonField body) {
        return new SessionCommands.Fork(AdminJson.session(body.at("child").nonEmptyText()), frontier(body));
    }

    private static SessionCommands.Instruction compact(JsonField body) {
        List<Integer> frontiers = body.at("frontiers").items().stream()
                .map(item -> {
                    Integer id = item.intOrNull(0, Integer.MAX_VALUE);
                    if (id == null) {
                        throw item.mustBe("the id of a frontier");
                    }
                    return id;
                })
                .toList();
        return new SessionCommands.Compact(frontiers);
    }

    private static SessionCommands.Instruction keep(JsonField body) {
        JsonField tail = body.at("tail_hash");
        if (!tail.absent() && !tail.text().matches("[0-9a-f]{16}")) {
            throw tail.mustBe("16 hexadecimal digits, as in the session's lineage");
        }
        return new SessionCommands.Keep(
                frontier(body),
                tail.textOrNull(),
                seconds(body.at("ttl_seconds")),
                body.at("copies").intOrNull(1, MAX_COPIES));
    }

    private static @Nullable Integer frontier(JsonField body) {
        return body.at("frontier").intOrNull(0, Integer.MAX_VALUE);
    }

    private static Duration seconds(JsonField field) {
        Double seconds = field.numberOrNull(0, MAX_SECONDS);
        if (seconds == null || seconds == 0) {
            throw field.mustBe("a number of seconds above 0 and up to " + (long) MAX_SECONDS);
        }
        return Duration.ofMillis(Math.max(1, Math.round(seconds * 1000)));
    }
}
