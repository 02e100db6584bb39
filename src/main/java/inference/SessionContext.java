package inference;

import org.jspecify.annotations.Nullable;

/**
 * Which session a request belongs to. Passive: never changes where it runs by itself.
 *
 * <p>Thread-safety: immutable.
 *
 * @param parent session that spawned this one, if said
 * @param last whether the harness says that this is the session's last request
 */
public record SessionContext(TenantId tenant, SessionId id, @Nullable SessionId parent, boolean last) {}
