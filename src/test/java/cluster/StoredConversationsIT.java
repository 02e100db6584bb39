package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inference.AgentHints;
import inference.ContentBlock;
import inference.ConversationRef;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import inference.ReasoningEffort;
import inference.Role;
import inference.Sampling;
import inference.SessionContext;
import inference.SessionId;
import inference.TenantId;
import inference.ToolChoice;
import inference.ToolDefinition;
import inference.TurnId;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Conversations on the real store. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class StoredConversationsIT {
    private static final Duration KEEP = Duration.ofHours(8);
    private static final ToolDefinition BASH = new ToolDefinition("bash", "runs", "{\"type\":\"object\"}", null);
    private static final List<Message> PROMPT = List.of(
            Message.text(Role.SYSTEM, "Be brief."),
            new Message(
                    Role.USER,
                    List.of(
                            new ContentBlock.Text("Look: \u00e9\u4e2d\ud83d\ude00 \u0001"),
                            new ContentBlock.Image("image/png", "u"))));
    private static final Message CALL = new Message(
            Role.ASSISTANT,
            List.of(
                    new ContentBlock.Thinking("hm", "signed"),
                    new ContentBlock.ToolUse("call-1", "bash", "{\"command\":\"ls\",\"n\":1e3}")));
    private static final Message RESULT = new Message(
            Role.TOOL, List.of(new ContentBlock.ToolResult("call-1", List.of(new ContentBlock.Text("a b c")), true)));

    @TempDir
    static Path temporary;

    private static RealStore store;
    private static ConnectionFactory connections;
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));

    @BeforeAll
    static void startTheStore() throws Exception {
        store = RealStore.in(temporary);
        connections = ConnectionFactories.get(store.connection().toOptions());
    }

    @AfterAll
    static void stopTheStore() {
        store.close();
    }

    private StoredConversations node() {
        return new StoredConversations(connections, now::get, KEEP);
    }

    private static InferenceRequest request(String tenant, List<Message> messages) {
        return request(tenant, messages, ReasoningEffort.NONE);
    }

    private static InferenceRequest request(String tenant, List<Message> messages, ReasoningEffort effort) {
        return new InferenceRequest(
                new TurnId("t"),
                "m",
                new SessionContext(new TenantId(tenant), new SessionId("s"), null, false),
                List.of(BASH),
                ToolChoice.AUTO,
                true,
                messages,
                Sampling.DEFAULT,
                effort,
                AgentHints.NONE,
                List.of());
    }

    private static ConversationRef keep(StoredConversations node, String tenant, List<Message> prompt, Message reply) {
        InferenceRequest request = request(tenant, prompt);
        return get(node.keep(request, PromptFingerprint.chain(request.tools(), request.messages()), reply));
    }

    private static List<Message> followed(List<Message> prompt, Message... more) {
        List<Message> all = new ArrayList<>(prompt);
        all.addAll(List.of(more));
        return all;
    }

    private static <T> T get(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
    }

    @Test
    void aConversationIsReadBackBlockForBlockByAnotherNode() {
        ConversationRef kept = keep(node(), "round-trip", PROMPT, CALL);
        InferenceRequest found = get(node().find(kept)).orElseThrow();
        assertEquals(followed(PROMPT, CALL), found.messages());
        assertEquals(List.of(BASH), found.tools());
        assertEquals("m", found.model());
        assertEquals(new TenantId("round-trip"), found.session().tenant());
    }

    @Test
    void conversationsAreKeptApartWhoseEffortsShow() {
        StoredConversations node = node();
        for (ReasoningEffort effort : ReasoningEffort.values()) {
            InferenceRequest request = request("efforts", PROMPT, effort);
            ConversationRef kept =
                    get(node.keep(request, PromptFingerprint.chain(request.tools(), PROMPT, effort), CALL));
            assertEquals(effort, get(node().find(kept)).orElseThrow().effort());
        }
        InferenceRequest hidden = request("efforts", PROMPT, ReasoningEffort.HIGH);
        ConversationRef kept = get(node.keep(hidden, PromptFingerprint.chain(hidden.tools(), PROMPT), CALL));
        assertNull(get(node().find(kept)).orElseThrow().effort(), "it shows nowhere, or was never named");
    }

    @Test
    void aTurnAddsToItsConversationAndForksShareTheirBeginning() {
        StoredConversations node = node();
        keep(node, "forks", PROMPT, CALL);
        List<Message> next = followed(PROMPT, CALL, RESULT);
        ConversationRef one = keep(node, "forks", next, Message.text(Role.ASSISTANT, "one"));
        ConversationRef other = keep(node(), "forks", next, Message.text(Role.ASSISTANT, "other"));
        assertEquals(
                followed(next, Message.text(Role.ASSISTANT, "one")),
                get(node.find(one)).orElseThrow().messages());
        assertEquals(
                followed(next, Message.text(Role.ASSISTANT, "other")),
                get(node.find(other)).orElseThrow().messages());
    }

    @Test
    void anotherTenantFindsNothing() {
        ConversationRef kept = keep(node(), "owner", PROMPT, CALL);
        assertTrue(get(node().find(new ConversationRef(new TenantId("thief"), kept.model(), kept.tip())))
                .isEmpty());
    }

    @Test
    void whatNobodyKeptForLongIsForgottenAndTheRestStaysWhole() {
        StoredConversations node = node();
        ConversationRef idle = keep(node, "idle", PROMPT, CALL);
        List<Message> growing = PROMPT;
        ConversationRef busy = keep(node, "busy", growing, CALL);
        // A conversation that goes on keeps its beginning, however long ago that was written.
        for (int turn = 0; turn < 10; turn++) {
            now.updateAndGet(time -> time.plus(KEEP.dividedBy(5)));
            growing = followed(growing, CALL, RESULT);
            busy = keep(node, "busy", growing, CALL);
            get(node.forgetOld());
        }
        assertTrue(get(node.find(idle)).isEmpty());
        assertEquals(followed(growing, CALL), get(node.find(busy)).orElseThrow().messages());
    }
}
