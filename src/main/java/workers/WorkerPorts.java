package workers;

import inference.ConversationStore;
import inference.InferenceRequest;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import kv.Incarnation;
import kv.PromptBlocks;
import kv.WorkerId;
import metrics.Metrics;

/**
 * What workers need from outside.
 *
 * <p>Thread-safety: all parts are safe for concurrent use.
 *
 * @param engines a client for each engine
 * @param events opens an engine's event streams
 * @param conversations text of what is to be warmed up or copied
 * @param prompts blocks of a request's messages, without the opening of an answer
 * @param incarnations draws a random incarnation
 * @param nanoTime monotonic clock, as {@link System#nanoTime}
 */
public record WorkerPorts(
        Function<WorkerId, EngineClient> engines,
        KvEventSource.Factory events,
        ConversationStore conversations,
        Function<InferenceRequest, CompletionStage<PromptBlocks>> prompts,
        Supplier<Incarnation> incarnations,
        Metrics metrics,
        LongSupplier nanoTime) {}
