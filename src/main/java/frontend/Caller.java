package frontend;

import inference.TenantId;
import inference.TurnId;

/**
 * Who sent a request, as its headers say.
 *
 * <p>Thread-safety: immutable.
 *
 * @param turn id of the turn, if the request becomes one
 */
public record Caller(TenantId tenant, TurnId turn, SessionHeaders session) {}
