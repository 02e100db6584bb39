package workers.simserver;

import java.util.List;
import java.util.Locale;
import kv.KvTier;
import workers.status.WorkerLoad;

/**
 * The engine's metrics in Prometheus' text format, under vLLM's names. {@code vllm:cache_config_info} carries labels that
 * vLLM's does not: {@code max_num_batched_tokens}, {@code max_num_seqs} and {@code num_disk_blocks}.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class MetricsPage {
    private final SimServerSettings settings;
    private final EngineCounters counters;
    private final long startedAtMillis;

    MetricsPage(SimServerSettings settings, EngineCounters counters, long startedAtMillis) {
        this.settings = settings;
        this.counters = counters;
        this.startedAtMillis = startedAtMillis;
    }

    String text(EngineLoop.Levels levels) {
        WorkerLoad load = levels.load();
        StringBuilder page = new StringBuilder(2048);
        long prompt = counters.promptTokens.sum();
        long cached = counters.cachedPromptTokens.sum();
        double usage = (double) load.deviceBlocksUsed() / load.deviceBlocksTotal();
        gauge(page, "vllm:num_requests_running", "Requests in execution", load.runningRequests());
        gauge(page, "vllm:num_requests_waiting", "Requests that wait for execution", load.waitingRequests());
        gauge(page, "vllm:kv_cache_usage_perc", "Share of KV blocks that requests use, 0 to 1", usage);
        counter(page, "vllm:prefix_cache_queries", "Prompt tokens looked up in the prefix cache", prompt);
        counter(page, "vllm:prefix_cache_hits", "Prompt tokens found in the prefix cache", cached);
        counter(page, "vllm:prompt_tokens", "Prompt tokens of answered requests", prompt);
        counter(page, "vllm:prompt_tokens_cached", "Prompt tokens served from cache", cached);
        counter(page, "vllm:generation_tokens", "Generated tokens", counters.generatedTokens.sum());
        counter(page, "vllm:request_success", "Requests answered to the end", counters.finishedRequests.sum());
        counter(page, "vllm:num_preemptions", "Preemptions", counters.preemptions.sum());
        gauge(page, "sim:host_blocks", "KV blocks in the host tier", levels.hostBlocks());
        gauge(page, "sim:disk_blocks", "KV blocks in the disk tier", levels.diskBlocks());
        for (KvTier tier : List.of(KvTier.DEVICE, KvTier.HOST, KvTier.DISK)) {
            String name = "sim:blocks_moved_to_" + tier.name().toLowerCase(Locale.ROOT);
            counter(
                    page,
                    name,
                    "KV blocks that came there uncomputed",
                    counters.movedBlocks(tier).sum());
        }
        cacheConfig(page);
        head(page, "process_start_time_seconds", "Start of the engine since the epoch", "gauge");
        page.append(String.format(Locale.ROOT, "process_start_time_seconds %.3f%n", startedAtMillis / 1000.0));
        return page.toString();
    }

    private void cacheConfig(StringBuilder page) {
        head(page, "vllm:cache_config_info", "Dimensions of the cache and of a pass", "gauge");
        page.append("vllm:cache_config_info{block_size=\"").append(settings.blockSizeTokens());
        page.append("\",enable_prefix_caching=\"True\",engine=\"0\",max_num_batched_tokens=\"");
        page.append(settings.maxBatchedTokens()).append("\",max_num_seqs=\"").append(settings.maxSequences());
        page.append("\",num_cpu_blocks=\"").append(settings.tiers().hostBlocks());
        page.append("\",num_disk_blocks=\"").append(settings.tiers().diskBlocks());
        page.append("\",num_gpu_blocks=\"").append(settings.deviceBlocks()).append("\"} 1.0\n");
    }

    private void gauge(StringBuilder page, String name, String help, double value) {
        head(page, name, help, "gauge");
        sample(page, name, String.valueOf(value));
    }

    private void counter(StringBuilder page, String name, String help, long value) {
        head(page, name, help, "counter");
        sample(page, name + "_total", String.valueOf(value));
    }

    private static void head(StringBuilder page, String name, String help, String type) {
        page.append("# HELP ").append(name).append(' ').append(help).append('\n');
        page.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private void sample(StringBuilder page, String name, String value) {
        String model = settings.model().replace("\\", "\\\\").replace("\"", "\\\"");
        page.append(name).append("{engine=\"0\",model_name=\"").append(model);
        page.append("\"} ").append(value).append('\n');
    }
}
