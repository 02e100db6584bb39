package workers.openai;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import workers.EngineClient;
import workers.status.AnswerExtras;
import workers.status.EngineFacts;

/** What an engine's {@code /v1/models} and {@code /metrics} say about it. Stateless. */
final class ProbeReader {
    private static final String CACHE_CONFIG = "vllm:cache_config_info";

    private ProbeReader() {}

    /** @param unsaid facts for what the engine leaves out */
    static EngineClient.Probe read(JsonNode models, MetricsText metrics, EngineFacts unsaid) {
        JsonNode first = models.path("data").path(0);
        int context = first.path("max_model_len")
                .asInt(first.path("meta").path("n_ctx").asInt(unsaid.contextTokens()));
        EngineFacts facts = new EngineFacts(
                names(models),
                metrics.label(CACHE_CONFIG, "block_size", unsaid.blockSizeTokens()),
                metrics.label(CACHE_CONFIG, "num_gpu_blocks", unsaid.deviceBlocks()),
                unsaid.maxBatchedTokens(),
                unsaid.maxSequences(),
                context,
                KvHints.capabilities(
                        first,
                        metrics.label(CACHE_CONFIG, "num_cpu_blocks", 0),
                        metrics.label(CACHE_CONFIG, "num_disk_blocks", 0)),
                extras(first, unsaid.extras()));
        double startedSeconds = metrics.value("process_start_time_seconds").orElse(0);
        return new EngineClient.Probe(
                facts,
                Math.round(startedSeconds * 1000),
                count(metrics, "vllm:num_requests_running", "sglang:num_running_reqs", "llamacpp:requests_processing"),
                count(metrics, "vllm:num_requests_waiting", "sglang:num_queue_reqs", "llamacpp:requests_deferred"));
    }

    /** As {@code holdfast sim} says it; other engines say nothing. */
    private static AnswerExtras extras(JsonNode model, AnswerExtras unsaid) {
        return new AnswerExtras(
                model.path("max_logprobs").asInt(unsaid.logprobs()),
                model.path("logit_bias").asBoolean(unsaid.logitBias()));
    }

    /** Base models before adapters, which name the model they sit on. */
    private static List<String> names(JsonNode models) {
        List<String> names = new ArrayList<>();
        for (boolean adapters : new boolean[] {false, true}) {
            for (JsonNode model : models.path("data")) {
                if (model.hasNonNull("parent") == adapters) {
                    names.add(model.path("id").asText());
                }
            }
        }
        return names;
    }

    private static int count(MetricsText metrics, String... names) {
        return (int) Math.round(metrics.value(names).orElse(0));
    }
}
