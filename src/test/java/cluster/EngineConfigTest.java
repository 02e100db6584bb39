package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import kv.WorkerId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import workers.EngineEndpoint;
import workers.llamacpp.CopyStorage;
import workers.llamacpp.LlamaCppSettings;
import workers.openai.EnginePriority;
import workers.openai.OpenAiSettings;
import workers.openai.ResumedAnswers;
import workers.status.AnswerExtras;

class EngineConfigTest {
    @TempDir
    Path folder;

    @Test
    void anEngineIsAnOpenAiOneUnlessItSaysOtherwise() {
        Settings settings = settings(
                """
                { url = "http://a", events = "tcp://a:1", ranks = 2 },
                { url = "http://b", kind = llama-cpp, copies-folder = "%s" },
                { url = "http://c", kind = llama-cpp }
                """
                        .formatted(folder));

        assertEquals(
                List.of(
                        new EngineEndpoint(new WorkerId("http://a"), "tcp://a:1", null, 2),
                        new EngineEndpoint(new WorkerId("http://b"), null, null, 1),
                        new EngineEndpoint(new WorkerId("http://c"), null, null, 1)),
                settings.workers().engines());
        OpenAiSettings http = settings.engines().withoutKeeping().seeding(true);
        LlamaCppSettings copying = new LlamaCppSettings(
                http,
                settings.blockSizeTokens(),
                new CopyStorage(folder, null, 0.5, Duration.ofDays(1)),
                Duration.ofSeconds(30));
        LlamaCppSettings alone = new LlamaCppSettings(http, settings.blockSizeTokens(), null, Duration.ofSeconds(30));
        assertEquals(
                Map.of(new WorkerId("http://b"), copying, new WorkerId("http://c"), alone), settings.llamaServers());
    }

    @Test
    void copiesAreNotTakenForAbandonedWhileALeaseMayHaveThem() {
        String engine = "{ url = \"http://a\", kind = llama-cpp, copies-folder = \"" + folder + "\" }";
        StartFailure failure = assertThrows(StartFailure.class, () -> withLeasesOfADay(engine));

        assertTrue(failure.toString().contains("abandoned-after is longer than max-lease"), failure.toString());
    }

    @Test
    void leasesMayBeAsLongAsCopiesAreLookedAfterWhereThereAreNone() {
        Settings settings = withLeasesOfADay("{ url = \"http://vllm\" }, { url = \"http://a\", kind = llama-cpp }");

        assertEquals(Duration.ofDays(1), settings.leases().ledger().maxLease());
    }

    private static Settings withLeasesOfADay(String engines) {
        return Settings.of(ConfigFactory.parseString(
                        "holdfast.router.leases.max-lease = 24h, holdfast.workers.engines = [" + engines + "]")
                .withFallback(ConfigFactory.load()));
    }

    @Test
    void serversThatShareAFolderHaveOneBudgetForTheirCopies() {
        String entry =
                "{ url = \"http://%s\", kind = llama-cpp, copies-folder = \"" + folder + "\", copies-budget = %s }";

        Settings settings = settings(entry.formatted("a", "3 MiB") + ", " + entry.formatted("b", "3072 KiB"));
        StartFailure failure = assertThrows(
                StartFailure.class,
                () -> settings(entry.formatted("a", "3 MiB") + ", " + entry.formatted("b", "4 MiB")));

        settings.llamaServers()
                .values()
                .forEach(server ->
                        assertEquals(new CopyStorage(folder, 3L << 20, 0.5, Duration.ofDays(1)), server.copies()));
        assertTrue(
                failure.toString().contains("http://b: servers that share " + folder + " have the same copies-budget"),
                failure.toString());
    }

    @Test
    void whatIsAssumedOfOneEngineIsItsOwnAndElseThatOfAll() {
        Settings settings = settings(
                """
                { url = "http://a" },
                { url = "http://b", unsaid { max-logprobs = 1, logit-bias = off } }
                """);

        assertEquals(Set.of(new WorkerId("http://b")), settings.openAiServers().keySet());
        OpenAiSettings b = Objects.requireNonNull(settings.openAiServers().get(new WorkerId("http://b")));
        assertEquals(new AnswerExtras(1, false), b.unsaid().extras());
        assertEquals(settings.engines(), b.assuming(settings.engines().unsaid()), "the rest is that of all");
        assertEquals(settings.engines().unsaid().contextTokens(), b.unsaid().contextTokens());
    }

    @Test
    void anEngineMayUnderstandPrioritiesInItsOwnWay() {
        Settings settings = settings(
                """
                { url = "http://vllm", priority = lower-first },
                { url = "http://sglang", priority = higher-first, unsaid { max-logprobs = 0 } },
                { url = "http://other" }
                """);

        OpenAiSettings vllm = Objects.requireNonNull(settings.openAiServers().get(new WorkerId("http://vllm")));
        OpenAiSettings sglang = Objects.requireNonNull(settings.openAiServers().get(new WorkerId("http://sglang")));
        assertEquals(settings.engines().understanding(EnginePriority.LOWER_FIRST), vllm, "the rest is that of all");
        assertEquals(EnginePriority.HIGHER_FIRST, sglang.priority());
        assertEquals(0, sglang.unsaid().extras().logprobs());
        assertEquals(EnginePriority.OFF, settings.engines().priority());
        assertEquals(2, settings.openAiServers().size());
    }

    @Test
    void anEngineMayGoOnWithOtherAnswersThanTheRest() {
        Settings settings = settings(
                """
                { url = "http://vllm", resume-answers = text },
                { url = "http://sim", resume-answers = all, priority = lower-first },
                { url = "http://other" }
                """);

        OpenAiSettings vllm = Objects.requireNonNull(settings.openAiServers().get(new WorkerId("http://vllm")));
        OpenAiSettings sim = Objects.requireNonNull(settings.openAiServers().get(new WorkerId("http://sim")));
        assertEquals(settings.engines().resuming(ResumedAnswers.TEXT), vllm, "the rest is that of all");
        assertEquals(ResumedAnswers.ALL, sim.resumes());
        assertEquals(EnginePriority.LOWER_FIRST, sim.priority());
        assertEquals(ResumedAnswers.OFF, settings.engines().resumes());
    }

    @Test
    void requestsWithoutASeedGetOneWhereThatCostsNothingOrIsWanted() {
        Settings settings = settings(
                """
                { url = "http://vllm" },
                { url = "http://small", seed-answers = on },
                { url = "http://llama", kind = llama-cpp },
                { url = "http://own", kind = llama-cpp, seed-answers = off }
                """);

        assertFalse(settings.engines().seeds());
        OpenAiSettings small = Objects.requireNonNull(settings.openAiServers().get(new WorkerId("http://small")));
        assertEquals(settings.engines().seeding(true), small, "the rest is that of all");
        assertTrue(llama(settings, "http://llama").http().seeds());
        assertFalse(llama(settings, "http://own").http().seeds());
    }

    private static LlamaCppSettings llama(Settings settings, String url) {
        return Objects.requireNonNull(settings.llamaServers().get(new WorkerId(url)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    { url = "http://a", kind = vllm }                                        | kind is openai or llama-cpp, got "vllm"
                    { url = "http://a", kind = llama-cpp, events = "tcp://a:1" }             | http://a: an engine of kind llama-cpp has no "events"
                    { url = "http://a", copies-folder = "/tmp" }                             | an engine of kind openai has no "copies-folder"
                    { url = "http://a", kind = llama-cpp, copies-folder = "/does/not/exist" } | copies-folder /does/not/exist is no folder
                    { url = "http://a", kind = llama-cpp, copies-budget = 1 GiB }            | copies-budget is that of a copies-folder, which is missing
                    { url = "http://a", kind = llama-cpp, copies-folder = "/tmp", copies-budget = 0 } | 1: holdfast.workers.engines."http://a".copies-budget: must be at least 1 byte, got 0
                    { url = "http://a", unsaid { max-logprob = 1 } }                         | http://a: there is no unsaid.max-logprob
                    { url = "http://a", unsaid { max-logprobs = 21 } }                       | 1: holdfast.workers.engines."http://a".unsaid.max-logprobs: must be 0 to 20, got 21
                    { url = "http://a", unsaid { logit-bias = 3 } }                          | holdfast.workers.engines."http://a".unsaid.logit-bias has type NUMBER
                    { url = "http://a", priority = highest }                                 | 1: holdfast.workers.engines."http://a".priority: must be one of off, lower-first, higher-first, got highest
                    { url = "http://a", resume-answers = on }                                | 1: holdfast.workers.engines."http://a".resume-answers: must be one of off, text, all, got on
                    { url = "http://a", kind = llama-cpp, resume-answers = text }            | an engine of kind llama-cpp has no "resume-answers"
                    { url = "http://a", kind = llama-cpp, priority = off }                   | an engine of kind llama-cpp has no "priority"
                    { url = "http://a", kind = llama-cpp, unsaid { max-logprobs = 1 } }      | an engine of kind llama-cpp has no "unsaid"
                    { url = "http://a", kind = llama-cpp, seed-answers = 1 }                 | holdfast.workers.engines."http://a".seed-answers has type NUMBER
                    { kind = llama-cpp }                                                     | url
                    """)
    void aWrongEntryIsToldWithItsEngineAndKey(String engine, String reason) {
        StartFailure failure = assertThrows(StartFailure.class, () -> settings(engine));

        assertTrue(failure.toString().contains(reason), failure.toString());
    }

    private static Settings settings(String engines) {
        return Settings.of(ConfigFactory.parseString("holdfast.workers.engines = [" + engines + "]")
                .withFallback(ConfigFactory.load()));
    }
}
