package workers.openai;

import com.fasterxml.jackson.databind.JsonNode;
import inference.Usage;

/** Token counts as engines send them. Stateless. */
final class UsageJson {
    private UsageJson() {}

    /** Reads the API's {@code usage}. */
    static Usage read(JsonNode usage) {
        return new Usage(
                usage.path("prompt_tokens").asInt(),
                usage.path("prompt_tokens_details").path("cached_tokens").asInt(),
                usage.path("completion_tokens").asInt(),
                usage.path("completion_tokens_details").path("reasoning_tokens").asInt());
    }

    /** Reads llama.cpp's {@code timings}, which its streams carry without being asked. */
    static Usage readTimings(JsonNode timings) {
        int cached = timings.path("cache_n").asInt();
        return new Usage(
                cached + timings.path("prompt_n").asInt(),
                cached,
                timings.path("predicted_n").asInt(),
                0);
    }
}
