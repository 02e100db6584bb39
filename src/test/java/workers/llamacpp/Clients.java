package workers.llamacpp;

import akka.actor.ActorSystem;
import java.time.Duration;
import java.util.List;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.EngineClient;
import workers.openai.EnginePriority;
import workers.openai.OpenAiSettings;
import workers.openai.ResumedAnswers;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;

/** Clients of llama-servers, with the patience of tests. */
final class Clients {
    private Clients() {}

    /** @param copies where the server's copies lie, null for a server without */
    static EngineClient of(ActorSystem system, String url, @Nullable CopyStorage copies) {
        OpenAiSettings http = new OpenAiSettings(
                Duration.ofSeconds(5),
                Duration.ZERO,
                Duration.ofMinutes(1),
                Duration.ofSeconds(20),
                EnginePriority.OFF,
                ResumedAnswers.OFF,
                true,
                new EngineFacts(List.of(), 16, 1, 2048, 1, 1, EngineCapabilities.NONE));
        return new LlamaCppEngineClient(
                system, new WorkerId(url), new LlamaCppSettings(http, 16, copies, Duration.ofSeconds(30)));
    }
}
