package frontend;

import akka.event.LoggingAdapter;
import akka.http.ParsingErrorHandler;
import akka.http.javadsl.model.HttpResponse;
import akka.http.scaladsl.model.ErrorInfo;
import akka.http.scaladsl.model.StatusCode;
import akka.http.scaladsl.settings.ServerSettings;
import inference.InferenceFailure;

/**
 * Answers what is no HTTP request at all (an illegal request line, headers past the limits) in the envelope that clients
 * expect. Named in {@code http.conf}, found there by reflection as a Scala object is.
 *
 * <p>Thread-safety: immutable.
 */
public final class ParsingErrors extends ParsingErrorHandler {
    /** The instance that Akka HTTP looks for. */
    public static final ParsingErrors MODULE$ = new ParsingErrors();

    private ParsingErrors() {}

    @Override
    public HttpResponse handle(StatusCode status, ErrorInfo info, LoggingAdapter log, ServerSettings settings) {
        // The details hold bytes of the client: they are left out.
        String id = RequestIds.fresh();
        InferenceFailure failure = InferenceFailure.of(InferenceFailure.Kind.INVALID_REQUEST, info.summary());
        return RequestIds.named(new OpenAiErrors().response(failure, id).withStatus(status), id);
    }
}
