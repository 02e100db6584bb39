package frontend;

import inference.InferenceFailure;
import inference.SessionId;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a request's headers say about its session. Sources in order, the first that names a session wins whole:
 *
 * <ol>
 *   <li>{@code X-Holdfast-Session-ID}, {@code X-Holdfast-Parent-Session-ID};
 *   <li>{@code X-Dynamo-Session-ID}, {@code X-Dynamo-Parent-Session-ID};
 *   <li>Claude Code: {@code x-claude-code-session-id}; a request with {@code x-claude-code-agent-id} is the child
 *       {@code SESSION/AGENT} of the session, or of {@code SESSION/PARENT} with {@code x-claude-code-parent-agent-id};
 *   <li>Codex: {@code thread-id}, else {@code session-id}; parent {@code x-codex-parent-thread-id};
 *   <li>OpenCode: {@code x-session-id}, else {@code x-session-affinity}; parent {@code x-parent-session-id}.
 * </ol>
 *
 * <p>{@code X-Holdfast-Session-Final} or {@code X-Dynamo-Session-Final} goes with any of them.
 *
 * <p>Thread-safety: immutable.
 *
 * @param id null when no header names a session
 * @param last whether this is the session's last request
 */
public record SessionHeaders(@Nullable SessionId id, @Nullable SessionId parent, boolean last) {
    /** Headers that say nothing. */
    public static final SessionHeaders NONE = new SessionHeaders(null, null, false);

    private static final Set<String> TRUE = Set.of("true", "1", "yes", "on");

    public SessionHeaders {
        parent = parent != null && parent.equals(id) ? null : parent;
    }

    /**
     * Reads the headers of one request.
     *
     * @throws RefusedRequest when an id is too long
     */
    public static SessionHeaders read(HeaderLookup headers) {
        boolean last =
                isTrue(headers.value("x-holdfast-session-final")) || isTrue(headers.value("x-dynamo-session-final"));
        SessionId holdfast = id(headers, "x-holdfast-session-id");
        SessionId parent = id(headers, "x-holdfast-parent-session-id");
        if (holdfast != null) {
            return new SessionHeaders(holdfast, parent, last);
        }
        SessionId dynamo = id(headers, "x-dynamo-session-id");
        SessionId dynamoParent = id(headers, "x-dynamo-parent-session-id");
        if (dynamo != null) {
            return new SessionHeaders(dynamo, dynamoParent, last);
        }
        SessionId orphansParent = parent != null ? parent : dynamoParent;
        SessionHeaders found = harness(headers, last);
        return found.parent == null ? new SessionHeaders(found.id, orphansParent, last) : found;
    }

    private static SessionHeaders harness(HeaderLookup headers, boolean last) {
        String claude = headers.value("x-claude-code-session-id");
        if (claude != null) {
            return claudeCode(headers, claude, last);
        }
        SessionId thread = firstOf(headers, "thread-id", "session-id");
        if (thread != null) {
            return new SessionHeaders(thread, id(headers, "x-codex-parent-thread-id"), last);
        }
        SessionId openCode = firstOf(headers, "x-session-id", "x-session-affinity");
        return new SessionHeaders(openCode, openCode == null ? null : id(headers, "x-parent-session-id"), last);
    }

    private static SessionHeaders claudeCode(HeaderLookup headers, String session, boolean last) {
        String header = "x-claude-code-session-id";
        String agent = headers.value("x-claude-code-agent-id");
        if (agent == null || agent.equals(session)) {
            return new SessionHeaders(valid(header, session), null, last);
        }
        String spawner = headers.value("x-claude-code-parent-agent-id");
        String parent = spawner == null || spawner.equals(session) ? session : session + "/" + spawner;
        return new SessionHeaders(valid(header, session + "/" + agent), valid(header, parent), last);
    }

    private static @Nullable SessionId firstOf(HeaderLookup headers, String name, String otherwise) {
        SessionId found = id(headers, name);
        return found != null ? found : id(headers, otherwise);
    }

    private static @Nullable SessionId id(HeaderLookup headers, String name) {
        String value = headers.value(name);
        return value == null ? null : valid(name, value);
    }

    private static SessionId valid(String header, String value) {
        if (value.length() > SessionId.MAX_LENGTH) {
            throw new RefusedRequest(InferenceFailure.of(
                    InferenceFailure.Kind.INVALID_REQUEST,
                    "header " + header + " is longer than " + SessionId.MAX_LENGTH + " characters"));
        }
        return new SessionId(value);
    }

    private static boolean isTrue(@Nullable String value) {
        return value != null && TRUE.contains(value.toLowerCase(Locale.ROOT));
    }
}
