package workers.simserver;

import inference.InferenceEvent;
import inference.TokenLogprob;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Tells what newly produced tokens of an {@link Answer} show. Text is held back while a code point is incomplete.
 *
 * <p>Thread-safety: confined to one stream.
 */
final class AnswerCursor {
    private final Answer answer;
    private final IntFunction<String> callIds;
    private final @Nullable Integer topLogprobs;
    private int span;
    /** Bytes of the span that were told. */
    private int told;

    private byte[] bytes = new byte[0];

    /**
     * @param callIds makes the id of a tool call from its position
     * @param topLogprobs alternatives to tell with each token of the text, null for no log probabilities
     */
    AnswerCursor(Answer answer, IntFunction<String> callIds, @Nullable Integer topLogprobs) {
        this.answer = answer;
        this.callIds = callIds;
        this.topLogprobs = topLogprobs;
    }

    /** What shows once {@code produced} tokens are out, beyond what earlier calls told. */
    List<InferenceEvent> advanceTo(int produced) {
        List<InferenceEvent> shown = new ArrayList<>();
        while (span < answer.spans().size() && answer.spans().get(span).from() < produced) {
            Answer.Span current = answer.spans().get(span);
            boolean complete = current.to() <= produced;
            if (current.literal()) {
                showPart(current, Math.min(current.to(), produced) - current.from(), shown);
            } else if (complete) {
                show(current, current.shown(), shown);
            }
            if (!complete) {
                return shown;
            }
            span++;
            told = 0;
        }
        return shown;
    }

    private void showPart(Answer.Span current, int out, List<InferenceEvent> shown) {
        if (told == 0) {
            bytes = current.shown().getBytes(StandardCharsets.UTF_8);
        }
        int end = out;
        while (end < bytes.length && end > told && isContinuation(bytes[end])) {
            end--;
        }
        if (end > told) {
            show(current, new String(bytes, told, end - told, StandardCharsets.UTF_8), shown);
            told = end;
        }
    }

    private static boolean isContinuation(byte b) {
        return (b & 0xC0) == 0x80;
    }

    private void show(Answer.Span current, String text, List<InferenceEvent> shown) {
        switch (current.kind()) {
            case THINKING -> shown.add(new InferenceEvent.ThinkingDelta(text));
            case TEXT -> shown.add(new InferenceEvent.TextDelta(text, logprobs(current.from() + told, text)));
            case REFUSAL -> shown.add(new InferenceEvent.RefusalDelta(text));
            case CALL ->
                shown.add(new InferenceEvent.ToolCallStarted(current.call(), callIds.apply(current.call()), text));
            case ARGUMENTS -> shown.add(new InferenceEvent.ToolCallDelta(current.call(), text));
            case MARKUP -> {}
        }
    }

    /** Of a text whose tokens, its bytes, begin at a place. */
    private List<TokenLogprob> logprobs(int place, String text) {
        List<TokenLogprob> tokens = new ArrayList<>();
        if (topLogprobs != null) {
            for (byte token : text.getBytes(StandardCharsets.UTF_8)) {
                tokens.add(MadeUpLogprobs.of(place + tokens.size(), Byte.toUnsignedInt(token), topLogprobs));
            }
        }
        return tokens;
    }
}
