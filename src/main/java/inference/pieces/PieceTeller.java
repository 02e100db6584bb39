package inference.pieces;

import inference.InferenceRequest;
import inference.Message;
import inference.ReasoningEffort;
import inference.ToolDefinition;
import inference.pieces.Piece.Speaker;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One life of one engine, asked for the tokens of pieces of one model's prompts. An engine tells whole prompts only, so a piece's tokens
 * are what it adds to a small conversation that stands for what the piece follows: what is sent is the piece and a constant.
 *
 * <p>That is exact where the tokens of the stand-in begin those of both together, which is checked, and where the template writes the
 * piece after the stand-in as it does after the conversation, which cannot be: it holds for templates that write messages one after the
 * other, look at most at the message before, and treat reasoning by whether a user's message follows.
 *
 * <p>Stand-ins are asked for once; there are a few for every effort, with and without tools and a system message.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class PieceTeller {
    /** A long history that nobody knows has hundreds of pieces, and each takes a connection. */
    private static final int OPEN_QUESTIONS = 8;

    private final PromptTeller engine;
    private final Gate gate = new Gate(OPEN_QUESTIONS);
    private final Map<Question, CompletableFuture<Optional<int[]>>> asked = new ConcurrentHashMap<>();
    /** Null until the engine has answered. */
    private volatile @Nullable Boolean able;

    /** What an engine is asked, in what distinguishes it from other questions about the model. */
    private record Question(
            @Nullable ReasoningEffort effort, List<ToolDefinition> tools, List<Message> messages, boolean opening) {}

    public PieceTeller(PromptTeller engine) {
        this.engine = engine;
    }

    /** Whether it is known that the engine can tell. */
    public boolean able() {
        return Boolean.TRUE.equals(able);
    }

    /** Whether it is known that the engine has no way to tell. */
    public boolean unable() {
        return Boolean.FALSE.equals(able);
    }

    /** Whether the engine can tell at all; fails when it does not answer. It is asked until it has answered once. */
    public CompletionStage<Boolean> able(InferenceRequest request) {
        return standIn(StandIns.plain(request), false).thenApply(told -> {
            able = told.isPresent();
            return told.isPresent();
        });
    }

    /** Tokens of a prompt's pieces from a first one on; empty when one of them cannot be told. Fails when the engine does not answer. */
    public CompletionStage<Optional<List<int[]>>> tell(PiecedPrompt prompt, int from) {
        List<Piece> pieces = prompt.cut();
        Asking asking = new Asking(prompt.request(), pieces.get(0).to());
        CompletionStage<Optional<List<int[]>>> all = CompletableFuture.completedStage(Optional.of(List.of()));
        for (int i = from; i < pieces.size(); i++) {
            boolean answered = i == 0 || pieces.get(i - 1).kind() != Piece.Kind.UNANSWERED;
            CompletionStage<Optional<int[]>> one =
                    answered ? asking.tokens(pieces.get(i)) : CompletableFuture.completedStage(Optional.of(new int[0]));
            all = all.thenCombine(one, PieceTeller::joined);
        }
        return all;
    }

    private static Optional<List<int[]>> joined(Optional<List<int[]>> before, Optional<int[]> next) {
        return before.flatMap(known -> next.map(tokens -> {
            List<int[]> longer = new ArrayList<>(known);
            longer.add(tokens);
            return longer;
        }));
    }

    private CompletionStage<Optional<int[]>> standIn(InferenceRequest request, boolean opening) {
        return ask(request, opening, true);
    }

    /**
     * Asks, unless it is asked that already: siblings begin alike.
     *
     * @param kept whether the answer is for good
     */
    private CompletionStage<Optional<int[]>> ask(InferenceRequest request, boolean opening, boolean kept) {
        Question question = new Question(request.effort(), request.tools(), request.messages(), opening);
        CompletableFuture<Optional<int[]>> answer = new CompletableFuture<>();
        CompletableFuture<Optional<int[]>> before = asked.putIfAbsent(question, answer);
        if (before != null) {
            return before;
        }
        gate.pass(() -> engine.promptTokens(request, opening)).whenComplete((told, failure) -> {
            if (failure != null || !kept) {
                asked.remove(question, answer);
            }
            if (failure == null) {
                answer.complete(told);
            } else {
                answer.completeExceptionally(failure);
            }
        });
        return answer;
    }

    /** One prompt's pieces. */
    private final class Asking {
        private final StandIns standIns;

        Asking(InferenceRequest request, int system) {
            this.standIns = new StandIns(request, system);
        }

        CompletionStage<Optional<int[]>> tokens(Piece piece) {
            return switch (piece.kind()) {
                case HEAD -> Tokens.both(textAndEnd(), told(standIns.head()), Tokens::before);
                case FIRST -> Tokens.both(untilText(), told(standIns.first(piece)), Tokens::after);
                case EXCHANGE -> exchange(piece);
                case UNANSWERED -> unanswered(piece);
                case OPENING -> Tokens.both(context(piece.after(), false), context(piece.after(), true), Tokens::after);
            };
        }

        private CompletionStage<Optional<int[]>> exchange(Piece piece) {
            CompletionStage<Optional<int[]>> whole = told(standIns.exchange(piece));
            if (piece.closed()) {
                Speaker last = Speaker.of(standIns.request().messages().get(piece.to() - 1));
                CompletionStage<Optional<int[]>> closing =
                        Tokens.both(context(last, false), standIn(standIns.closing(last), false), Tokens::after);
                whole = Tokens.both(closing, whole, Tokens::before);
            }
            return Tokens.both(context(piece.after(), false), whole, Tokens::after);
        }

        private CompletionStage<Optional<int[]>> unanswered(Piece piece) {
            CompletionStage<Optional<int[]>> certain = shared(text -> told(standIns.answered(piece, text)));
            return Tokens.both(context(piece.after(), false), certain, Tokens::after);
        }

        /** A beginning up to where the first text stands. */
        private CompletionStage<Optional<int[]>> untilText() {
            return shared(text -> standIn(standIns.beginning(text), false));
        }

        /** The rest of it. */
        private CompletionStage<Optional<int[]>> textAndEnd() {
            return Tokens.both(untilText(), context(Speaker.USER, false), Tokens::after);
        }

        private CompletionStage<Optional<int[]>> context(Speaker speaker, boolean opening) {
            return standIn(standIns.before(speaker), opening);
        }

        private CompletionStage<Optional<int[]>> told(InferenceRequest request) {
            return ask(request, false, false);
        }

        private CompletionStage<Optional<int[]>> shared(Function<String, CompletionStage<Optional<int[]>>> written) {
            return StandIns.TEXTS.stream()
                    .map(written)
                    .reduce((one, other) -> Tokens.both(one, other, (a, b) -> Optional.of(Tokens.common(a, b))))
                    .orElseThrow();
        }
    }
}
