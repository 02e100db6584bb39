package inference;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * An answer told from its beginning by another engine than the one that began it: compares what comes with what was said
 * before, and lets through what is new. Reasoning, text, refusal and the arguments of each call are compared each for itself,
 * to the character; the ids of calls are not, which engines draw anew, and those that were said stay.
 *
 * <p>What is new comes after everything that was said has come again, so whoever has the one and gets the other has the whole
 * answer, nothing of it twice.
 *
 * <p>Thread-safety: confined to one stream.
 */
public final class Retelling {
    private final Part thinking;
    private final Part text;
    private final Part refusal;
    private final List<Part> calls = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private final List<TokenLogprob> logprobs;
    private int logprobsRetold;
    /** Characters, calls and log probabilities that were said and have not come again. */
    private int missing;

    /** What an event of the answer is to whoever has its beginning. */
    public sealed interface Told {
        /** It was said before. */
        record Known() implements Told {}

        /** Nobody has it: the event, or the part of it that is beyond what was said. */
        record New(InferenceEvent event) implements Told {}

        /**
         * The answer is another one. What comes after means nothing.
         *
         * @param part of the answer that is not as it was, in words
         */
        record Different(String part) implements Told {}
    }

    private static final class Part {
        private final String name;
        private final String said;
        private int retold;

        Part(String name, String said) {
            this.name = name;
            this.said = said;
        }
    }

    /** @param said the answer so far; nothing is known of one that has not begun */
    public Retelling(ReplyBuilder said) {
        this.thinking = new Part("reasoning", said.thinking());
        this.text = new Part("text", said.text());
        this.refusal = new Part("refusal", said.refusal());
        this.logprobs = said.logprobs();
        this.missing = thinking.said.length() + text.said.length() + refusal.said.length() + logprobs.size();
        for (ContentBlock.ToolUse call : said.calls()) {
            calls.add(new Part("call " + calls.size(), call.arguments()));
            names.add(call.name());
            missing += 1 + call.arguments().length();
        }
    }

    /** Takes the next event of the answer as it is told again. */
    public Told next(InferenceEvent event) {
        if (event instanceof InferenceEvent.TextDelta delta) {
            return textTold(delta);
        } else if (event instanceof InferenceEvent.ThinkingDelta delta) {
            return told(thinking, delta.text(), InferenceEvent.ThinkingDelta::new);
        } else if (event instanceof InferenceEvent.RefusalDelta delta) {
            return told(refusal, delta.text(), InferenceEvent.RefusalDelta::new);
        } else if (event instanceof InferenceEvent.ToolCallStarted call) {
            return callTold(call);
        } else if (event instanceof InferenceEvent.ToolCallDelta delta) {
            int index = delta.index();
            Part call = index < calls.size() ? calls.get(index) : new Part("call " + index, "");
            return told(call, delta.arguments(), rest -> new InferenceEvent.ToolCallDelta(index, rest));
        } else if (event instanceof InferenceEvent.Finished && missing > 0) {
            return new Told.Different("end");
        }
        return new Told.New(event);
    }

    private Told textTold(InferenceEvent.TextDelta delta) {
        List<TokenLogprob> tokens = delta.logprobs();
        int known = Math.min(tokens.size(), logprobs.size() - logprobsRetold);
        for (int i = 0; i < known; i++) {
            String said = logprobs.get(logprobsRetold + i).chosen().token();
            if (!said.equals(tokens.get(i).chosen().token())) {
                return new Told.Different(text.name);
            }
        }
        logprobsRetold += known;
        missing -= known;
        List<TokenLogprob> fresh = tokens.subList(known, tokens.size());
        Told told = told(text, delta.text(), rest -> new InferenceEvent.TextDelta(rest, fresh));
        if (!(told instanceof Told.Known) || fresh.isEmpty()) {
            return told;
        }
        return missing > 0 ? new Told.Different(text.name) : new Told.New(new InferenceEvent.TextDelta("", fresh));
    }

    private Told callTold(InferenceEvent.ToolCallStarted call) {
        int index = call.index();
        if (index >= names.size() && missing == 0) {
            return new Told.New(call);
        }
        if (index >= names.size() || !names.get(index).equals(call.name())) {
            return new Told.Different("call " + index);
        }
        missing--;
        return new Told.Known();
    }

    private Told told(Part part, String more, Function<String, InferenceEvent> event) {
        int known = Math.min(more.length(), part.said.length() - part.retold);
        if (!part.said.regionMatches(part.retold, more, 0, known)) {
            return new Told.Different(part.name);
        }
        part.retold += known;
        missing -= known;
        if (known == more.length()) {
            return new Told.Known();
        }
        return missing > 0 ? new Told.Different(part.name) : new Told.New(event.apply(more.substring(known)));
    }
}
