package cluster;

import inference.ByteTokenizer;
import inference.ChatMlTemplate;
import inference.ChatTemplate;
import inference.InferenceRequest;
import inference.PromptFingerprint;
import inference.PromptText;
import inference.ReasoningEffort;
import inference.huggingface.ModelTemplate;
import inference.jinja.TemplateFailure;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import metrics.Metric;
import metrics.Metrics;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The template of every model: its own one, or ChatML in bytes where it has none. What its own one refuses is refused by the engine,
 * too, whose word is the client's answer; until then, that prompt counts as ChatML in bytes. The first of each model is logged, all are
 * counted: an engine that answers such prompts all the same has another template.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
final class ModelTemplates implements Function<String, ChatTemplate> {
    private static final Logger log = LoggerFactory.getLogger(ModelTemplates.class);
    private static final ChatTemplate BYTES = new ChatMlTemplate(new ByteTokenizer());

    private final Map<String, ModelTemplate> models;
    private final Metrics metrics;
    private final Set<String> logged = ConcurrentHashMap.newKeySet();

    ModelTemplates(Map<String, ModelTemplate> models, Metrics metrics) {
        this.models = Map.copyOf(models);
        this.metrics = metrics;
    }

    @Override
    public ChatTemplate apply(String model) {
        ModelTemplate own = models.get(model);
        return own == null
                ? BYTES
                : new ChatTemplate() {
                    @Override
                    public PromptText write(InferenceRequest request, List<PromptFingerprint> chain) {
                        return written(model, own, request, chain);
                    }

                    @Override
                    public boolean shows(ReasoningEffort effort) {
                        return own.shows(effort);
                    }
                };
    }

    private PromptText written(
            String model, ModelTemplate own, InferenceRequest request, List<PromptFingerprint> chain) {
        try {
            return own.write(request, chain);
        } catch (TemplateFailure failure) {
            metrics.count(Metric.TEMPLATE_FAILURES, model);
            if (logged.add(model)) {
                log.warn(
                        "model {}: its template did not write turn {}, whose prompt counts as ChatML in bytes; more like it are only"
                                + " counted, as holdfast_template_failures_total: {}",
                        model,
                        request.turn().value(),
                        failure.getMessage());
            }
            return BYTES.write(request, chain);
        }
    }
}
