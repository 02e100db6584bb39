package frontend;

import akka.http.javadsl.model.HttpMethod;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.Allow;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.ExceptionHandler;
import akka.http.javadsl.server.MethodRejection;
import akka.http.javadsl.server.Rejection;
import akka.http.javadsl.server.RejectionHandler;
import akka.http.javadsl.server.Route;
import inference.InferenceFailure;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns whatever no route answered into the error envelope. */
final class ErrorRoutes extends AllDirectives {
    private static final Logger LOG = LoggerFactory.getLogger(ErrorRoutes.class);

    /** A route that answers every request. */
    Route sealed(Route route) {
        return route.seal(rejections(), exceptions());
    }

    private RejectionHandler rejections() {
        return RejectionHandler.newBuilder()
                .handleNotFound(extractRequest(request -> complete(OpenAiErrors.response(
                        StatusCodes.NOT_FOUND,
                        "not_found",
                        "no route " + request.method().name() + " "
                                + request.getUri().getPathString()))))
                .handleAll(
                        MethodRejection.class,
                        rejected -> extractRequest(request -> {
                            Allow allowed = Allow.create(rejected.stream()
                                    .map(MethodRejection::supported)
                                    .toArray(HttpMethod[]::new));
                            return complete(OpenAiErrors.response(
                                            StatusCodes.METHOD_NOT_ALLOWED,
                                            "method_not_allowed",
                                            request.getUri().getPathString() + " does not take "
                                                    + request.method().name())
                                    .addHeader(allowed));
                        }))
                .handle(
                        Rejection.class,
                        rejection -> complete(
                                OpenAiErrors.response(StatusCodes.BAD_REQUEST, null, "the request cannot be served")))
                .build();
    }

    private ExceptionHandler exceptions() {
        return ExceptionHandler.newBuilder().matchAny(this::answer).build();
    }

    private Route answer(Throwable thrown) {
        InferenceFailure failure = Refusals.of(thrown);
        return extractRequest(request -> {
            if (failure.kind() == InferenceFailure.Kind.INTERNAL) {
                LOG.error("request {} failed", RequestIds.of(request), thrown);
            }
            return complete(OpenAiErrors.response(failure));
        });
    }
}
