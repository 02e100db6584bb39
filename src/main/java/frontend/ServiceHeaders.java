package frontend;

import akka.http.javadsl.model.AttributeKey;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the official services tell in headers of every answer of their dialects, beside the request's id: OpenAI's version and time
 * taken, and both services' rates of requests and tokens where this node has a limit. Anthropic's answers name no version.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class ServiceHeaders {
    /** The only one that OpenAI's API has had. */
    private static final HttpHeader OPENAI_VERSION = RawHeader.create("openai-version", "2020-10-01");

    /** Filled while the request is served, because only its route knows the tenant, and read when it is answered. */
    private static final AttributeKey<Meter> METER = AttributeKey.create("request-meter", Meter.class);

    private ServiceHeaders() {}

    private static final class Meter {
        private final long beganNanos;
        private final AtomicReference<MinuteRate.@Nullable Standing> requests = new AtomicReference<>();
        private final AtomicReference<@Nullable Supplier<MinuteRate.Standing>> tokens = new AtomicReference<>();

        private Meter(long beganNanos) {
            this.beganNanos = beganNanos;
        }
    }

    /** A request whose answer can be {@link #named}. */
    static HttpRequest begun(HttpRequest request, long nowNanos) {
        return request.addAttribute(METER, new Meter(nowNanos));
    }

    /** Notes where its tenant stands with its requests. */
    static void standRequests(HttpRequest request, MinuteRate.Standing standing) {
        request.getAttribute(METER).ifPresent(meter -> meter.requests.set(standing));
    }

    /** Notes how to learn where its tenant stands with its tokens, which the request itself changes. */
    static void standTokens(HttpRequest request, Supplier<MinuteRate.Standing> standing) {
        request.getAttribute(METER).ifPresent(meter -> meter.tokens.set(standing));
    }

    /** The answer to a request with the headers of its dialect. */
    static HttpResponse named(HttpResponse response, HttpRequest request, long nowNanos, Instant now) {
        boolean anthropic = ErrorEnvelope.anthropic(request);
        if (!anthropic && !openAi(request)) {
            return response;
        }
        Meter meter = request.getAttribute(METER).orElseThrow();
        List<HttpHeader> headers = new ArrayList<>();
        if (!anthropic) {
            long millis = Duration.ofNanos(nowNanos - meter.beganNanos).toMillis();
            headers.add(OPENAI_VERSION);
            headers.add(RawHeader.create("openai-processing-ms", Long.toString(millis)));
        }
        MinuteRate.Standing requests = meter.requests.get();
        if (requests != null) {
            headers.addAll(rate("requests", requests, anthropic, now));
        }
        Supplier<MinuteRate.Standing> tokens = meter.tokens.get();
        if (tokens != null) {
            headers.addAll(rate("tokens", tokens.get(), anthropic, now));
        }
        return response.addHeaders(headers);
    }

    private static List<HttpHeader> rate(String what, MinuteRate.Standing standing, boolean anthropic, Instant now) {
        String prefix = anthropic ? "anthropic-ratelimit-" + what + "-" : "x-ratelimit-";
        String suffix = anthropic ? "" : "-" + what;
        String reset = anthropic
                ? now.plus(standing.untilFull()).truncatedTo(ChronoUnit.SECONDS).toString()
                : standing.untilFull().toMillis() + "ms";
        return List.of(
                RawHeader.create(prefix + "limit" + suffix, Integer.toString(standing.limit())),
                RawHeader.create(prefix + "remaining" + suffix, Integer.toString(standing.remaining())),
                RawHeader.create(prefix + "reset" + suffix, reset));
    }

    private static boolean openAi(HttpRequest request) {
        String path = request.getUri().getPathString();
        return path.equals("/v1/chat/completions")
                || path.equals("/v1/responses")
                || path.startsWith("/v1/responses/")
                || path.equals("/v1/models")
                || path.startsWith("/v1/models/");
    }
}
