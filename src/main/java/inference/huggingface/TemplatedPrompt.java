package inference.huggingface;

import inference.CacheMark;
import inference.InferenceRequest;
import inference.Message;
import inference.PromptFingerprint;
import inference.PromptText;
import inference.Role;
import inference.ToolDefinition;
import inference.jinja.TemplateFailure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A prompt that a template wrote, cut at its control tokens. What of it depends on its first messages only is found by writing those
 * alone and comparing, for a template may write a message in the light of later ones.
 */
final class TemplatedPrompt implements PromptText {
    private static final PromptFingerprint NOTHING = new PromptFingerprint(0, 0);

    private final ModelTemplate template;
    private final ModelTokenizer tokenizer;
    private final InferenceRequest request;
    private final List<String> pieces;
    private final List<PromptFingerprint> fingerprints;
    private final Map<Integer, int[]> tokens = new HashMap<>();

    /** @throws TemplateFailure when the template refuses the request */
    TemplatedPrompt(ModelTemplate template, ModelTokenizer tokenizer, InferenceRequest request) {
        this.template = template;
        this.tokenizer = tokenizer;
        this.request = request;
        this.pieces = tokenizer.cut(template.render(request.tools(), request.messages(), request.effort(), true));
        this.fingerprints = new ArrayList<>(pieces.size());
        PromptFingerprint last = NOTHING;
        for (String piece : pieces) {
            last = last.followedBy(piece);
            fingerprints.add(last);
        }
    }

    @Override
    public int pieces() {
        return pieces.size();
    }

    @Override
    public PromptFingerprint fingerprint(int count) {
        return fingerprints.get(count - 1);
    }

    @Override
    public int[] tokens(int piece) {
        return tokens.computeIfAbsent(piece, at -> tokenizer.encode(pieces.get(at)));
    }

    @Override
    public Part messages(int count) {
        return common(request.tools(), request.messages().subList(0, count));
    }

    @Override
    public Part upTo(CacheMark mark) {
        List<Message> messages = request.messages();
        if (mark.message() < 0) {
            int system = 0;
            while (system < messages.size() && messages.get(system).role() == Role.SYSTEM) {
                system++;
            }
            return common(request.tools().subList(0, mark.block() + 1), messages.subList(0, system));
        }
        Message marked = messages.get(mark.message());
        List<Message> before = new ArrayList<>(messages.subList(0, mark.message()));
        before.add(new Message(marked.role(), marked.content().subList(0, mark.block() + 1)));
        return common(request.tools(), before);
    }

    private Part common(List<ToolDefinition> tools, List<Message> messages) {
        try {
            return common(written(tools, messages), true);
        } catch (TemplateFailure alone) {
            // Templates may want a user's message.
            List<Message> asked = new ArrayList<>(messages);
            asked.add(Message.text(Role.USER, ""));
            try {
                return common(written(tools, asked), false);
            } catch (TemplateFailure refused) {
                return new Part(0, 0);
            }
        }
    }

    private List<String> written(List<ToolDefinition> tools, List<Message> messages) {
        return tokenizer.cut(template.render(tools, messages, request.effort(), false));
    }

    /** @param within whether to go on in the first piece that differs */
    private Part common(List<String> other, boolean within) {
        int most = Math.min(pieces.size(), other.size());
        int same = 0;
        while (same < most && pieces.get(same).equals(other.get(same))) {
            same++;
        }
        if (same == most || !within) {
            return new Part(same, 0);
        }
        int[] theirs = tokenizer.encode(other.get(same));
        int mismatch = Arrays.mismatch(theirs, tokens(same));
        return mismatch < 0 ? new Part(same + 1, 0) : new Part(same, mismatch);
    }
}
