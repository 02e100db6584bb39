package cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import inference.InferenceEvent;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import inference.Role;
import inference.pieces.PiecedPrompt;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import kv.Incarnation;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import router.retention.LiveWorker;
import router.retention.LiveWorkers;
import testkit.RandomConversations;
import workers.EngineClient;
import workers.Seat;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;
import workers.status.WorkerLoad;
import workers.status.WorkerState;

class EngineTokensTest {
    private static final Answer NO_WAY = (request, opening) -> CompletableFuture.completedStage(Optional.empty());
    private static final Answer BYTES =
            (request, opening) -> CompletableFuture.completedStage(Optional.of(bytes(request, opening)));

    private final Map<WorkerId, Answer> answers = new HashMap<>();
    private final List<String> asked = new ArrayList<>();
    private LiveWorkers workers = LiveWorkers.UNKNOWN;
    private final EngineTokens tokens = new EngineTokens(Set.of("configured"), () -> workers, Played::new);

    /** What an engine says. */
    private interface Answer {
        CompletionStage<Optional<int[]>> to(InferenceRequest request, boolean opening);
    }

    @Test
    void anEngineOfTheModelTells() {
        add("http://other", 1, "another", NO_WAY);
        add("http://a", 1, "served", BYTES);

        assertTrue(tokens.mayTell("served"));
        assertArrayEquals(bytes(request(), true), told().orElseThrow());
        assertEquals(Set.of("http://a"), Set.copyOf(asked));
    }

    @Test
    void whereTheTokenizerIsConfiguredNoEngineIsAsked() {
        add("http://a", 1, "configured", BYTES);

        assertFalse(tokens.mayTell("configured"));
    }

    @Test
    void anEngineWithoutAWayToTellIsAskedOnceInItsLife() {
        add("http://a", 1, "served", NO_WAY);
        assertTrue(tokens.mayTell("served"));
        assertTrue(told().isEmpty());
        assertEquals(List.of("http://a"), asked);
        assertFalse(tokens.mayTell("served"));

        add("http://a", 2, "served", BYTES);
        assertTrue(told().isPresent());
    }

    @Test
    void whatStandsForAConversationIsAskedOnce() {
        add("http://a", 1, "served", BYTES);
        assertTrue(told().isPresent());
        int first = asked.size();
        assertTrue(told().isPresent());

        assertEquals(2, asked.size() - first, "its head and its messages");
    }

    @Test
    void siblingsAskTogether() {
        Queue<Runnable> answering = new ArrayDeque<>();
        List<String> questions = new ArrayList<>();
        add("http://a", 1, "served", (request, opening) -> {
            CompletableFuture<Optional<int[]>> answer = new CompletableFuture<>();
            questions.add(request.messages() + " " + opening);
            answering.add(() -> answer.complete(Optional.of(bytes(request, opening))));
            return answer;
        });
        CompletableFuture<Optional<List<int[]>>> one = telling();
        CompletableFuture<Optional<List<int[]>>> other = telling();
        while (!answering.isEmpty()) {
            answering.remove().run();
        }

        assertTrue(one.join().isPresent());
        assertTrue(other.join().isPresent());
        assertEquals(Set.copyOf(questions).size(), questions.size(), questions::toString);
    }

    @Test
    void aLongHistoryIsAskedAFewPiecesAtATime() {
        Queue<Runnable> answering = new ArrayDeque<>();
        List<Message> messages = new ArrayList<>(List.of(Message.text(Role.USER, "hello")));
        for (int i = 0; i < 50; i++) {
            messages.addAll(List.of(Message.text(Role.ASSISTANT, "hello " + i), Message.text(Role.USER, "and " + i)));
        }
        add("http://a", 1, "served", (request, opening) -> {
            CompletableFuture<Optional<int[]>> answer = new CompletableFuture<>();
            answering.add(() -> answer.complete(Optional.of(bytes(request, opening))));
            return answer;
        });
        InferenceRequest request = RandomConversations.request("t", List.of(), messages, null);
        CompletableFuture<Optional<List<int[]>>> telling = telling(request);
        while (!answering.isEmpty()) {
            assertTrue(answering.size() <= 8, "open questions: " + answering.size());
            answering.remove().run();
        }

        assertArrayEquals(bytes(request, true), whole(telling.join()).orElseThrow());
    }

    @Test
    void oneThatFailsIsPassedOverAndAskedAgain() {
        add(
                "http://a",
                1,
                "served",
                (request, opening) -> CompletableFuture.failedStage(new IllegalStateException("answered 503")));
        add("http://b", 1, "served", BYTES);

        assertTrue(told().isPresent());
        int failed = Collections.frequency(asked, "http://a");
        assertTrue(told().isPresent());
        assertTrue(Collections.frequency(asked, "http://a") > failed);
    }

    @Test
    void oneThatFailsAfterItHasToldIsPassedOver() {
        add("http://a", 1, "served", BYTES);
        add("http://b", 1, "served", BYTES);
        assertTrue(told().isPresent());
        answers.replaceAll((worker, answer) -> worker.equals(new WorkerId(asked.get(asked.size() - 1)))
                ? (request, opening) -> CompletableFuture.failedStage(new IllegalStateException("died"))
                : answer);

        assertTrue(told().isPresent());
    }

    @Test
    void oneThatIsOutOfReachForAWhileIsNotAskedWhatItHasTold() {
        add("http://a", 1, "served", BYTES);
        assertTrue(told().isPresent());
        add("http://a", WorkerState.UNREACHABLE, 1, "served", BYTES);
        assertFalse(tokens.mayTell("served"));
        add("http://a", 1, "served", BYTES);
        asked.clear();

        assertTrue(told().isPresent());
        assertEquals(2, asked.size(), "its head and its messages");
    }

    @Test
    void oneThatIsGoneIsForgotten() {
        add("http://a", 1, "served", BYTES);
        assertTrue(told().isPresent());
        workers = workers.without(new WorkerId("http://a"));
        assertFalse(tokens.mayTell("served"));
        add("http://a", 1, "served", BYTES);
        asked.clear();

        assertTrue(told().isPresent());
        assertTrue(asked.size() > 2, "what it had told is asked again");
    }

    @Test
    void manyAreAskedOnceWhetherTheyCanAndThenOne() {
        for (int i = 0; i < 50; i++) {
            add("http://" + i, 1, "served", i % 2 == 0 ? BYTES : NO_WAY);
        }
        assertTrue(told().isPresent());
        assertEquals(50, Set.copyOf(asked).size());
        asked.clear();

        assertTrue(told().isPresent());
        assertEquals(1, Set.copyOf(asked).size());
    }

    @Test
    void oneThatIsNotReachedIsNotAsked() {
        add("http://a", WorkerState.UNREACHABLE, 1, "served", BYTES);

        assertFalse(tokens.mayTell("served"));
    }

    @Test
    void aPromptThatItsEngineRefusesIsNotTold() {
        add(
                "http://a",
                1,
                "served",
                (request, opening) -> request.messages().get(0).role() == Role.SYSTEM
                        ? NO_WAY.to(request, opening)
                        : BYTES.to(request, opening));

        assertTrue(told().isEmpty());
        assertTrue(tokens.mayTell("served"), "others may be told");
    }

    private CompletableFuture<Optional<List<int[]>>> telling() {
        return telling(request());
    }

    private CompletableFuture<Optional<List<int[]>>> telling(InferenceRequest request) {
        PiecedPrompt prompt = Objects.requireNonNull(
                PiecedPrompt.of(request, PromptFingerprint.chain(request.tools(), request.messages())));
        return tokens.tell(prompt, 0).toCompletableFuture();
    }

    private Optional<int[]> told() {
        return whole(telling().join());
    }

    private static Optional<int[]> whole(Optional<List<int[]>> told) {
        return told.map(pieces -> pieces.stream().flatMapToInt(Arrays::stream).toArray());
    }

    private void add(String url, long life, String model, Answer answer) {
        add(url, WorkerState.READY, life, model, answer);
    }

    private void add(String url, WorkerState state, long life, String model, Answer answer) {
        answers.put(new WorkerId(url), answer);
        workers = workers.with(new LiveWorker(
                new WorkerId(url),
                new Incarnation(life, life),
                state,
                new EngineFacts(List.of(model), 16, 100, 8192, 2, 150, EngineCapabilities.NONE),
                WorkerLoad.idle(100)));
    }

    private static InferenceRequest request() {
        return RandomConversations.request(
                "t",
                List.of(),
                List.of(Message.text(Role.SYSTEM, "Be brief."), Message.text(Role.USER, "hello")),
                null);
    }

    /** A template without control tokens, in bytes. */
    private static int[] bytes(InferenceRequest request, boolean opening) {
        StringBuilder text = new StringBuilder();
        for (Message message : request.messages()) {
            text.append('\0').append(message.role()).append('\1').append(message.content());
        }
        return (opening ? text.append("\0ASSISTANT\1") : text).chars().toArray();
    }

    /** An engine of which only this is asked. */
    private final class Played implements EngineClient {
        private final WorkerId worker;

        Played(WorkerId worker) {
            this.worker = worker;
        }

        @Override
        public CompletionStage<Optional<int[]>> promptTokens(InferenceRequest request, boolean opening) {
            asked.add(worker.url());
            return Objects.requireNonNull(answers.get(worker)).to(request, opening);
        }

        @Override
        public Source<InferenceEvent, NotUsed> generate(InferenceRequest request, Seat seat) {
            return Source.empty();
        }

        @Override
        public CompletionStage<Probe> probe() {
            return CompletableFuture.failedStage(new IllegalStateException("not asked here"));
        }
    }
}
