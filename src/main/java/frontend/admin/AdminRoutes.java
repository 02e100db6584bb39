package frontend.admin;

import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import frontend.PathText;
import frontend.RefusedRequest;
import frontend.RequestDirectives;
import inference.InferenceFailure;
import inference.SessionId;
import inference.TenantId;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The operators' routes: {@code /v1/sessions}, {@code /v1/leases}, {@code /v1/workers} and {@code /v1/explain}, and their
 * description at {@code /openapi.json}. A caller sees the sessions and leases of its own tenant only.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class AdminRoutes extends AllDirectives {
    private static final int DEFAULT_LIMIT = 100;
    private static final int MAX_LIMIT = 1000;

    private final RequestDirectives requests;
    private final AdminQueries queries;
    private final RequestDecoder chat;

    /** @param chat decoder of chat requests, for {@code /v1/explain} */
    public AdminRoutes(RequestDirectives requests, AdminQueries queries, RequestDecoder chat) {
        this.requests = requests;
        this.queries = queries;
        this.chat = chat;
    }

    public Route route() {
        return concat(path("openapi.json", () -> get(() -> getFromResource("openapi.json"))), operations());
    }

    private Route operations() {
        return pathPrefix(
                "v1",
                () -> concat(
                        path(
                                "sessions",
                                () -> get(() -> parameters(
                                        List.of("limit", "after"),
                                        given -> sessions(given.get("limit"), given.get("after"))))),
                        pathPrefix("sessions", () -> path(PathMatchers.remaining(), rest -> session(rest))),
                        path("workers", () -> get(() -> parameters(List.of(), given -> workers()))),
                        path(
                                PathMatchers.segment("workers")
                                        .slash(PathMatchers.segment())
                                        .slash("drain"),
                                id -> concat(
                                        post(() -> requests.authenticated(tenant -> drain(id, true))),
                                        delete(() -> requests.authenticated(tenant -> drain(id, false))))),
                        path(
                                "leases",
                                () -> get(() -> parameters(
                                        List.of("limit", "session"),
                                        given -> leases(given.get("limit"), given.get("session"))))),
                        path(
                                PathMatchers.segment("leases").slash(PathMatchers.segment()),
                                id -> delete(() -> requests.authenticated(tenant -> endLease(tenant, id)))),
                        path("explain", () -> post(this::explain))));
    }

    /** The query's parameters by name; a misspelt one would otherwise be silently without effect. */
    private Route parameters(List<String> known, Function<Map<String, String>, Route> inner) {
        return parameterMap(given -> {
            for (String name : given.keySet()) {
                if (!known.contains(name)) {
                    throw RefusedRequest.invalid(
                            name,
                            "there is no query parameter '" + name + "' here"
                                    + (known.isEmpty() ? "" : ", only " + String.join(" and ", known)));
                }
            }
            return inner.apply(given);
        });
    }

    /** An empty {@code after} is the first page, so that clients can pass on what they were given to begin with. */
    private Route sessions(@Nullable String limit, @Nullable String after) {
        return requests.authenticated(
                tenant -> queries.sessions(tenant, limit(limit), after == null || after.isEmpty() ? null : after)
                        .thenApply(AdminJson::response));
    }

    private Route workers() {
        return requests.authenticated(
                tenant -> queries.workers().thenApply(workers -> AdminJson.response(new WorkerList(workers))));
    }

    private static int limit(@Nullable String text) {
        String digits = text == null ? Integer.toString(DEFAULT_LIMIT) : text;
        int limit = digits.matches("\\d{1,4}") ? Integer.parseInt(digits) : 0;
        if (limit < 1 || limit > MAX_LIMIT) {
            throw RefusedRequest.invalid("limit", "'limit' must be an integer from 1 to " + MAX_LIMIT);
        }
        return limit;
    }

    private Route leases(@Nullable String limit, @Nullable String session) {
        return requests.authenticated(
                tenant -> queries.leases(tenant, session == null ? null : AdminJson.session(session), limit(limit))
                        .thenApply(leases -> AdminJson.response(new LeaseList(leases))));
    }

    private CompletionStage<HttpResponse> endLease(TenantId tenant, String id) {
        return queries.endLease(tenant, id).thenApply(found -> {
            if (!found) {
                throw new RefusedRequest(
                        InferenceFailure.of(InferenceFailure.Kind.NOT_FOUND, "there is no open lease '" + id + "'"));
            }
            return AdminJson.response(new Ended(id, true));
        });
    }

    private CompletionStage<HttpResponse> drain(String worker, boolean wanted) {
        return queries.drain(worker, wanted)
                .thenApply(found -> AdminJson.response(found.orElseThrow(() -> new RefusedRequest(
                        InferenceFailure.of(InferenceFailure.Kind.NOT_FOUND, "there is no worker '" + worker + "'")))));
    }

    private Route session(String rest) {
        return concat(
                get(() -> requests.authenticated(tenant -> view(tenant, id(rest)))),
                delete(() -> requests.authenticated(tenant -> close(tenant, id(rest)))));
    }

    private static SessionId id(String rest) {
        return AdminJson.session(PathText.decoded(rest));
    }

    private CompletionStage<HttpResponse> view(TenantId tenant, SessionId id) {
        return queries.session(tenant, id)
                .thenApply(found -> AdminJson.response(found.orElseThrow(() -> AdminJson.unknown(id))));
    }

    private CompletionStage<HttpResponse> close(TenantId tenant, SessionId id) {
        return queries.closeSession(tenant, id).thenApply(found -> {
            if (!found) {
                throw AdminJson.unknown(id);
            }
            return AdminJson.response(new Closed(id.value(), true));
        });
    }

    private Route explain() {
        return requests.jsonBody((body, caller, client) ->
                queries.explain(chat.decode(body, caller)).thenApply(AdminJson::response));
    }

    /** Body of {@code /v1/workers}. */
    record WorkerList(List<AdminQueries.WorkerView> data) {}

    /** Body of {@code /v1/leases}. */
    record LeaseList(List<AdminQueries.LeaseView> data) {}

    /** Body of an ended lease. */
    record Ended(String id, boolean ended) {}

    /** Body of a closed session. */
    record Closed(String id, boolean closed) {}
}
