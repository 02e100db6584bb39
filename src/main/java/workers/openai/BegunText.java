package workers.openai;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import com.fasterxml.jackson.databind.node.ObjectNode;
import inference.ContentBlock;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceFailure.Kind;
import inference.InferenceRequest;
import inference.Message;
import inference.ReasoningEffort;
import inference.ToolChoice;
import inference.Usage;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * The beginning of an answer that engines go on with when it is the last message of a prompt: text, and nothing but text.
 *
 * <p>To an engine the beginning is part of the prompt. So the rest may have as many tokens less as the text has, and the usage
 * that it tells is shifted by as many. They are counted by the engine's tokenizer, which may cut the text otherwise than it was
 * drawn.
 *
 * <p>Thread-safety: immutable.
 */
public final class BegunText {
    private final InferenceRequest request;
    private final Message begun;
    private final String text;

    private BegunText(InferenceRequest request, Message begun, String text) {
        this.request = request;
        this.begun = begun;
        this.text = text;
    }

    /**
     * Empty for an answer that an engine would not go on with where it ends: one with reasoning or calls; one whose form the
     * request prescribes, because engines take the rest for a whole one; one that begins or ends in white space, which templates
     * cut off.
     */
    public static Optional<BegunText> of(InferenceRequest request, Message begun) {
        ToolChoice.Mode choice = request.toolChoice().mode();
        boolean prescribed = request.sampling().format() != null
                || choice == ToolChoice.Mode.REQUIRED
                || choice == ToolChoice.Mode.NAMED;
        List<ContentBlock> content = begun.content();
        return !prescribed
                        && content.size() == 1
                        && content.get(0) instanceof ContentBlock.Text said
                        && said.text().strip().equals(said.text())
                ? Optional.of(new BegunText(request, begun, said.text()))
                : Optional.empty();
    }

    /** What was said. */
    public String text() {
        return text;
    }

    /** Makes the body of a {@link #requestForRest request for the rest} one for what follows the text. */
    public ObjectNode continueIn(ObjectNode body) {
        return RequestBody.continueWith(begun, body);
    }

    /**
     * Streams the rest, as events of the whole answer.
     *
     * @param tokens length of the text
     * @param asked the answer to the request for the rest, whose body is to {@link #continueIn go on} with the text
     */
    public Source<InferenceEvent, NotUsed> rest(
            CompletionStage<Integer> tokens, Function<InferenceRequest, Source<InferenceEvent, NotUsed>> asked) {
        CompletionStage<Source<InferenceEvent, NotUsed>> rest = tokens.thenApply(
                        said -> asked.apply(requestForRest(said))
                                .map(event -> ofWhole(event, said))
                                .takeWhile(event -> !event.terminal(), true))
                .exceptionally(failure -> Source.single(failed("its text could not be counted: " + cause(failure))));
        return Source.completionStageSource(rest).mapMaterializedValue(later -> NotUsed.getInstance());
    }

    /**
     * The request, but for the tokens that were said. Without thinking: it is over, and templates would put the text into it.
     *
     * @param said tokens that the text is
     */
    public InferenceRequest requestForRest(int said) {
        return new InferenceRequest(
                request.turn(),
                request.model(),
                request.session(),
                request.tools(),
                request.toolChoice(),
                request.parallelToolCalls(),
                request.messages(),
                request.sampling().after(said),
                ReasoningEffort.NONE,
                request.hints(),
                request.cacheMarks());
    }

    private static InferenceEvent ofWhole(InferenceEvent event, int said) {
        if (event instanceof InferenceEvent.Finished finished) {
            return new InferenceEvent.Finished(
                    finished.reason(), finished.stopSequence(), ofWhole(finished.usage(), said));
        }
        if (event instanceof InferenceEvent.ThinkingDelta) {
            return failed("the engine takes the rest of the text for reasoning");
        }
        if (event instanceof InferenceEvent.Failed failed && failed.failure().kind() == Kind.INVALID_REQUEST) {
            return failed(failed.failure().message()); // the client's request was good enough for the first engine
        }
        return event;
    }

    private static Usage ofWhole(Usage usage, int said) {
        int prompt = Math.max(0, usage.inputTokens() - said);
        return new Usage(
                prompt, Math.min(prompt, usage.cachedTokens()), usage.outputTokens() + said, usage.reasoningTokens());
    }

    private static InferenceEvent failed(String why) {
        return new InferenceEvent.Failed(
                InferenceFailure.of(Kind.ENGINE_FAILED, "an answer that another engine began does not go on: " + why));
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }
}
