package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import testkit.LlamaServer;
import testkit.NodeProcess;
import testkit.ToolAgent;

/**
 * A real llama-server is killed with -9 while an agent waits for its tool, behind a real node: what the next turn finds cached at
 * the other server. The agent sends its history and the tool's result, and no name of a session. Counts tokens, never
 * milliseconds.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class KilledServerIT {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    /** More than one server has slots. */
    private static final int ANSWERS = 4;

    /** A control token, and the bytes of "assistant" and a line break. */
    private static final int OPENING_TOKENS = 11;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SHORT = "ls -la";
    private static final String NAMES =
            "the-names-of-a-great-many-files and-of-some-more-of-them/in-other-folders  and-so-on-and-so-on ";
    private static final String LONG =
            "tar cf all.tar " + NAMES + NAMES + NAMES + NAMES + NAMES + NAMES + NAMES + NAMES;

    /** Byte 2 begins a call, 258 ends a message: so a model of random weights calls a tool when it has to, and only then. */
    private static final String[] CALLING = {"--logit-bias", "2+50", "--logit-bias", "258+100", "-c", "49152"};

    @TempDir
    static Path folder;

    private static Path program;
    private static Path model;
    private static Path copies;
    private static final List<LlamaServer> servers = new ArrayList<>();
    private static LlamaServer unkept;
    private static NodeProcess leasing;

    @BeforeAll
    static void start() throws Exception {
        program = LlamaServer.program();
        model = LlamaServer.model(folder);
        copies = Files.createDirectory(folder.resolve("copies"));
        servers.add(server("-np", "3"));
        servers.add(server("-np", "3"));
        unkept = server("-np", "3", "-kvu", "--alias", "unkept");
        leasing = node(
                "leases", Stream.concat(servers.stream(), Stream.of(unkept)).toList());
    }

    @AfterAll
    static void stop() {
        if (leasing != null) {
            leasing.close();
        }
        Stream.concat(servers.stream(), Stream.ofNullable(unkept)).forEach(LlamaServer::close);
    }

    @BeforeEach
    void bothServersServe() throws Exception {
        for (LlamaServer server : servers) {
            if (!server.alive()) {
                String before = worker(leasing, server).path("incarnation").asText();
                server.revive();
                NodeProcess.await("the worker has seen the new life of its server", PATIENCE, () -> {
                    JsonNode now = worker(leasing, server);
                    return now.path("state").asText().equals("READY")
                            && !now.path("incarnation").asText().equals(before);
                });
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {SHORT, LONG})
    void theSessionGoesOnAtTheOtherServerWithAllThatWasComputed(String command) {
        ToolAgent agent = new ToolAgent(leasing, "tiny", command);
        agent.callsItsTool();
        if (command.equals(LONG)) {
            assertTrue(
                    agent.usage().path("completion_tokens").asInt() >= 700,
                    agent.usage().toString());
        }
        agent.awaitCopy();

        Next next = goesOnAfterKillOf(agent, agent.holder());

        assertTrue(next.cached() * 100 >= 95 * agent.computed(), next + " of " + agent.usage());
        assertEquals(next.prompt() - next.cached(), next.countedBySurvivor(), "the survivor's own count: " + next);
    }

    @Test
    void turnsHaveTheTokensThatTheirServersCountWithoutFilesOfTheModel() {
        ToolAgent agent = new ToolAgent(leasing, "tiny", SHORT);
        agent.callsItsTool();
        int prompt = agent.goesOn().path("prompt_tokens").asInt();

        JsonNode lines = leasing.get("/v1/sessions/" + agent.session()).path("lineage");
        JsonNode segments = lines.path(0).path("segments");
        int blocks = segments.path(segments.size() - 1).path("toBlock").asInt();
        assertEquals((prompt - OPENING_TOKENS) / 16, blocks, lines.toPrettyString());
        assertEquals(0, leasing.metric("holdfast_prompts_mistold_total{model=\"tiny\"}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {SHORT, LONG})
    void withoutLeasesTheOtherServerComputesAllOfIt(String command) throws Exception {
        try (LlamaServer one = server("-np", "3");
                LlamaServer other = server("-np", "3");
                NodeProcess node = node("none", List.of(one, other))) {
            ToolAgent agent = new ToolAgent(node, "tiny", command);
            agent.callsItsTool();
            LlamaServer holder = agent.holder().equals(one.url()) ? one : other;

            holder.kill();
            LlamaServer survivor = holder == one ? other : one;
            Next next = goesOn(agent, survivor);

            assertTrue(next.cold(), next.toString());
            assertEquals(next.prompt() - next.cached(), next.countedBySurvivor(), "the survivor's own count: " + next);
        }
    }

    @Test
    void killedBeforeTheReceiptTheTurnSucceedsCold() throws Exception {
        boolean killedInTime = false;
        for (int attempt = 0; !killedInTime && attempt < 3; attempt++) {
            bothServersServe();
            ToolAgent agent = new ToolAgent(leasing, "tiny", LONG);
            agent.callsItsTool();
            String lease = agent.awaitLease();
            String holder = agent.holder();
            kill(holder);
            killedInTime = agent.lease(lease).path("storedCopies").asInt() == 0;
            Next next = goesOn(agent, survivorOf(holder));

            assertTrue(next.cold() || !killedInTime, next.toString());
        }
        assertTrue(killedInTime, "the copy was always written before the kill: nothing was shown");
    }

    /** What may have happened to a file. */
    enum Damage {
        HALF_OF_IT,
        ALL_BUT_ONE_BYTE,
        NOTHING
    }

    @ParameterizedTest
    @EnumSource(Damage.class)
    void ofACopyThatIsNotWholeTheTurnSucceedsColdAndTheSurvivorLives(Damage left) throws Exception {
        ToolAgent agent = new ToolAgent(leasing, "tiny", SHORT);
        agent.callsItsTool();
        agent.awaitCopy();
        Path copy = agent.copyIn(copies);
        if (left == Damage.NOTHING) {
            Files.delete(copy);
        } else {
            try (RandomAccessFile file = new RandomAccessFile(copy.toFile(), "rw")) {
                file.setLength(left == Damage.HALF_OF_IT ? file.length() / 2 : file.length() - 1);
            }
        }

        String holder = agent.holder();
        Next next = goesOnAfterKillOf(agent, holder);

        assertTrue(next.cold(), next.toString());
        assertTrue(survivorOf(holder).alive());
    }

    @Test
    void severalAnswersHaveASlotEachAndTheSessionGoesOnWithOne() {
        ToolAgent agent = new ToolAgent(leasing, "tiny", SHORT);
        JsonNode answers = agent.callsItsTool(ANSWERS);
        assertEquals(ANSWERS, answers.size());
        answers.forEach(answer ->
                assertEquals("tool_calls", answer.path("finish_reason").asText(), answer.toString()));
        IntStream.range(0, ANSWERS)
                .forEach(number -> assertEquals(
                        "COMPLETED", agent.turn(number).path("outcome").asText(), "turn " + number));
        agent.awaitCopy();

        JsonNode next = agent.goesOn();

        int cached = next.at("/prompt_tokens_details/cached_tokens").asInt();
        assertTrue(cached * 100 >= 95 * agent.usage().path("prompt_tokens").asInt(), next + " of " + agent.usage());
    }

    @Test
    void aServerWhoseSlotsCannotBeKeptSaysSoAndServes() {
        ToolAgent agent = new ToolAgent(leasing, "unkept", SHORT);
        agent.callsItsTool();
        NodeProcess.await("the worker has answered", PATIENCE, () -> agent.lease()
                .path("workers")
                .path(0)
                .path("acknowledged")
                .asText()
                .equals("UNSUPPORTED"));

        Next next = goesOn(agent, unkept);

        assertTrue(next.prompt() > agent.computed(), next.toString());
    }

    /** A turn after the kill: its prompt, what of it was cached by the answer, what the survivor computed by its own count. */
    private record Next(int prompt, int cached, int countedBySurvivor) {
        /** The definitions of tools, which every prompt begins with, may have been there. */
        boolean cold() {
            return cached * 100 <= 5 * prompt;
        }
    }

    private static Next goesOnAfterKillOf(ToolAgent agent, String holder) {
        kill(holder);
        return goesOn(agent, survivorOf(holder));
    }

    private static void kill(String holder) {
        servers.stream().filter(server -> server.url().equals(holder)).forEach(LlamaServer::kill);
    }

    private static Next goesOn(ToolAgent agent, LlamaServer survivor) {
        int before = survivor.promptTokens();
        JsonNode usage = agent.goesOn();
        assertEquals(survivor.url(), agent.turn(1).path("worker").asText());
        return new Next(
                usage.path("prompt_tokens").asInt(),
                usage.path("prompt_tokens_details").path("cached_tokens").asInt(),
                survivor.promptTokens() - before);
    }

    private static LlamaServer server(String... options) throws IOException {
        return LlamaServer.start(
                program,
                model,
                copies,
                Stream.concat(Stream.of(CALLING), Stream.of(options)).toArray(String[]::new));
    }

    private static LlamaServer survivorOf(String holder) {
        List<LlamaServer> others =
                servers.stream().filter(server -> !server.url().equals(holder)).toList();
        assertNotEquals(servers.size(), others.size(), holder + " is no server of ours");
        return others.get(0);
    }

    private static NodeProcess node(String policy, List<LlamaServer> engines) throws IOException {
        StringBuilder conf =
                new StringBuilder("holdfast.agents.retention { policy = " + policy + ", min-copies = 2 }\n");
        conf.append("holdfast.workers.engines = [\n");
        for (LlamaServer engine : engines) {
            conf.append("{ url = \"%s\", kind = llama-cpp, copies-folder = \"%s\" }\n".formatted(engine.url(), copies));
        }
        Path file = Files.writeString(folder.resolve(policy + ".conf"), conf.append("]\n"));
        NodeProcess node =
                NodeProcess.start(folder.resolve(policy), NodeProcess.freePort(), "--config", file.toString());
        NodeProcess.await("every server is known", PATIENCE, () -> engines.stream()
                .allMatch(engine -> worker(node, engine).path("state").asText().equals("READY")));
        return node;
    }

    private static JsonNode worker(NodeProcess node, LlamaServer server) {
        for (JsonNode worker : node.get("/v1/workers").path("data")) {
            if (worker.path("id").asText().equals(server.url())) {
                return worker;
            }
        }
        return JSON.createObjectNode();
    }
}
