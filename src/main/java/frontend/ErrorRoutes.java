package frontend;

import akka.http.javadsl.model.HttpMethod;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.Allow;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.ExceptionHandler;
import akka.http.javadsl.server.MethodRejection;
import akka.http.javadsl.server.Rejection;
import akka.http.javadsl.server.RejectionHandler;
import akka.http.javadsl.server.Route;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns whatever no route answered into an error of its dialect. */
final class ErrorRoutes extends AllDirectives {
    private static final Logger LOG = LoggerFactory.getLogger(ErrorRoutes.class);

    /** A route that answers every request. */
    Route sealed(Route route) {
        return route.seal(rejections(), exceptions());
    }

    private RejectionHandler rejections() {
        return RejectionHandler.newBuilder()
                .handleNotFound(extractRequest(request -> complete(error(
                        request,
                        InferenceFailure.of(
                                Kind.NOT_FOUND,
                                "no route " + request.method().name() + " "
                                        + request.getUri().getPathString())))))
                .handleAll(
                        MethodRejection.class,
                        rejected -> extractRequest(request -> complete(wrongMethod(request, rejected))))
                .handle(
                        Rejection.class,
                        rejection -> extractRequest(request -> complete(error(
                                request, InferenceFailure.of(Kind.INVALID_REQUEST, "the request cannot be served")))))
                .build();
    }

    private static HttpResponse wrongMethod(HttpRequest request, List<MethodRejection> rejected) {
        HttpMethod[] allowed = rejected.stream().map(MethodRejection::supported).toArray(HttpMethod[]::new);
        String problem = request.getUri().getPathString() + " does not take "
                + request.method().name();
        return error(request, InferenceFailure.of(Kind.METHOD_NOT_ALLOWED, problem))
                .addHeader(Allow.create(allowed));
    }

    private ExceptionHandler exceptions() {
        return ExceptionHandler.newBuilder().matchAny(this::answer).build();
    }

    private Route answer(Throwable thrown) {
        InferenceFailure failure = Refusals.of(thrown);
        return extractRequest(request -> {
            if (failure.kind() == Kind.INTERNAL) {
                LOG.error("request {} failed", RequestIds.of(request), thrown);
            }
            return complete(error(request, failure));
        });
    }

    private static HttpResponse error(HttpRequest request, InferenceFailure failure) {
        return ErrorEnvelope.of(request).response(failure, RequestIds.of(request));
    }
}
