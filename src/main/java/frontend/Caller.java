package frontend;

import inference.SessionId;
import inference.TenantId;
import inference.TurnId;
import org.jspecify.annotations.Nullable;

/**
 * Who sent a request, as its headers say.
 *
 * <p>Thread-safety: immutable.
 *
 * @param requestId names the HTTP request to its client
 * @param unique id for the turn that the request becomes if it has no key
 * @param idempotencyKey names the turn inside its session, null without
 */
public record Caller(
        TenantId tenant, String requestId, TurnId unique, @Nullable String idempotencyKey, SessionHeaders session) {

    /** Id of the turn that the request becomes in a session. */
    public TurnId turn(SessionId session) {
        return idempotencyKey == null ? unique : TurnIds.repeated(tenant, session, idempotencyKey);
    }
}
