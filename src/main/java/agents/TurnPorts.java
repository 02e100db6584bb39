package agents;

import agents.session.SessionKey;
import akka.actor.typed.ActorRef;
import akka.actor.typed.RecipientRef;
import inference.ConversationStore;
import inference.SessionId;
import inference.TenantId;
import java.time.InstantSource;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongSupplier;
import kv.WorkerId;
import metrics.Metrics;
import router.LeaseKeeper;
import router.Router;
import workers.EngineClient;
import workers.Worker;

/**
 * Whom a turn talks to.
 *
 * <p>Thread-safety: immutable; every component is safe for concurrent use.
 *
 * @param router of this node
 * @param engines client of each worker's engine from this node
 * @param conversations keeps the text of turns
 * @param keepers see {@link SessionPorts}
 * @param clock dates what is recorded
 * @param nanoTime measures durations
 */
public record TurnPorts(
        Function<SessionKey, RecipientRef<AgentSession.Command>> sessions,
        ActorRef<Router.Command> router,
        Function<WorkerId, RecipientRef<Worker.Command>> workers,
        Function<WorkerId, EngineClient> engines,
        Prompts prompts,
        ConversationStore conversations,
        BiFunction<TenantId, SessionId, RecipientRef<LeaseKeeper.Command>> keepers,
        Metrics metrics,
        InstantSource clock,
        LongSupplier nanoTime,
        AgentSettings.Turn settings) {}
