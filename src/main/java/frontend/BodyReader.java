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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Reads a request's whole JSON body within the limits of size and time.
 *
 * <p>A body that is too large is still read, up to four times the limit, and thrown away: a client that is cut off while
 * it writes sees a broken connection instead of the refusal.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class BodyReader {
    private static final int DISCARD_FACTOR = 4;
    /** What is reserved of a length that is only declared yet. */
    private static final long RESERVED_BYTES = 1 << 20;

    private final ActorSystem<?> system;
    private final FrontendSettings settings;

    BodyReader(ActorSystem<?> system, FrontendSettings settings) {
        this.system = system;
        this.settings = settings;
    }

    /** Bytes of the body; fails with {@link RefusedRequest}. */
    CompletionStage<byte[]> read(HttpRequest request) {
        if (!isJson(request)) {
            return unsupported(
                    request,
                    "content-type is '" + request.entity().getContentType() + "': send the body as application/json");
        }
        if (isEncoded(request)) {
            return unsupported(request, "content-encoding is not served: send the body as it is");
        }
        if (request.entity() instanceof HttpEntity.Strict strict
                && strict.getData().size() <= settings.maxBodyBytes()) {
            return CompletableFuture.completedStage(strict.getData().toArrayUnsafe());
        }
        int expected = (int) Math.min(request.entity().getContentLengthOption().orElse(8192), RESERVED_BYTES);
        return request.entity()
                .withoutSizeLimit()
                .getDataBytes()
                .completionTimeout(settings.bodyTimeout())
                .takeWhile(new Tally()::within)
                .runWith(Sink.fold(new Collected(expected), Collected::add), system)
                // In place: see docs/adr/0002.
                .handleAsync((body, failure) -> failure == null ? body.bytes() : interrupted(failure), Runnable::run);
    }

    private CompletionStage<byte[]> unsupported(HttpRequest request, String message) {
        request.discardEntityBytes(system);
        return CompletableFuture.failedStage(
                new RefusedRequest(InferenceFailure.of(InferenceFailure.Kind.UNSUPPORTED_MEDIA_TYPE, message)));
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

    private static byte[] interrupted(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof RefusedRequest refused) {
            throw refused;
        }
        String why = cause instanceof StreamTimeoutException ? "did not arrive in time" : "ended early";
        throw new RefusedRequest(
                InferenceFailure.of(InferenceFailure.Kind.INVALID_REQUEST, "the request's body " + why));
    }

    /** Bytes seen so far. */
    private final class Tally {
        private long seen;

        boolean within(ByteString part) {
            seen += part.size();
            return seen <= settings.maxBodyBytes() * DISCARD_FACTOR;
        }
    }

    /** Body so far, which stops growing past the limit. */
    private final class Collected {
        private final ByteArrayOutputStream bytes;
        private boolean tooLarge;

        Collected(int expected) {
            bytes = new ByteArrayOutputStream(expected);
        }

        Collected add(ByteString part) {
            tooLarge = tooLarge || bytes.size() + (long) part.size() > settings.maxBodyBytes();
            if (!tooLarge) {
                bytes.writeBytes(part.toArrayUnsafe());
            }
            return this;
        }

        byte[] bytes() {
            if (tooLarge) {
                throw new RefusedRequest(InferenceFailure.of(
                        InferenceFailure.Kind.REQUEST_TOO_LARGE,
                        "the request's body exceeds " + settings.maxBodyBytes()
                                + " bytes (holdfast.frontend.max-body)"));
            }
            return bytes.toByteArray();
        }
    }
}
