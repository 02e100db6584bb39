package agents;

import agents.session.Checkpoint;
import agents.session.GapHint;
import agents.session.NextPrompt;
import agents.session.RenderedPrompt;
import agents.session.SessionKey;
import agents.session.TurnOutcome;
import agents.session.TurnResult;
import akka.actor.typed.ActorRef;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.ActorContext;
import inference.ContentBlock;
import inference.InferenceEvent;
import inference.InferenceFailure;
import inference.InferenceRequest;
import inference.Message;
import inference.PlacementReason;
import inference.PromptFingerprint;
import inference.ReplyBuilder;
import inference.Retelling;
import inference.Role;
import inference.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import kv.Prefix;
import kv.WorkerId;
import metrics.Metric;
import org.jspecify.annotations.Nullable;

/**
 * What a turn has in its session's book: its beginning, the answer so far, its end. The session is asked again until the
 * store's time is up, which runs anew for each of the two.
 *
 * <p>Thread-safety: confined to its turn.
 */
final class SessionBook {
    private static final Usage UNKNOWN_USAGE = new Usage(0, 0, 0, 0);

    private final InferenceRequest request;
    private final TurnPorts ports;
    private final RecipientRef<AgentSession.Command> session;
    private final List<PromptFingerprint> chain;
    private final Instant startedAt;
    private final long startedNanos;
    private final ReplyBuilder reply = new ReplyBuilder();
    private @Nullable Duration timeToFirstToken;
    private long deadlineNanos;

    SessionBook(InferenceRequest request, TurnPorts ports) {
        this.request = request;
        this.ports = ports;
        this.session = ports.sessions().apply(SessionKey.of(request.session()));
        this.chain = ports.prompts().chain(request);
        this.startedAt = ports.clock().instant();
        this.startedNanos = ports.nanoTime().getAsLong();
        insist();
    }

    /** Fingerprints of the prompt. */
    List<PromptFingerprint> chain() {
        return chain;
    }

    /** Time since the request came. */
    Duration elapsed() {
        return Duration.ofNanos(ports.nanoTime().getAsLong() - startedNanos);
    }

    /** Asks the session to begin the turn. */
    <C> void begin(
            ActorContext<C> turn, BiFunction<AgentSession.@Nullable BeginReply, @Nullable Throwable, C> replied) {
        ActorRef<C> owner = turn.getSelf();
        Question.ask(
                turn,
                session,
                ports.settings().storeAskTimeout(),
                replyTo -> new AgentSession.BeginTurn(
                        request.session(),
                        request.turn(),
                        request.model(),
                        ports.prompts().blockSizeTokens(),
                        chain,
                        startedAt,
                        owner,
                        replyTo),
                replied);
    }

    /** Notes the next event of the answer. */
    void answered(InferenceEvent event) {
        if (timeToFirstToken == null) {
            timeToFirstToken = elapsed();
            ports.metrics().time(Metric.TIME_TO_FIRST_TOKEN, timeToFirstToken);
        }
        reply.add(event);
    }

    /** Whether there is anything of the answer. */
    boolean answerBegun() {
        return timeToFirstToken != null;
    }

    /** The answer so far. */
    Message begunAnswer() {
        return reply.unfinished();
    }

    /** For an engine that tells the answer from its beginning: what of it is new to the client. */
    Retelling retelling() {
        return new Retelling(reply);
    }

    /**
     * The prompt that may follow the answer, for clients that want it computed ahead; null without one, or when the answer is nothing
     * but reasoning.
     */
    @Nullable
    CompletionStage<RenderedPrompt> guess(InferenceEvent last) {
        if (!(last instanceof InferenceEvent.Finished) || !request.hints().speculativePrefill()) {
            return null;
        }
        Message lasting = lasting();
        if (lasting == null) {
            return null;
        }
        List<PromptFingerprint> next = new ArrayList<>(chain);
        next.add(chain.get(chain.size() - 1).followedBy(lasting));
        return ports.prompts().render(request.followedBy(lasting), next);
    }

    /**
     * How the turn ended; from here on the store's time runs anew.
     *
     * @param guess the prompt that may follow, null when none is to be computed ahead
     */
    TurnResult end(
            TurnOutcome outcome,
            InferenceEvent last,
            RenderedPrompt prompt,
            @Nullable RenderedPrompt guess,
            @Nullable WorkerId worker,
            @Nullable PlacementReason placement) {
        insist();
        InferenceEvent.@Nullable Finished finished = last instanceof InferenceEvent.Finished f ? f : null;
        if (finished != null) {
            ports.prompts().answered(request.model(), prompt, finished.usage());
        }
        return new TurnResult(
                request.turn(),
                outcome,
                finished == null ? null : finished.reason(),
                prompt.outline(),
                reply.calls().stream().map(ContentBlock.ToolUse::name).toList(),
                prompt.marks(),
                new GapHint(
                        request.hints().expectedResume(),
                        request.hints().toolTimeout(),
                        request.hints().priority()),
                finished == null ? null : keep(reply.message()),
                guess == null ? null : kept(guess),
                worker,
                placement,
                finished == null ? UNKNOWN_USAGE : finished.usage(),
                timeToFirstToken,
                startedAt,
                startedAt.plus(elapsed()));
    }

    /** Asks the session to record the turn's end. */
    <C> void record(
            ActorContext<C> turn,
            TurnResult result,
            BiFunction<AgentSession.@Nullable TurnRecorded, @Nullable Throwable, C> replied) {
        Question.ask(
                turn,
                session,
                ports.settings().storeAskTimeout(),
                replyTo -> new AgentSession.CompleteTurn(request.session(), result, replyTo),
                replied);
    }

    /** Whether the session may be asked again. */
    boolean timeLeft() {
        return ports.nanoTime().getAsLong() - deadlineNanos < 0;
    }

    /** What the client is told when no time is left. */
    InferenceFailure unavailable(String what) {
        return InferenceFailure.of(
                InferenceFailure.Kind.STORE_UNAVAILABLE,
                "the session store did not " + what + " the turn within "
                        + ports.settings().storeTimeout() + " (holdfast.agents.turn.store-timeout)");
    }

    private void insist() {
        deadlineNanos =
                ports.nanoTime().getAsLong() + ports.settings().storeTimeout().toNanos();
    }

    /** The answer without reasoning, null when it is nothing else. */
    private @Nullable Message lasting() {
        List<ContentBlock> lasting = reply.message().content().stream()
                .filter(block -> !(block instanceof ContentBlock.Thinking))
                .toList();
        return lasting.isEmpty() ? null : new Message(Role.ASSISTANT, lasting);
    }

    /** Null when it is too short to fill a block. */
    private @Nullable NextPrompt kept(RenderedPrompt guess) {
        keep(Objects.requireNonNull(lasting()));
        Checkpoint tip = guess.outline().tip();
        return tip.tail() == null
                ? null
                : new NextPrompt(tip.fingerprint(), new Prefix(tip.blocks(), tip.tail()), tip.tokens());
    }

    /**
     * Keeps the text for whoever has to compute the conversation again. Nobody waits for it: a turn whose text is not kept is a
     * turn all the same.
     */
    private PromptFingerprint keep(Message answer) {
        ports.conversations().keep(request, chain, answer).whenComplete((kept, failure) -> {
            if (failure != null) {
                ports.metrics().count(Metric.CONVERSATIONS_NOT_KEPT);
            }
        });
        return chain.get(chain.size() - 1).followedBy(answer);
    }
}
