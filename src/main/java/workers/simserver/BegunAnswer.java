package workers.simserver;

import inference.ContentBlock;
import inference.InferenceEvent;
import inference.ReplyBuilder;
import java.util.ArrayList;
import java.util.List;

/**
 * What another engine has said of an answer, as the last message of a request with {@code continue_final_message}.
 *
 * <p>Thread-safety: immutable.
 *
 * @param path of the message
 * @param calls with their arguments as far as they came, as they were spelled
 */
record BegunAnswer(String path, String thinking, String text, String refusal, List<Call> calls) {
    BegunAnswer {
        calls = List.copyOf(calls);
    }

    /** A tool call, which may break off in its arguments. */
    record Call(String name, String arguments) {}

    static BegunAnswer read(BodyField message) {
        if (!message.at("role").text().equals("assistant")) {
            throw message.at("role").mustBe("assistant, for a message that is to be continued");
        }
        List<Call> calls = new ArrayList<>();
        for (BodyField call : message.at("tool_calls").items()) {
            BodyField function = call.at("function");
            calls.add(new Call(
                    function.at("name").text(), function.at("arguments").textOr("")));
        }
        return new BegunAnswer(
                message.path(),
                message.at("reasoning_content").textOr(""),
                message.at("content").textOr(""),
                message.at("refusal").textOr(""),
                calls);
    }

    /**
     * Moves a new cursor behind what was said.
     *
     * @return tokens of it, fewer than the answer has
     * @throws RequestFailure when the answer does not begin so
     */
    int skip(Answer answer, AnswerCursor cursor) {
        ReplyBuilder said = new ReplyBuilder();
        int length = shownLength();
        int tokens = 0;
        int shown = 0;
        while (shown < length && tokens < answer.tokens().length) {
            for (InferenceEvent event : cursor.advanceTo(++tokens)) {
                said.add(event);
                shown += length(event);
            }
        }
        if (!equals(of(said))) {
            throw RequestFailure.invalid(path, path + " is not how this engine's answer begins");
        }
        return Math.min(tokens, answer.tokens().length - 1);
    }

    private BegunAnswer of(ReplyBuilder said) {
        List<Call> saidCalls = new ArrayList<>();
        for (ContentBlock.ToolUse call : said.calls()) {
            saidCalls.add(new Call(call.name(), call.arguments()));
        }
        return new BegunAnswer(path, said.thinking(), said.text(), said.refusal(), saidCalls);
    }

    /** Characters, and one more for each call, so that a call without arguments counts. */
    private int shownLength() {
        int length = thinking.length() + text.length() + refusal.length();
        for (Call call : calls) {
            length += 1 + call.arguments.length();
        }
        return length;
    }

    private static int length(InferenceEvent event) {
        if (event instanceof InferenceEvent.TextDelta delta) {
            return delta.text().length();
        } else if (event instanceof InferenceEvent.ThinkingDelta delta) {
            return delta.text().length();
        } else if (event instanceof InferenceEvent.RefusalDelta delta) {
            return delta.text().length();
        } else if (event instanceof InferenceEvent.ToolCallDelta delta) {
            return delta.arguments().length();
        }
        return event instanceof InferenceEvent.ToolCallStarted ? 1 : 0;
    }
}
