package frontend;

import inference.SessionId;
import org.jspecify.annotations.Nullable;

/**
 * The identity that a harness puts into {@code nvext.agent_context}. A session here is one line of work with a context of its own,
 * which is there called a trajectory; the run of an agent, which is there called a session, may have several.
 *
 * <p>Thread-safety: immutable.
 *
 * @param session {@code trajectory_id}, else {@code session_id}; null when there is neither
 * @param parent {@code parent_trajectory_id}
 * @param last {@code trajectory_final}: whether this is its last request
 * @see <a href="https://docs.nvidia.com/dynamo/v1.2.0/user-guides/agents/agent-tracing">Dynamo, agent tracing</a>
 */
record AgentContext(@Nullable SessionId session, @Nullable SessionId parent, boolean last) {
    private static final AgentContext NONE = new AgentContext(null, null, false);

    /** @throws RefusedRequest when one of its fields has a wrong type or is too long */
    static AgentContext read(JsonField body) {
        JsonField context = HintsReader.member(body.at("nvext"), "agent_context");
        if (context == null) {
            return NONE;
        }
        context.at("session_type_id").textOrNull();
        SessionId run = id(context.at("session_id"));
        SessionId trajectory = id(context.at("trajectory_id"));
        return new AgentContext(
                trajectory != null ? trajectory : run,
                id(context.at("parent_trajectory_id")),
                context.at("trajectory_final").booleanOr(false));
    }

    private static @Nullable SessionId id(JsonField field) {
        return field.textOr("").isEmpty() ? null : SessionIdentity.valid(field, field.text());
    }
}
