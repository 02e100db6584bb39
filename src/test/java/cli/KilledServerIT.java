package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
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

/**
 * A real llama-server is killed with -9 while an agent waits for its tool, behind a real node: what the next turn finds cached at
 * the other server. The agent sends its history and the tool's result, and no name of a session. Counts tokens, never
 * milliseconds.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class KilledServerIT {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
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
        Agent agent = new Agent(leasing, "tiny", command);
        agent.callsItsTool();
        if (command.equals(LONG)) {
            assertTrue(agent.usage.path("completion_tokens").asInt() >= 700, agent.usage.toString());
        }
        agent.awaitCopy();

        Next next = agent.goesOnAfterKillOf(agent.holder());

        assertTrue(next.cached() * 100 >= 95 * agent.computed(), next + " of " + agent.usage);
        assertEquals(next.prompt() - next.cached(), next.countedBySurvivor(), "the survivor's own count: " + next);
    }

    @Test
    void withoutLeasesTheOtherServerComputesAllOfIt() throws Exception {
        try (LlamaServer one = server("-np", "3");
                LlamaServer other = server("-np", "3");
                NodeProcess node = node("none", List.of(one, other))) {
            Agent agent = new Agent(node, "tiny", SHORT);
            agent.callsItsTool();
            LlamaServer holder = agent.holder().equals(one.url()) ? one : other;

            holder.kill();
            LlamaServer survivor = holder == one ? other : one;
            Next next = agent.goesOn(survivor);

            assertTrue(next.cached() * 100 <= 5 * agent.computed(), next + " of " + agent.usage);
            assertEquals(next.prompt() - next.cached(), next.countedBySurvivor(), "the survivor's own count: " + next);
        }
    }

    @Test
    void killedBeforeTheReceiptTheTurnSucceedsCold() throws Exception {
        boolean killedInTime = false;
        for (int attempt = 0; !killedInTime && attempt < 3; attempt++) {
            bothServersServe();
            Agent agent = new Agent(leasing, "tiny", LONG);
            agent.callsItsTool();
            Next next = agent.goesOnAfterKillOf(agent.holder());
            killedInTime = agent.lease().path("storedCopies").asInt() == 0;

            assertTrue(next.cached() == 0 || !killedInTime, next.toString());
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
        Agent agent = new Agent(leasing, "tiny", SHORT);
        agent.callsItsTool();
        agent.awaitCopy();
        Path copy = onlyFileOf(agent.lease().path("id").asText());
        if (left == Damage.NOTHING) {
            Files.delete(copy);
        } else {
            try (RandomAccessFile file = new RandomAccessFile(copy.toFile(), "rw")) {
                file.setLength(left == Damage.HALF_OF_IT ? file.length() / 2 : file.length() - 1);
            }
        }

        String holder = agent.holder();
        Next next = agent.goesOnAfterKillOf(holder);

        assertEquals(0, next.cached(), next.toString());
        assertTrue(survivorOf(holder).alive());
    }

    @Test
    void aServerWhoseSlotsCannotBeKeptSaysSoAndServes() {
        Agent agent = new Agent(leasing, "unkept", SHORT);
        agent.callsItsTool();
        NodeProcess.await("the worker has answered", PATIENCE, () -> agent.lease()
                .path("workers")
                .path(0)
                .path("acknowledged")
                .asText()
                .equals("UNSUPPORTED"));

        Next next = agent.goesOn(unkept);

        assertTrue(next.prompt() > agent.computed(), next.toString());
    }

    /** A turn after the kill: its prompt, what of it was cached by the answer, what the survivor computed by its own count. */
    private record Next(int prompt, int cached, int countedBySurvivor) {}

    /** A harness that knows nothing of sessions. */
    private static final class Agent {
        private final NodeProcess node;
        private final ObjectNode request = JSON.createObjectNode();
        private final ArrayNode messages = request.putArray("messages");
        private String session = "";
        JsonNode usage = JSON.createObjectNode();

        Agent(NodeProcess node, String model, String command) {
            this.node = node;
            request.put("model", model).put("max_tokens", 1200);
            StringBuilder rules = new StringBuilder(UUID.randomUUID() + " You are a careful agent.");
            for (int i = 0; rules.length() < 5200; i++) {
                rules.append(" Rule ")
                        .append(i)
                        .append(": think of ")
                        .append(i * 7919 % 1000)
                        .append(" first.");
            }
            messages.addObject().put("role", "system").put("content", rules.toString());
            messages.addObject().put("role", "user").put("content", "List the files.");
            ObjectNode function = request.putArray("tools")
                    .addObject()
                    .put("type", "function")
                    .putObject("function")
                    .put("name", "bash")
                    .put("description", "Runs it.");
            ObjectNode parameters = function.putObject("parameters").put("type", "object");
            parameters.putArray("required").add("command");
            parameters
                    .putObject("properties")
                    .putObject("command")
                    .put("type", "string")
                    .putArray("enum")
                    .add(command);
        }

        void callsItsTool() {
            Set<String> known = sessions();
            JsonNode answer =
                    node.post("/v1/chat/completions", request.deepCopy().put("tool_choice", "required"));
            JsonNode reply = answer.path("choices").path(0).path("message");
            usage = answer.path("usage");
            Set<String> opened = sessions();
            opened.removeAll(known);
            assertEquals(1, opened.size(), "sessions that the turn opened");
            session = opened.iterator().next();
            assertTrue(usage.path("prompt_tokens").asInt() >= 5000, usage.toString());
            assertEquals(
                    "tool_calls",
                    answer.path("choices").path(0).path("finish_reason").asText(),
                    answer.toString());
            messages.add(reply);
            messages.addObject()
                    .put("role", "tool")
                    .put(
                            "tool_call_id",
                            reply.path("tool_calls").path(0).path("id").asText())
                    .put("content", "a.txt b.txt");
        }

        /** Prompt and answer of the first turn, in tokens. */
        int computed() {
            return usage.path("prompt_tokens").asInt()
                    + usage.path("completion_tokens").asInt();
        }

        String holder() {
            return turn(0).path("worker").asText();
        }

        JsonNode lease() {
            return node.get("/v1/leases?session=" + session).path("data").path(0);
        }

        void awaitCopy() {
            NodeProcess.await(
                    "a receipt for a copy",
                    PATIENCE,
                    () -> lease().path("storedCopies").asInt() > 0);
        }

        Next goesOnAfterKillOf(String holder) {
            servers.stream().filter(server -> server.url().equals(holder)).forEach(LlamaServer::kill);
            return goesOn(survivorOf(holder));
        }

        Next goesOn(LlamaServer survivor) {
            int before = survivor.promptTokens();
            JsonNode answer = node.post("/v1/chat/completions", request);
            assertEquals(survivor.url(), turn(1).path("worker").asText());
            JsonNode now = answer.path("usage");
            return new Next(
                    now.path("prompt_tokens").asInt(),
                    now.path("prompt_tokens_details").path("cached_tokens").asInt(),
                    survivor.promptTokens() - before);
        }

        private JsonNode turn(int number) {
            return node.get("/v1/sessions/" + session).path("turns").path(number);
        }

        private Set<String> sessions() {
            Set<String> ids = new HashSet<>();
            node.get("/v1/sessions")
                    .path("data")
                    .forEach(one -> ids.add(one.path("id").asText()));
            return ids;
        }
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

    private static Path onlyFileOf(String lease) throws IOException {
        try (Stream<Path> files = Files.list(copies)) {
            List<Path> found = files.filter(
                            file -> file.getFileName().toString().contains(lease))
                    .toList();
            assertEquals(1, found.size(), found.toString());
            return found.get(0);
        }
    }
}
