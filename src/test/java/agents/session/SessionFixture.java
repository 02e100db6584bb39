package agents.session;

import static agents.session.Conversation.START;
import static agents.session.Conversation.outline;

import agents.session.SessionEvent.SessionOpened;
import inference.SessionId;
import inference.TenantId;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;

/** A session whose turns end one after another. */
abstract class SessionFixture {
    static final SessionLimits LIMITS = new SessionLimits(4, 3, 5, 2, 8);
    static final String SYSTEM = "s:You are a careful agent that answers in few words.";
    static final String[] THINKING = {
        SYSTEM, "u:one", "r:thoughts that fill more than a block or two of tokens|calls a tool", "t:its result"
    };

    SessionState state = SessionState.opened(new SessionOpened(
            TenantId.DEFAULT, new SessionId("session-1"), new SessionId("parent"), START, null, null));

    void end(TurnResult result) {
        end(result, Set.of());
    }

    void end(TurnResult result, Set<Integer> busy) {
        state.complete(result, busy).ifPresent(event -> state = state.apply(event, LIMITS));
    }

    FrontierMatch match(String... spelled) {
        PromptOutline outline = outline(spelled);
        return state.match(outline.model(), outline.blockSizeTokens(), outline.chain());
    }

    static String[] longer(String[] prompt, String... more) {
        return Stream.of(prompt, more).flatMap(Arrays::stream).toArray(String[]::new);
    }
}
