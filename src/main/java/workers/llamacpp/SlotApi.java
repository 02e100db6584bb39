package workers.llamacpp;

import akka.actor.ActorSystem;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import kv.WorkerId;
import workers.openai.EngineHttp;

/**
 * The endpoints of one llama-server that other engines do not have. Every call fails with {@link Refused} when the server
 * answers anything but success.
 *
 * <p>A slot command on a busy slot waits for its request and then acts on what the slot holds then. The server takes a slot
 * number out of range modulo its slots, so callers check it.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class SlotApi {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final EngineHttp http;
    private final String engine;
    private final Duration probeTimeout;
    private final Duration commandTimeout;
    private final Duration computeTimeout;

    /** The server answered, but not with success. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final boolean forGood;

        Refused(String message, boolean forGood) {
            super(message);
            this.forGood = forGood;
        }

        /** Whether the server would say the same again. */
        boolean forGood() {
            return forGood;
        }
    }

    /**
     * Result of {@link #save} or {@link #restore}.
     *
     * @param tokens that the slot held or holds
     * @param bytes of the file
     */
    record Moved(int tokens, long bytes) {}

    SlotApi(ActorSystem system, WorkerId engine, LlamaCppSettings settings) {
        this.http = new EngineHttp(
                system,
                engine,
                settings.http().connectTimeout(),
                settings.http().keepConnections());
        this.engine = engine.url();
        this.probeTimeout = settings.http().probeTimeout();
        this.commandTimeout = settings.commandTimeout();
        this.computeTimeout = settings.http().streamIdleTimeout();
    }

    CompletionStage<JsonNode> props() {
        return page("/props");
    }

    CompletionStage<JsonNode> models() {
        return page("/v1/models");
    }

    CompletionStage<JsonNode> slots() {
        return page("/slots");
    }

    /** The metrics page; empty when the server has it switched off. */
    CompletionStage<String> metrics() {
        return http.get("/metrics", probeTimeout).thenApply(answer -> answer.success() ? answer.body() : "");
    }

    CompletionStage<Moved> save(int slot, String file) {
        return command(slot, "save", file)
                .thenApply(said -> new Moved(
                        said.path("n_saved").asInt(), said.path("n_written").asLong()));
    }

    /** A failure leaves the slot empty. */
    CompletionStage<Moved> restore(int slot, String file) {
        return command(slot, "restore", file)
                .thenApply(said -> new Moved(
                        said.path("n_restored").asInt(), said.path("n_read").asLong()));
    }

    CompletionStage<JsonNode> erase(int slot) {
        return post("/slots/" + slot + "?action=erase", JSON.createObjectNode(), commandTimeout);
    }

    /** A chat request as the text that the server's own template makes of it. */
    CompletionStage<String> applyTemplate(ObjectNode chat) {
        return post("/apply-template", chat, commandTimeout)
                .thenApply(said -> said.path("prompt").asText());
    }

    CompletionStage<ArrayNode> tokenize(String text) {
        ObjectNode body = JSON.createObjectNode()
                .put("content", text)
                .put("add_special", true)
                .put("parse_special", true);
        return post("/tokenize", body, commandTimeout).thenApply(said -> said.withArray("tokens"));
    }

    /** Tokens of a text without what a prompt would begin with. */
    CompletionStage<Integer> length(String text) {
        ObjectNode body = JSON.createObjectNode()
                .put("content", text)
                .put("add_special", false)
                .put("parse_special", false);
        return post("/tokenize", body, commandTimeout)
                .thenApply(said -> said.path("tokens").size());
    }

    /**
     * Makes a slot hold exactly these tokens.
     *
     * @return how many of them it held already
     */
    CompletionStage<Integer> compute(int slot, ArrayNode tokens) {
        ObjectNode body = JSON.createObjectNode();
        body.set("prompt", tokens);
        body.put("n_predict", 0).put("cache_prompt", true).put("id_slot", slot);
        return post("/completion", body, computeTimeout)
                .thenApply(said -> said.path("timings").path("cache_n").asInt());
    }

    private CompletionStage<JsonNode> command(int slot, String action, String file) {
        return post(
                "/slots/" + slot + "?action=" + action, JSON.createObjectNode().put("filename", file), commandTimeout);
    }

    private CompletionStage<JsonNode> page(String path) {
        return http.get(path, probeTimeout).thenApply(answer -> parse(path, answer));
    }

    private CompletionStage<JsonNode> post(String path, ObjectNode body, Duration timeout) {
        return http.post(path, body, timeout).thenApply(answer -> parse(path, answer));
    }

    private JsonNode parse(String path, EngineHttp.Answer answer) {
        if (!answer.success()) {
            throw new Refused(engine + path + " answered " + answer.status() + ": " + answer.body(), answer.refused());
        }
        try {
            return JSON.readTree(answer.body());
        } catch (JsonProcessingException e) {
            throw new Refused(engine + path + " answered no JSON: " + e.getOriginalMessage(), false);
        }
    }
}
