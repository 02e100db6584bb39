package agents.session;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import inference.SessionId;
import inference.TenantId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What happened to a session, for good. Type names are fixed for ever; components may be added if absence has a meaning,
 * never renamed or removed.
 *
 * <p>That a turn began is not among them: beginning it must not wait for the store, and a turn without an end is worth
 * nothing after a crash.
 *
 * <p>Thread-safety: immutable.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = SessionEvent.SessionOpened.class, name = "session-opened"),
    @JsonSubTypes.Type(value = SessionEvent.TurnCompleted.class, name = "turn-completed"),
    @JsonSubTypes.Type(value = SessionEvent.ChildLinked.class, name = "child-linked"),
    @JsonSubTypes.Type(value = SessionEvent.RootLearned.class, name = "root-learned"),
    @JsonSubTypes.Type(value = SessionEvent.Controlled.class, name = "controlled"),
    @JsonSubTypes.Type(value = SessionEvent.SessionClosed.class, name = "session-closed")
})
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface SessionEvent {

    /**
     * The session exists. After {@link SessionClosed}: another one begins under the same name.
     *
     * @param forkOf session from which it forked, null when it begins with nothing
     * @param line the line of prompts that it goes on from, null without a fork
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record SessionOpened(
            TenantId tenant,
            SessionId session,
            @Nullable SessionId parent,
            Instant at,
            @Nullable SessionId forkOf,
            @Nullable Frontier line)
            implements SessionEvent {}

    /**
     * A harness or an operator has told the session something.
     *
     * @param request names the request, null when it has no name
     * @param frontiers lines of prompts that it is about
     * @param kept prefix that is kept from here on, null for none
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Controlled(
            @Nullable String request, Control control, List<Integer> frontiers, @Nullable KeptPoint kept, Instant at)
            implements SessionEvent {
        public Controlled {
            frontiers = List.copyOf(frontiers);
        }
    }

    /**
     * A turn ended, however it did.
     *
     * @param advance what it changed in the lines of prompts, null when no engine computed its prompt
     */
    record TurnCompleted(TurnRecord turn, @Nullable Advance advance) implements SessionEvent {}

    /** Another session names this one as its parent. */
    record ChildLinked(SessionId child, Instant at) implements SessionEvent {}

    /**
     * The session stands elsewhere in its tree than was known.
     *
     * @param parent who spawned it, null when that is as before
     * @param root session at the top of the tree
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record RootLearned(@Nullable SessionId parent, SessionId root, Instant at) implements SessionEvent {}

    /** The session is over. */
    record SessionClosed(CloseReason reason, Instant at) implements SessionEvent {}

    /** Who closed a session. */
    enum CloseReason {
        /** Asked for by name. */
        REQUESTED,
        /** The harness flagged a turn as the last. */
        FINAL_TURN,
        /** The session that spawned it is over. */
        PARENT_OVER
    }

    /**
     * A frontier's new tip. A frontier that does not exist is opened.
     *
     * @param fork where the frontier left another one, null unless this opens it by a fork
     * @param tools whether the answer ended in tool calls: the frontier waits for their results
     * @param calls names of the tools that the answer calls, null when it calls none or when that was not recorded
     * @param superseded frontiers that are dead from here on
     * @param reasoning what the prompt replays of its open tool loop's reasoning, null for none
     * @param shared of a prompt that dropped the reasoning which the tip before replayed: messages that it still shares with
     *     that; null when it shares all
     * @param marks prefixes that the request marks to be kept, null for none
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Advance(
            String model,
            int blockSizeTokens,
            Checkpoint system,
            Checkpoint tip,
            @Nullable Fork fork,
            boolean tools,
            @Nullable List<String> calls,
            List<Integer> superseded,
            @Nullable OpenReasoning reasoning,
            @Nullable Integer shared,
            @Nullable List<KeptPoint> marks) {
        public Advance {
            calls = calls == null ? null : List.copyOf(calls);
            superseded = List.copyOf(superseded);
            marks = marks == null ? null : List.copyOf(marks);
        }
    }

    /**
     * Where a line of prompts left another one.
     *
     * @param frontier the other one
     * @param messages messages they share
     */
    record Fork(int frontier, int messages) {}
}
