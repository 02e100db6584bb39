package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    holdfast.kv.block-size-tokens = 5000 | holdfast.kv.block-size-tokens: must be 1 to 1024, got 5000
                    holdfast.workers.heartbeat-interval = 99ms | holdfast.workers.heartbeat-interval: must be 100 ms to 60000 ms, got 99ms
                    holdfast.workers.update-hashes = 6001 | holdfast.workers.update-hashes: must be 1 to 6000, got 6001
                    holdfast.workers.turns-per-slot = 0 | holdfast.workers.turns-per-slot: must be above 0, at most 1000, got 0
                    holdfast.workers.turns-per-slot = 1001 | holdfast.workers.turns-per-slot: must be above 0, at most 1000, got 1001
                    holdfast.workers.events.silence-check = 0s | holdfast.workers.events.silence-check: must be a time above 0s, got 0s
                    holdfast.workers.openai.unsaid.max-batched-tokens = 0 | holdfast.workers.openai.unsaid.max-batched-tokens: must be at least 1, got 0
                    holdfast.router.strategy = nope | holdfast.router.strategy: must be one of random, round-robin, least-loaded, power-of-two, sticky, dynamo-cost, cache-aware, lmetric, prefix-scorer, e2, thompson, joint, got nope
                    holdfast.router.timing = slow | holdfast.router.timing: timing is 'measured', 'fast' or a factor of measured speed above 0, not 'slow'
                    holdfast.router.queue.policy = fifo | holdfast.router.queue.policy: must be one of fcfs, wspt, edf, lcfs, got fifo
                    holdfast.router.queue.slack-per-1k-tokens = -1s | holdfast.router.queue.slack-per-1k-tokens: must be a time of at least 0s, got -1s
                    holdfast.router.busy.resident-share = 80 | holdfast.router.busy.resident-share: must be above 0, at most 1, got 80
                    holdfast.router.dynamo-cost.per-request = -1 | holdfast.router.dynamo-cost.per-request: must be a number of at least 0, got -1
                    holdfast.router.cache-aware.spread-ratio = 0.5 | holdfast.router.cache-aware.spread-ratio: must be at least 1.0, got 0.5
                    holdfast.router.joint.interference = 1.1 | holdfast.router.joint.interference: must be 0 to 1, got 1.1
                    holdfast.agents.prompt-cache-blocks = -1 | holdfast.agents.prompt-cache-blocks: must be at least 0, got -1
                    holdfast.frontend.max-responses = 99 | holdfast.frontend.max-responses: must be 100 to 100000000, got 99
                    holdfast.frontend.port = 99999 | holdfast.frontend.port: must be 0 to 65535, got 99999
                    holdfast.agents.retention.quantile = 1 | holdfast.agents.retention.quantile: must be above 0, below 1, got 1
                    holdfast.agents.retention.user.quantile = 0 | holdfast.agents.retention.user.quantile: must be above 0, below 1, got 0
                    holdfast.agents.retention.policy = leese | holdfast.agents.retention.policy: unknown retention policy 'leese'; known are none, static-ttl, continuum, continuum-preview, progress-ttl, pause-resume, infercept, kvflow, leases
                    holdfast.agents.retention.max-lease = 1s | holdfast.agents.retention.max-lease is below min-lease: PT1S
                    holdfast.frontend.host = "0.0.0.0" | holdfast.frontend.host 0.0.0.0 is not loopback, so api-keys must name at least one key
                    holdfast.frontend.max-body = 1 | holdfast.frontend.max-body must be 1 KiB to 1 GiB, got 1 bytes
                    holdfast.workers.engines = [{ uri = "http://a" }] | holdfast.workers.engines, an engine without url: an engine of kind openai has no "uri"
                    holdfast.workers.engines = [{ url = "http://a", kind = vllm }] | holdfast.workers.engines, http://a: kind is openai or llama-cpp, got "vllm"
                    holdfast.agents.retention.bytes-per-token = 0 | holdfast.agents.retention.bytes-per-token: must be at least 1 byte, got 0
                    holdfast.workers.events.max-restart-backoff = 1ms | holdfast.workers.events.max-restart-backoff is shorter than min-restart-backoff
                    holdfast.workers.engines = [{ url = "http://a" }, { url = "http://a" }] | holdfast.workers.engines: an engine's URL stands twice
                    holdfast.workers.engines = [{ ranks = 2 }] | holdfast.workers.engines, an engine without url: its url is missing
                    holdfast.workers.engines = [{ url = "http://a", ranks = 0 }] | holdfast.workers.engines, http://a: an engine has at least 1 rank, got 0 for http://a
                    holdfast.router.queue.max-waiting = many | holdfast.router.queue.max-waiting has type STRING rather than NUMBER
                    holdfast.router = 5 | holdfast.router has type NUMBER rather than OBJECT
                    holdfast.frontend.api-keys = [{ key = a, tenant = b, tennant = c }] | an entry of holdfast.frontend.api-keys has no key tennant, only key, key-sha256, tenant
                    """)
    void aWrongValueIsToldWithItsPlaceItsPathAndItsRange(String line, String told) {
        StartFailure failure = assertThrows(StartFailure.class, () -> settings(line));

        assertEquals("configuration: String: 1: " + told, failure.getMessage());
    }

    @Test
    void boundsThemselvesAreAllowed() {
        assertEquals(1024, settings("holdfast.kv.block-size-tokens = 1024").blockSizeTokens());
        assertEquals(
                Double.POSITIVE_INFINITY,
                settings("holdfast.router.busy.resident-share = off")
                        .placement()
                        .busy()
                        .residentShare());
        assertEquals(
                Duration.ZERO,
                settings("holdfast.frontend.drain-timeout = 0s").frontend().drainTimeout());
    }

    private static Settings settings(String line) {
        return Settings.of(ConfigFactory.parseString(line).withFallback(ConfigFactory.load()));
    }
}
