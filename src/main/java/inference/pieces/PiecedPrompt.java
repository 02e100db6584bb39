package inference.pieces;

import inference.CacheMark;
import inference.InferenceRequest;
import inference.PromptFingerprint;
import inference.PromptText;
import inference.ReasoningEffort;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A prompt cut into what each turn added to it, whose tokens are told by others.
 *
 * <p>A mark inside a piece counts as one before it: what of a piece's tokens belongs to which of its messages is not known.
 *
 * <p>Thread-safety: immutable.
 */
public final class PiecedPrompt implements PromptText {
    private static final PromptFingerprint NOTHING = new PromptFingerprint(0, 0);

    private final InferenceRequest request;
    private final List<Piece> pieces;
    private final List<PromptFingerprint> fingerprints;
    private final int toldFrom;
    private final List<int[]> told;

    private PiecedPrompt(
            InferenceRequest request,
            List<Piece> pieces,
            List<PromptFingerprint> fingerprints,
            int toldFrom,
            List<int[]> told) {
        this.request = request;
        this.pieces = pieces;
        this.fingerprints = fingerprints;
        this.toldFrom = toldFrom;
        this.told = told;
    }

    /**
     * Cuts a request's prompt, of which no token is known yet.
     *
     * @param chain the request's {@link PromptFingerprint#chain}
     * @return null when it cannot be cut
     */
    public static @Nullable PiecedPrompt of(InferenceRequest request, List<PromptFingerprint> chain) {
        List<Piece> pieces = Piece.cut(request);
        if (pieces == null) {
            return null;
        }
        List<PromptFingerprint> fingerprints = new ArrayList<>(pieces.size());
        ReasoningEffort effort = request.effort();
        PromptFingerprint last = NOTHING.followedBy(effort == null ? "pieces" : "pieces, effort " + effort.word());
        for (Piece piece : pieces) {
            last = last.followedBy(piece.kind() + (piece.closed() ? " closed " : " ") + chain.get(piece.to()));
            fingerprints.add(last);
        }
        return new PiecedPrompt(request, pieces, fingerprints, 0, List.of());
    }

    /** The same with the tokens of pieces from a first one on. */
    public PiecedPrompt told(int from, List<int[]> tokens) {
        return new PiecedPrompt(request, pieces, fingerprints, from, tokens);
    }

    public InferenceRequest request() {
        return request;
    }

    List<Piece> cut() {
        return pieces;
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
        return told.get(piece - toldFrom);
    }

    @Override
    public Part messages(int count) {
        int whole = 0;
        while (whole < pieces.size() - 1 && pieces.get(whole).to() <= count) {
            whole++;
        }
        return new Part(whole, 0);
    }

    @Override
    public Part upTo(CacheMark mark) {
        if (mark.message() < 0) {
            return mark.block() == request.tools().size() - 1 && pieces.get(0).to() == 0 ? messages(0) : new Part(0, 0);
        }
        int blocks = request.messages().get(mark.message()).content().size();
        return messages(mark.block() == blocks - 1 ? mark.message() + 1 : mark.message());
    }
}
