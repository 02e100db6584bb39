package frontend;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.Route;
import inference.InferenceFailure;
import inference.TenantId;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * What every route needs of its request: who calls, and a JSON body within limits.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class RequestDirectives extends AllDirectives {
    /** Some half a millisecond of decoding: for less it does not pay to change threads. */
    private static final int LONG_BODY_BYTES = 64 * 1024;

    private final FrontendSettings settings;
    private final TurnIds turnIds;
    private final BodyReader bodies;
    private final Executor decoding;
    private final TenantRates rates;

    /** @param decoding where long bodies are decoded, for which no other request has to wait */
    public RequestDirectives(
            ActorSystem<?> system, FrontendSettings settings, TenantRates rates, TurnIds turnIds, Executor decoding) {
        this.settings = settings;
        this.turnIds = turnIds;
        this.bodies = new BodyReader(system, settings.bodies());
        this.decoding = decoding;
        this.rates = rates;
    }

    /** Answers an authenticated request. */
    public Route authenticated(Function<TenantId, CompletionStage<HttpResponse>> inner) {
        return extractRequest(request -> completeWithFuture(inner.apply(tenant(headers(request)))));
    }

    /** Answers an authenticated request with its JSON body. */
    public Route jsonBody(BodyHandler inner) {
        return body(inner, false, false);
    }

    /** The same for a request that may have no body, which is an empty object then. */
    public Route optionalJsonBody(BodyHandler inner) {
        return body(inner, true, false);
    }

    /** The same for a request to a model, which counts towards its tenant's rates; one above them is refused. */
    public Route modelRequest(BodyHandler inner) {
        return body(inner, false, true);
    }

    private Route body(BodyHandler inner, boolean optional, boolean metered) {
        return extractRequest(request -> {
            HeaderLookup headers = headers(request);
            TenantId tenant = tenant(headers);
            if (metered) {
                rates.admit(request, tenant);
            }
            Caller caller = new Caller(
                    tenant,
                    RequestIds.of(request),
                    turnIds.next(),
                    TurnIds.key(headers.value("idempotency-key")),
                    SessionHeaders.read(headers));
            CompletionStage<BodyReader.Body> read = optional && request.entity().isKnownEmpty()
                    ? CompletableFuture.completedStage(bodies.none())
                    : bodies.read(request);
            ClientConnection client = ClientConnection.of(request);
            return completeWithFuture(read.thenCompose(body -> body.bytes().length < LONG_BODY_BYTES
                    ? decoded(body, inner, caller, client)
                    : CompletableFuture.supplyAsync(() -> decoded(body, inner, caller, client), decoding)
                            .thenCompose(answer -> answer)));
        });
    }

    /** Decodes a body, which has its room until its prompt is made, or it is answered otherwise. */
    private static CompletionStage<HttpResponse> decoded(
            BodyReader.Body body, BodyHandler inner, Caller caller, ClientConnection client) {
        client.whenUsedUp(body.room()::close);
        try {
            return inner.answer(JsonBody.parse(body.bytes()), caller, client)
                    .whenComplete((response, failure) -> client.answered());
        } catch (RuntimeException | Error refused) {
            client.answered();
            throw refused;
        }
    }

    private static HeaderLookup headers(HttpRequest request) {
        return name -> request.getHeader(name).map(HttpHeader::value).orElse(null);
    }

    private TenantId tenant(HeaderLookup headers) {
        if (settings.apiKeys().isEmpty()) {
            return TenantId.DEFAULT;
        }
        String key = headers.value("x-api-key");
        String authorization = headers.value("authorization");
        if (key == null
                && authorization != null
                && authorization.toLowerCase(Locale.ROOT).startsWith("bearer ")) {
            key = authorization.substring("bearer ".length()).strip();
        }
        if (key == null) {
            throw unauthenticated("no API key: send authorization: Bearer KEY or x-api-key: KEY");
        }
        byte[] presented = Sha256.of(key);
        TenantId found = null;
        // Every key is compared, so that time tells nothing about which.
        for (FrontendSettings.ApiKey known : settings.apiKeys()) {
            if (known.matches(presented)) {
                found = known.tenant();
            }
        }
        if (found == null) {
            throw unauthenticated("the API key is not known here");
        }
        return found;
    }

    private static RefusedRequest unauthenticated(String message) {
        return new RefusedRequest(InferenceFailure.of(InferenceFailure.Kind.UNAUTHENTICATED, message));
    }

    /** Answer to a request with a body. */
    @FunctionalInterface
    public interface BodyHandler {
        /** Answers; may throw or fail with {@link RefusedRequest}. */
        CompletionStage<HttpResponse> answer(JsonField body, Caller caller, ClientConnection client);
    }
}
