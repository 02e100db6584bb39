package agents.session;

import static agents.session.Conversation.START;
import static agents.session.Conversation.completed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import agents.session.SessionEvent.ChildLinked;
import agents.session.SessionEvent.CloseReason;
import agents.session.SessionEvent.Controlled;
import agents.session.SessionEvent.RootLearned;
import agents.session.SessionEvent.SessionClosed;
import agents.session.SessionEvent.SessionOpened;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import inference.FinishReason;
import inference.PlacementReason;
import inference.SessionId;
import inference.TenantId;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import kv.SequenceHash;
import org.junit.jupiter.api.Test;

/** The durable schema against golden files. A file of a version is never changed: add one, or a new version. */
class SessionJsonTest {
    private static final SessionLimits LIMITS = new SessionLimits(4, 4, 4, 4, 8);
    static final ObjectMapper MAPPER = JsonMapper.builder()
            .addModule(new JavaTimeModule())
            .addModule(new SessionJson())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** What each golden file says. */
    static Map<String, Object> golden() {
        Map<String, Object> files = new LinkedHashMap<>();
        SessionOpened opened = new SessionOpened(
                TenantId.DEFAULT, new SessionId("session-1"), new SessionId("parent"), START, null, null);
        SessionState state = SessionState.opened(opened);
        files.put("session-opened.json", opened);
        SessionEvent first = state.complete(
                        completed("turn-1", 0, 2, FinishReason.TOOL_CALLS, "s:You are brief and exact.", "u:hello"),
                        Set.of())
                .orElseThrow();
        files.put("turn-completed.json", first);
        state = state.apply(first, LIMITS);
        SessionEvent cancelled = state.complete(
                        Conversation.without("turn-2", TurnOutcome.CANCELLED, 5, "u:x"), Set.of())
                .orElseThrow();
        files.put("turn-cancelled.json", cancelled);
        state = state.apply(cancelled, LIMITS);
        SessionEvent fork = state.complete(
                        completed(
                                "turn-3",
                                7,
                                8,
                                FinishReason.STOP,
                                "s:You are brief and exact.",
                                "u:hello",
                                "a:1",
                                "u:2"),
                        Set.of())
                .orElseThrow();
        state = state.apply(fork, LIMITS);
        SessionEvent forked = state.complete(
                        completed(
                                "turn-4",
                                9,
                                10,
                                FinishReason.STOP,
                                "s:You are brief and exact.",
                                "u:hello",
                                "a:1",
                                "u:3"),
                        Set.of())
                .orElseThrow();
        files.put("turn-completed-forked.json", forked);
        state = state.apply(forked, LIMITS);
        files.put(
                "turn-completed-calling.json",
                SessionState.opened(opened)
                        .complete(Conversation.calling(List.of("bash", "grep"), "turn-1", 0, 2, "u:hello"), Set.of())
                        .orElseThrow());
        files.put(
                "turn-completed-placed.json",
                SessionState.opened(opened)
                        .complete(
                                Conversation.placed(
                                        completed("turn-1", 0, 2, FinishReason.STOP, "u:hello"),
                                        PlacementReason.HOLDER_LOST),
                                Set.of())
                        .orElseThrow());
        ChildLinked linked = new ChildLinked(new SessionId("child"), START);
        files.put("child-linked.json", linked);
        files.put("session-closed.json", new SessionClosed(CloseReason.FINAL_TURN, START));
        files.put("session-state.json", state.apply(linked, LIMITS));
        RootLearned learned = new RootLearned(new SessionId("parent"), new SessionId("root"), START);
        files.put("root-learned.json", learned);
        SessionEvent replaying = SessionState.opened(opened)
                .complete(
                        completed(
                                "turn-1",
                                0,
                                2,
                                FinishReason.TOOL_CALLS,
                                "s:You are brief and exact.",
                                "u:hello",
                                "r:a thought of some length|a call",
                                "t:its result"),
                        Set.of())
                .orElseThrow();
        files.put("turn-completed-reasoning.json", replaying);
        SessionState reasoned = SessionState.opened(opened).apply(replaying, LIMITS);
        SessionEvent dropped = reasoned.complete(
                        completed(
                                "turn-2",
                                7,
                                8,
                                FinishReason.STOP,
                                "s:You are brief and exact.",
                                "u:hello",
                                "a:a call",
                                "t:its result",
                                "a:done",
                                "u:thanks"),
                        Set.of())
                .orElseThrow();
        files.put("turn-completed-dropping.json", dropped);
        KeptPoint mark = new KeptPoint(2, new SequenceHash(0x9b51a753d86d9d01L), 300_000, null);
        SessionEvent marking = SessionState.opened(opened)
                .complete(
                        Conversation.with(
                                completed(
                                        "turn-1",
                                        0,
                                        2,
                                        FinishReason.TOOL_CALLS,
                                        "s:You are brief and exact.",
                                        "u:hello"),
                                GapHint.NONE,
                                mark),
                        Set.of())
                .orElseThrow();
        files.put("turn-completed-marking.json", marking);
        SessionState marked = SessionState.opened(opened).apply(marking, LIMITS);
        Controlled kept = new Controlled(
                "request-1",
                new Control.Keep(0, new SequenceHash(0x9b51a753d86d9d01L), 3_600_000, 2),
                List.of(0),
                new KeptPoint(2, new SequenceHash(0x9b51a753d86d9d01L), 3_600_000, 2),
                START);
        files.put("controlled-keep.json", kept);
        files.put(
                "controlled-stall.json",
                new Controlled("request-2", new Control.Stall(null, "bash", 5_000L), List.of(0), null, START));
        files.put("controlled-resume.json", new Controlled(null, new Control.Resume(0), List.of(0), null, START));
        files.put(
                "controlled-fork.json",
                new Controlled("request-3", new Control.Fork(new SessionId("fork"), 0), List.of(0), null, START));
        files.put(
                "controlled-compact.json",
                new Controlled("request-4", new Control.Compact(List.of(1)), List.of(1), null, START));
        files.put("controlled-close.json", new Controlled("request-5", new Control.Close(), List.of(), null, START));
        SessionState told = marked.apply(kept, LIMITS);
        files.put("session-state-controlled.json", told);
        files.put(
                "session-opened-fork.json",
                new SessionOpened(
                        TenantId.DEFAULT,
                        new SessionId("fork"),
                        null,
                        START,
                        told.id(),
                        told.frontiers().get(0).forked()));
        files.put("session-state-subagent.json", reasoned.apply(dropped, LIMITS).apply(learned, LIMITS));
        return files;
    }

    private static Class<?> declared(Object value) {
        return value instanceof SessionEvent ? SessionEvent.class : SessionState.class;
    }

    private static JsonNode read(String file) throws IOException {
        try (InputStream in = SessionJsonTest.class.getResourceAsStream("/journal/v1/" + file)) {
            assertNotNull(in, "golden file journal/v1/" + file);
            return MAPPER.readTree(in);
        }
    }

    @Test
    void everyGoldenFileIsStillRead() throws IOException {
        for (Map.Entry<String, Object> file : golden().entrySet()) {
            assertEquals(
                    file.getValue(), MAPPER.treeToValue(read(file.getKey()), declared(file.getValue())), file.getKey());
        }
    }

    @Test
    void theSchemaIsWrittenAsTheGoldenFilesSay() throws IOException {
        for (Map.Entry<String, Object> file : golden().entrySet()) {
            assertEquals(
                    read(file.getKey()), MAPPER.readTree(MAPPER.writeValueAsBytes(file.getValue())), file.getKey());
        }
    }

    @Test
    void everyEventHasAGoldenFile() {
        Set<String> permitted = Arrays.stream(SessionEvent.class.getPermittedSubclasses())
                .map(Class::getSimpleName)
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> present = golden().values().stream()
                .filter(SessionEvent.class::isInstance)
                .map(event -> event.getClass().getSimpleName())
                .collect(Collectors.toCollection(TreeSet::new));

        assertEquals(permitted, present);
    }

    @Test
    void whatALaterVersionAddsIsIgnored() throws IOException {
        ObjectNode later = (ObjectNode) read("turn-completed.json");
        later.put("mood", "good");
        ((ObjectNode) later.get("turn")).putObject("lease").put("id", 1);

        assertEquals(golden().get("turn-completed.json"), MAPPER.treeToValue(later, SessionEvent.class));
    }
}
