package frontend;

import inference.SessionId;
import inference.TenantId;
import inference.TurnId;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Names turns: a time-ordered UUID of version 7, or, for a request that carries an idempotency key, a UUID of version 8
 * that repeats with tenant, session and key.
 *
 * <p>Thread-safety: safe for concurrent use if the generator is.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9562">RFC 9562, sections 5.7 and 5.8</a>
 */
public final class TurnIds {
    private static final int MAX_KEY_LENGTH = 512;

    private final InstantSource clock;
    private final RandomGenerator random;

    /** @param random must not repeat across processes: seed it securely */
    public TurnIds(InstantSource clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    /** A name that was never given before. */
    public TurnId next() {
        return new TurnId(uuid(clock.millis() << 16 | random.nextInt(1 << 16), random.nextLong(), 7));
    }

    /** The name that a key stands for in one session: another session's turn of the same key is another turn. */
    static TurnId repeated(TenantId tenant, SessionId session, String key) {
        String named =
                tenant.value().length() + ":" + tenant.value() + session.value().length() + ":" + session.value() + key;
        ByteBuffer hash = ByteBuffer.wrap(Sha256.of(named));
        return new TurnId(uuid(hash.getLong(), hash.getLong(), 8));
    }

    /**
     * Key of a request, as its header says.
     *
     * @throws RefusedRequest when it is too long
     */
    static @Nullable String key(@Nullable String header) {
        if (header != null && header.length() > MAX_KEY_LENGTH) {
            throw RefusedRequest.invalid(
                    "Idempotency-Key", "header Idempotency-Key is longer than " + MAX_KEY_LENGTH + " characters");
        }
        return header;
    }

    private static String uuid(long high, long low, int version) {
        long versioned = (high & ~0xf000L) | ((long) version << 12);
        long variant = (low & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
        return new UUID(versioned, variant).toString();
    }
}
