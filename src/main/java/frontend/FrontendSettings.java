package frontend;

import inference.TenantId;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * Section {@code frontend} of the configuration.
 *
 * <p>Thread-safety: immutable.
 *
 * @param host address to listen on; one off loopback needs {@code apiKeys}
 * @param port port to listen on, 0 for any free one
 * @param apiKeys keys accepted; with none, everybody is the default tenant
 * @param bodies what requests may send
 * @param firstByteAfter how long a stream waits for its first event before its status is committed
 * @param keepAliveInterval silence after which a stream carries a comment
 * @param drainTimeout how long running turns may go on once the server drains
 * @param maxChoices most answers that one request may ask for
 * @param keepResponses how long a response is kept after its last use for clients that come back to it
 * @param maxResponses most responses kept of a tenant
 * @param rates what a tenant may ask of the node
 * @param promptNoise what is left out of prompts
 */
public record FrontendSettings(
        String host,
        int port,
        List<ApiKey> apiKeys,
        Bodies bodies,
        Duration firstByteAfter,
        Duration keepAliveInterval,
        Duration drainTimeout,
        int maxChoices,
        Duration keepResponses,
        int maxResponses,
        Rates rates,
        PromptNoise promptNoise) {

    public FrontendSettings {
        apiKeys = List.copyOf(apiKeys);
        require(port >= 0 && port <= 65_535, "port must be 0 to 65535, got " + port);
        require(maxChoices >= 1, "max-choices must be at least 1, got " + maxChoices);
        positive("first-byte-after", firstByteAfter);
        positive("keep-alive-interval", keepAliveInterval);
        positive("keep-responses", keepResponses);
        require(maxResponses >= 1, "max-responses must be at least 1, got " + maxResponses);
        require(!drainTimeout.isNegative(), "drain-timeout must not be negative, got " + drainTimeout);
        require(
                !apiKeys.isEmpty() || loopback(host),
                "host " + host + " is not loopback, so api-keys must name at least one key");
    }

    /** Whether only this machine can reach a host, as far as its text tells. */
    static boolean loopback(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        return name.equals("localhost") || name.equals("::1") || name.matches("127(\\.\\d{1,3}){3}");
    }

    private static void positive(String key, Duration value) {
        require(value.compareTo(Duration.ZERO) > 0, key + " must be longer than zero, got " + value);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException("holdfast.frontend." + message);
        }
    }

    /**
     * Bodies of requests.
     *
     * @param largestBytes of one
     * @param togetherBytes of those that are read, decoded and rendered at once
     * @param timeout how long a client may take to send one, and how long one waits for room
     */
    public record Bodies(long largestBytes, long togetherBytes, Duration timeout) {
        public Bodies {
            require(
                    largestBytes >= 1024 && largestBytes <= 1 << 30,
                    "max-body must be 1 KiB to 1 GiB, got " + largestBytes + " bytes");
            require(togetherBytes >= largestBytes, "max-body: the largest body must have room");
            positive("body-timeout", timeout);
        }

        /**
         * The same of a share of the heap, in which at least one of the largest has room.
         *
         * @param share above 0
         * @param heapBytes most that the heap may take
         */
        public static Bodies sharing(double share, long heapBytes, long largestBytes, Duration timeout) {
            return new Bodies(largestBytes, Math.max(largestBytes, (long) (share * heapBytes)), timeout);
        }
    }

    /**
     * Limits of each tenant at this node; 0 is none.
     *
     * @param requestsPerMinute most model requests
     * @param tokensPerMinute most tokens of turns, but those read from a cache
     */
    public record Rates(int requestsPerMinute, int tokensPerMinute) {
        public Rates {
            require(requestsPerMinute >= 0, "requests-per-minute must not be negative, got " + requestsPerMinute);
            require(tokensPerMinute >= 0, "tokens-per-minute must not be negative, got " + tokensPerMinute);
        }
    }

    /**
     * A key that clients may present, kept as its hash only.
     *
     * @param sha256 SHA-256 of the key's UTF-8 text, 64 hexadecimal digits
     * @param tenant whose key it is
     */
    public record ApiKey(String sha256, TenantId tenant) {
        public ApiKey {
            sha256 = sha256.toLowerCase(Locale.ROOT);
            require(sha256.matches("[0-9a-f]{64}"), "api-keys: key-sha256 must be 64 hexadecimal digits");
        }

        /** A key given in clear. */
        public static ApiKey of(String key, TenantId tenant) {
            require(!key.isBlank(), "api-keys: a key is blank");
            return new ApiKey(HexFormat.of().formatHex(Sha256.of(key)), tenant);
        }

        /** Whether this is the key of that hash, in time that does not depend on where they differ. */
        boolean matches(byte[] presentedSha256) {
            return MessageDigest.isEqual(HexFormat.of().parseHex(sha256), presentedSha256);
        }
    }
}
