package agents;

import agents.plan.SessionLeases;
import akka.actor.typed.RecipientRef;
import inference.SessionId;
import inference.TenantId;
import java.time.InstantSource;
import java.util.function.BiFunction;
import java.util.function.Function;
import router.LeaseKeeper;

/**
 * Whom a session talks to.
 *
 * <p>Thread-safety: immutable; every component is safe for concurrent use.
 *
 * @param sessions other sessions by entity id
 * @param keepers keeper of the leases of a session's tree, by tenant and root session
 * @param retention which leases sessions want
 * @param clock dates what is recorded
 */
public record SessionPorts(
        Function<String, RecipientRef<AgentSession.Command>> sessions,
        BiFunction<TenantId, SessionId, RecipientRef<LeaseKeeper.Command>> keepers,
        SessionLeases retention,
        InstantSource clock) {}
