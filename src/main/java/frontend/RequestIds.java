package frontend;

import akka.http.javadsl.model.AttributeKey;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * Names every request in its response, under the two header names that clients read. A proxy's {@code x-request-id} is
 * kept, so that its log and ours agree.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class RequestIds {
    private static final Pattern KEPT = Pattern.compile("[A-Za-z0-9._:-]{1,128}");
    private static final AttributeKey<String> KEY = AttributeKey.create("request-id", String.class);
    private static final SecureRandom RANDOM = new SecureRandom();

    private RequestIds() {}

    /** A request with an id that {@link #of} finds. */
    static HttpRequest assigned(HttpRequest request) {
        return request.addAttribute(KEY, chosen(request));
    }

    /** The id of a request that was {@link #assigned} one. */
    static String of(HttpRequest request) {
        return request.getAttribute(KEY).orElseThrow();
    }

    private static String chosen(HttpRequest request) {
        return request.getHeader("x-request-id")
                .map(header -> header.value())
                .filter(id -> KEPT.matcher(id).matches())
                .orElseGet(RequestIds::fresh);
    }

    static String fresh() {
        byte[] bytes = new byte[16];
        RANDOM.nextBytes(bytes);
        return "req_" + HexFormat.of().formatHex(bytes);
    }

    /** A response that names its request. */
    static HttpResponse named(HttpResponse response, String id) {
        return response.addHeader(RawHeader.create("x-request-id", id)).addHeader(RawHeader.create("request-id", id));
    }
}
