package frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.Message;
import inference.Role;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.ToolDefinition;
import inference.TurnId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SessionIdentityTest {
    private static final Message SYSTEM = Message.text(Role.SYSTEM, "be brief");
    private static final Message QUESTION = Message.text(Role.USER, "why?");
    private static final List<ToolDefinition> TOOLS = List.of(new ToolDefinition("ls", "", "{}", null));

    @Test
    void headersWinOverTheBody() {
        SessionHeaders headers = new SessionHeaders(new SessionId("h"), new SessionId("p"), true);
        SessionContext session = of(headers, "{\"prompt_cache_key\":\"k\"}");
        assertEquals(new SessionContext(TenantId.DEFAULT, new SessionId("h"), new SessionId("p"), true), session);
    }

    @Test
    void theBodyNamesTheSessionInTheFieldsThatHarnessesUse() {
        assertEquals(
                "k",
                of(SessionHeaders.NONE, "{\"prompt_cache_key\":\"k\"}").id().value());
        String metadata = "{\"metadata\":{\"user_id\":\"{\\\"device_id\\\":\\\"d\\\",\\\"session_id\\\":\\\"s\\\"}\"}}";
        assertEquals("s", of(SessionHeaders.NONE, metadata).id().value());
    }

    @Test
    void aUserIdWithoutASessionIsNoSession() {
        SessionContext derived = of(SessionHeaders.NONE, "{}");
        for (String userId : List.of("alice", "{broken", "{\\\"session_id\\\":7}", "{\\\"session_id\\\":\\\"\\\"}")) {
            assertEquals(derived, of(SessionHeaders.NONE, "{\"metadata\":{\"user_id\":\"" + userId + "\"}}"), userId);
        }
        assertThrows(RefusedRequest.class, () -> of(SessionHeaders.NONE, "{\"metadata\":7}"));
    }

    @Test
    void fieldsOfAWrongTypeAreRefusedWhoeverNamesTheSession() {
        SessionHeaders headers = new SessionHeaders(new SessionId("h"), null, false);
        for (String field : List.of("metadata", "prompt_cache_key")) {
            RefusedRequest refused =
                    assertThrows(RefusedRequest.class, () -> of(headers, "{\"" + field + "\":7}"), field);
            assertEquals(field, refused.failure().param());
        }
    }

    @Test
    void aConversationKeepsItsDerivedSessionAsItGrows() {
        List<Message> growing = new ArrayList<>(List.of(SYSTEM, QUESTION));
        SessionId first = derived("m", TOOLS, growing);
        assertTrue(first.value().matches("auto-[0-9a-f]{32}"), first.value());
        growing.add(Message.text(Role.ASSISTANT, "because"));
        growing.add(Message.text(Role.USER, "really?"));
        assertEquals(first, derived("m", TOOLS, growing));
    }

    @Test
    void eachPartOfTheBeginningTellsDerivedSessionsApart() {
        List<Message> messages = List.of(SYSTEM, QUESTION);
        SessionId one = derived("m", TOOLS, messages);
        assertNotEquals(one, derived("n", TOOLS, messages));
        assertNotEquals(one, derived("m", List.of(), messages));
        assertNotEquals(one, derived("m", TOOLS, List.of(QUESTION)));
        assertNotEquals(one, derived("m", TOOLS, List.of(SYSTEM, Message.text(Role.USER, "how?"))));
        assertNotEquals(one, SessionIdentity.derived(new TenantId("t"), "m", TOOLS, messages));
    }

    @Test
    void aPromptWithoutAUserMessageHasADerivedSessionToo() {
        assertNotEquals(derived("m", TOOLS, List.of(SYSTEM)), derived("m", TOOLS, List.of(SYSTEM, QUESTION)));
    }

    private static SessionId derived(String model, List<ToolDefinition> tools, List<Message> messages) {
        return SessionIdentity.derived(TenantId.DEFAULT, model, tools, messages);
    }

    private static SessionContext of(SessionHeaders headers, String body) {
        Caller caller = new Caller(TenantId.DEFAULT, "req_1", new TurnId("t"), null, headers);
        JsonField parsed = JsonBody.parse(body.getBytes(StandardCharsets.UTF_8));
        return SessionIdentity.of(caller, parsed, "m", TOOLS, List.of(SYSTEM, QUESTION));
    }
}
