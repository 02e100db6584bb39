package frontend;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;

/** Names inside a request's path, which may hold any character. */
public final class PathText {
    private PathText() {}

    /**
     * Decodes the rest of a path, where a plus sign is a plus sign.
     *
     * @throws RefusedRequest when an escape is broken
     */
    public static String decoded(String rest) {
        try {
            return URLDecoder.decode(rest.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw RefusedRequest.invalid("id", "the path holds a broken escape: " + e.getMessage());
        }
    }
}
