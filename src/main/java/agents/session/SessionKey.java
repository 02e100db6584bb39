package agents.session;

import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Address of a session: its tenant and its name in it. Its {@link #entityId} is safe wherever an id must be short and plain,
 * and begins with the tenant's own digest, so that one tenant's sessions are one range of ids.
 *
 * <p>Thread-safety: immutable.
 */
public record SessionKey(TenantId tenant, SessionId session) {
    private static final int TENANT_BYTES = 8;
    private static final int SESSION_BYTES = 16;

    public static SessionKey of(SessionContext context) {
        return new SessionKey(context.tenant(), context.id());
    }

    /** Digest of tenant and session: 48 hexadecimal digits, the first 16 of which are {@link #tenantPrefix}. */
    public String entityId() {
        return tenantPrefix(tenant) + HexFormat.of().formatHex(sessionDigest(), 0, SESSION_BYTES);
    }

    /** What the entity ids of a tenant begin with, and no other tenant's do. */
    public static String tenantPrefix(TenantId tenant) {
        return HexFormat.of().formatHex(digest().digest(bytes(tenant.value())), 0, TENANT_BYTES);
    }

    /** Equal for all turns of one session, well spread over sessions. */
    public long affinity() {
        return ByteBuffer.wrap(sessionDigest()).getLong();
    }

    private byte[] sessionDigest() {
        MessageDigest digest = digest();
        byte[] tenantName = bytes(tenant.value());
        digest.update(
                ByteBuffer.allocate(Integer.BYTES).putInt(tenantName.length).flip());
        digest.update(tenantName);
        return digest.digest(bytes(session.value()));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    // Names come from outside, so a collision must not be craftable.
    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
