package workers.llamacpp;

import com.dynatrace.hash4j.hashing.Hashing;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import workers.EngineClient;
import workers.openai.MetricsText;
import workers.status.AnswerExtras;
import workers.status.CopyRoom;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;

/**
 * What a llama-server says of itself at {@code /props}.
 *
 * <p>Thread-safety: immutable.
 *
 * @param life drawn by the server when it starts, empty in builds that draw nothing
 * @param slots 1 or more
 * @param slotTokens longest prompt plus answer in one slot
 * @param modelFile where the server read its weights from, as it sees its files
 */
record ServerProps(String life, int slots, int slotTokens, String modelFile, String build) {
    /** Every server has them; it would tell more alternatives than the API knows. */
    private static final AnswerExtras EXTRAS = new AnswerExtras(20, true);

    /** @throws IllegalStateException when the page is no llama-server's */
    static ServerProps read(JsonNode props) {
        ServerProps read = new ServerProps(
                props.path("media_marker").asText(""),
                props.path("total_slots").asInt(),
                props.path("default_generation_settings").path("n_ctx").asInt(),
                props.path("model_path").asText(""),
                props.path("build_info").asText(""));
        if (read.slots < 1 || read.slotTokens < 1) {
            throw new IllegalStateException("its /props names no slots: not a llama-server, or a router of several");
        }
        return read;
    }

    /** A number that differs between two starts of the server, 0 when it does not say. */
    long lifeNumber() {
        return life.isEmpty() ? 0 : Hashing.xxh3_64().hashBytesToLong(life.getBytes(StandardCharsets.UTF_8));
    }

    boolean has(int slot) {
        return slot >= 0 && slot < slots;
    }

    /**
     * The probe's answer.
     *
     * @param models the page at {@code /v1/models}
     * @param unsaid token budget of a pass, which the server does not tell
     * @param copies what its copies take; null when it makes none
     */
    EngineClient.Probe probe(
            JsonNode models,
            MetricsText metrics,
            int blockSizeTokens,
            EngineFacts unsaid,
            EngineCapabilities capabilities,
            @Nullable CopyRoom copies) {
        List<String> names = new ArrayList<>();
        models.path("data").forEach(model -> names.add(model.path("id").asText()));
        EngineFacts facts = new EngineFacts(
                names,
                blockSizeTokens,
                slots * (slotTokens / blockSizeTokens),
                unsaid.maxBatchedTokens(),
                slots,
                slotTokens,
                capabilities,
                EXTRAS);
        return new EngineClient.Probe(
                facts,
                lifeNumber(),
                count(metrics, "llamacpp:requests_processing"),
                count(metrics, "llamacpp:requests_deferred"),
                copies);
    }

    private static int count(MetricsText metrics, String name) {
        return (int) Math.round(metrics.value(name).orElse(0));
    }
}
