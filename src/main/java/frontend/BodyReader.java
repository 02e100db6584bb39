package frontend;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.HttpEntity;
import akka.http.javadsl.model.HttpRequest;
import akka.stream.StreamTimeoutException;
import akka.stream.javadsl.Sink;
import akka.util.ByteString;
import inference.InferenceFailure;
import java.io.ByteArrayOutputStream;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Reads a request's whole JSON body within the limits of size, of what is read at once, and of time.
 *
 * <p>A body that is too large is still read, up to four times the limit, and thrown away: a client that is cut off while
 * it writes sees a broken connection instead of the refusal.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class BodyReader {
    private static final int DISCARD_FACTOR = 4;
    private static final byte[] EMPTY_OBJECT = {'{', '}'};
    /** What is reserved of a length that is only declared yet. */
    private static final long RESERVED_BYTES = 1 << 20;

    private final ActorSystem<?> system;
    private final FrontendSettings.Bodies settings;
    private final BodyBudget budget;

    BodyReader(ActorSystem<?> system, FrontendSettings.Bodies settings) {
        this.system = system;
        this.settings = settings;
        this.budget = new BodyBudget(settings.togetherBytes());
    }

    /**
     * A whole body, for which there is room until it is closed.
     *
     * @param room closed by whoever has the body
     */
    record Body(byte[] bytes, BodyBudget.Share room) {}

    /** The body; fails with {@link RefusedRequest}. */
    CompletionStage<Body> read(HttpRequest request) {
        if (!isJson(request)) {
            return unsupported(
                    request,
                    "content-type is '" + request.entity().getContentType() + "': send the body as application/json");
        }
        if (isEncoded(request)) {
            return unsupported(request, "content-encoding is not served: send the body as it is");
        }
        OptionalLong declared = request.entity().getContentLengthOption();
        BodyBudget.Share room = budget.ask(tooLarge(declared) ? 0 : declared.orElse(0));
        if (room.held()) {
            return within(room, request);
        }
        var patience = system.scheduler().scheduleOnce(settings.timeout(), room::close, system.executionContext());
        // Elsewhere: whoever gives room back does not read for all who waited for it.
        return room.granted()
                .thenComposeAsync(
                        granted -> patience.cancel() && granted ? within(room, request) : refused(request, noRoom()),
                        system.executionContext());
    }

    private boolean tooLarge(OptionalLong declared) {
        return declared.orElse(0) > settings.largestBytes();
    }

    /** Bytes of an empty object, for a request without a body. */
    Body none() {
        return new Body(EMPTY_OBJECT, budget.ask(0));
    }

    private CompletionStage<Body> within(BodyBudget.Share room, HttpRequest request) {
        if (request.entity() instanceof HttpEntity.Strict strict
                && strict.getData().size() <= settings.largestBytes()) {
            return CompletableFuture.completedStage(new Body(strict.getData().toArrayUnsafe(), room));
        }
        OptionalLong declared = request.entity().getContentLengthOption();
        Collected collected = new Collected(room, declared);
        return request.entity()
                .withoutSizeLimit()
                .getDataBytes()
                .completionTimeout(settings.timeout())
                .takeWhile(new Tally()::within)
                .runWith(Sink.fold(collected, Collected::add), system)
                // In place: see docs/adr/0002.
                .handleAsync(
                        (body, failure) -> failure == null ? body.whole() : interrupted(failure, room), Runnable::run);
    }

    private CompletionStage<Body> unsupported(HttpRequest request, String message) {
        return refused(request, InferenceFailure.of(InferenceFailure.Kind.UNSUPPORTED_MEDIA_TYPE, message));
    }

    private CompletionStage<Body> refused(HttpRequest request, InferenceFailure failure) {
        request.discardEntityBytes(system);
        return CompletableFuture.failedStage(new RefusedRequest(failure));
    }

    private InferenceFailure noRoom() {
        return InferenceFailure.of(
                InferenceFailure.Kind.OVERLOADED,
                "other requests' bodies take all " + settings.togetherBytes()
                        + " bytes there are for them (holdfast.frontend.bodies-share)");
    }

    private static boolean isJson(HttpRequest request) {
        String type = request.entity().getContentType().mediaType().toString().toLowerCase(Locale.ROOT);
        return type.equals("application/json") || (type.startsWith("application/") && type.endsWith("+json"));
    }

    private static boolean isEncoded(HttpRequest request) {
        return request.getHeader("content-encoding")
                .filter(encoding -> !encoding.value().equalsIgnoreCase("identity"))
                .isPresent();
    }

    private static Body interrupted(Throwable failure, BodyBudget.Share room) {
        room.close();
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        String why = cause instanceof StreamTimeoutException ? "did not arrive in time" : "ended early";
        throw new RefusedRequest(
                InferenceFailure.of(InferenceFailure.Kind.INVALID_REQUEST, "the request's body " + why));
    }

    /** Bytes seen so far. */
    private final class Tally {
        private long seen;

        boolean within(ByteString part) {
            seen += part.size();
            return seen <= settings.largestBytes() * DISCARD_FACTOR;
        }
    }

    /** Body so far, which stops growing past the limit and where there is no room, and takes none then. */
    private final class Collected {
        private final BodyBudget.Share room;
        private final boolean counted;
        private ByteArrayOutputStream bytes;
        private @Nullable InferenceFailure refusal;

        Collected(BodyBudget.Share room, OptionalLong declared) {
            this.room = room;
            counted = declared.isPresent();
            bytes = new ByteArrayOutputStream((int) Math.min(declared.orElse(8192), RESERVED_BYTES));
            if (tooLarge(declared)) {
                refuseTooLarge();
            }
        }

        Collected add(ByteString part) {
            if (refusal != null) {
                return this;
            }
            if (bytes.size() + (long) part.size() > settings.largestBytes()) {
                refuseTooLarge();
            } else if (counted || room.came(part.size())) {
                bytes.writeBytes(part.toArrayUnsafe());
            } else {
                refuse(noRoom());
            }
            return this;
        }

        Body whole() {
            if (refusal != null) {
                throw new RefusedRequest(refusal);
            }
            return new Body(bytes.toByteArray(), room);
        }

        private void refuseTooLarge() {
            refuse(InferenceFailure.of(
                    InferenceFailure.Kind.REQUEST_TOO_LARGE,
                    "the request's body exceeds " + settings.largestBytes() + " bytes (holdfast.frontend.max-body)"));
        }

        private void refuse(InferenceFailure failure) {
            refusal = failure;
            bytes = new ByteArrayOutputStream(0);
            room.close();
        }
    }
}
