package agents;

import agents.plan.RetentionSettings;
import agents.session.SessionLimits;
import java.time.Duration;

/**
 * Settings of sessions and turns, section {@code holdfast.agents}.
 *
 * <p>Thread-safety: immutable.
 *
 * @param retention what sessions keep over tool calls
 * @param promptCacheBlocks bound of a node's cache of token chains, in blocks
 * @param keepConversations how long the text of a conversation is kept after its last turn, at least
 */
public record AgentSettings(
        Session session, Turn turn, RetentionSettings retention, long promptCacheBlocks, Duration keepConversations) {
    public AgentSettings {
        positive(keepConversations, "keep-conversations");
        require(promptCacheBlocks >= 0, "prompt-cache-blocks is negative");
    }

    /**
     * Settings of a session's actor.
     *
     * @param idleTimeout without turns for that long, the actor passivates
     * @param snapshotEveryEvents events between two snapshots
     * @param askTimeout one question to a session
     * @param receiptWait how long what is told to a session waits for workers to acknowledge its leases
     * @param minRestartBackoff first wait after the store failed
     * @param maxRestartBackoff longest wait while it keeps failing
     */
    public record Session(
            Duration idleTimeout,
            int snapshotEveryEvents,
            SessionLimits limits,
            Duration askTimeout,
            Duration receiptWait,
            Duration minRestartBackoff,
            Duration maxRestartBackoff) {
        public Session {
            positive(idleTimeout, "session.idle-timeout");
            positive(askTimeout, "session.ask-timeout");
            positive(receiptWait, "session.receipt-wait");
            positive(minRestartBackoff, "session.min-restart-backoff");
            require(snapshotEveryEvents >= 1, "session.snapshot-every-events is below 1");
            require(
                    maxRestartBackoff.compareTo(minRestartBackoff) >= 0,
                    "session.max-restart-backoff is below session.min-restart-backoff");
        }
    }

    /**
     * Settings of a turn.
     *
     * @param storeTimeout how long a turn insists on being begun or recorded
     * @param storeAskTimeout one attempt of it
     * @param leaseTimeout how long a turn waits to hear what is kept of its session
     * @param tokeniseTimeout how long a prompt waits for an engine to tell its tokens, where they are not made here
     * @param admissionTimeout how long a worker may take to answer
     * @param engineSilenceTimeout longest silence of an engine before it counts as failed
     * @param clientStallTimeout how long a client may leave an event unread before its turn is given up
     * @param maxPlacements workers tried before the first token
     * @param expectedOutputTokens assumed answer length when the request says nothing
     */
    public record Turn(
            Duration storeTimeout,
            Duration storeAskTimeout,
            Duration leaseTimeout,
            Duration tokeniseTimeout,
            Duration admissionTimeout,
            Duration engineSilenceTimeout,
            Duration clientStallTimeout,
            int maxPlacements,
            int expectedOutputTokens) {
        public Turn {
            positive(storeTimeout, "turn.store-timeout");
            positive(storeAskTimeout, "turn.store-ask-timeout");
            positive(leaseTimeout, "turn.lease-timeout");
            positive(tokeniseTimeout, "turn.tokenise-timeout");
            positive(admissionTimeout, "turn.admission-timeout");
            positive(engineSilenceTimeout, "turn.engine-silence-timeout");
            positive(clientStallTimeout, "turn.client-stall-timeout");
            require(maxPlacements >= 1, "turn.max-placements is below 1");
            require(expectedOutputTokens >= 1, "turn.expected-output-tokens is below 1");
        }
    }

    private static void positive(Duration duration, String key) {
        require(!duration.isNegative() && !duration.isZero(), key + " is not positive");
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException("holdfast.agents." + message);
        }
    }
}
