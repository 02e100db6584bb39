package workers;

import akka.Done;
import akka.NotUsed;
import akka.stream.javadsl.Source;
import inference.Draw;
import inference.InferenceEvent;
import inference.InferenceRequest;
import inference.Message;
import inference.pieces.PromptTeller;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import kv.EngineHash;
import kv.FoundCopy;
import kv.Hold;
import kv.LeaseId;
import kv.LedgerId;
import kv.Receipt;
import kv.StoredCopy;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.status.CopyRoom;
import workers.status.EngineFacts;

/**
 * Port to one engine from one node: what every kind of engine can be asked.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public interface EngineClient extends PromptTeller {
    /** The answer of engines without a way to do what they are asked. */
    CompletionStage<Receipt> UNSUPPORTED = CompletableFuture.completedFuture(new Receipt.Unsupported());

    /**
     * Streams one answer. The source ends with exactly one terminal event and never fails; cancelling it aborts the
     * request in the engine. {@link inference.InferenceFailure.Kind#ENGINE_FAILED} says that the engine died or broke off.
     */
    Source<InferenceEvent, NotUsed> generate(InferenceRequest request, Seat seat);

    /**
     * The same, after taking over what another engine has of the prompt. If that one has nothing, or dies meanwhile, the prompt
     * is computed.
     */
    default Source<InferenceEvent, NotUsed> generate(InferenceRequest request, Seat seat, @Nullable WorkerId pullFrom) {
        return generate(request, seat);
    }

    /** How {@link #generate} draws the answer to a request, empty when by chance. */
    default Optional<Draw> draw(InferenceRequest request) {
        return Optional.empty();
    }

    /** Whether {@link #resume} can go on with what another engine has said of the answer to a request. */
    default boolean resumes(InferenceRequest request, Message begun) {
        return false;
    }

    /**
     * Streams the rest of an answer that another engine began: what comes follows what was said without a gap or a repetition,
     * calls keep their positions, and the usage is that of the whole answer. Otherwise like {@link #generate}.
     *
     * @param begun what was said so far, calls with their arguments as far as they came
     */
    default Source<InferenceEvent, NotUsed> resume(InferenceRequest request, Message begun, Seat seat) {
        throw new UnsupportedOperationException("this kind of engine resumes no answers");
    }

    @Override
    default CompletionStage<Optional<int[]>> promptTokens(InferenceRequest request, boolean opening) {
        return CompletableFuture.completedFuture(Optional.empty());
    }

    /** Asks the engine what it is and since when; fails when it does not answer. */
    CompletionStage<Probe> probe();

    /**
     * Keeps a prefix that the engine has in its cache until {@link #release}, in the hold's tier: one that is hotter is moved
     * there. The caller ends it at the deadline, whether the engine knows deadlines or not. Asking again for a lease replaces
     * what was asked before.
     *
     * @param blocks the prefix in the engine's own names, in order
     */
    default CompletionStage<Receipt> hold(Hold hold, List<EngineHash> blocks) {
        return UNSUPPORTED;
    }

    /** Brings a prefix that the engine has in a colder tier back to its device. */
    default CompletionStage<Receipt> prefetch(List<EngineHash> blocks) {
        return UNSUPPORTED;
    }

    /** Ends a {@link #hold}; nothing happens when there is none. */
    default CompletionStage<Done> release(LeaseId lease) {
        return CompletableFuture.completedFuture(Done.getInstance());
    }

    /** Ends every {@link #hold} that anybody asked for. */
    default CompletionStage<Done> releaseAll() {
        return CompletableFuture.completedFuture(Done.getInstance());
    }

    /**
     * Makes the engine compute a conversation so that its next turn finds it cached, however that turn's template renders the
     * last answer.
     */
    default CompletionStage<Warmed> warm(InferenceRequest conversation, Seat seat) {
        return CompletableFuture.completedFuture(new Warmed(new Receipt.Unsupported(), 0));
    }

    /** The same, after taking over what another engine has of it, as {@link #generate(InferenceRequest, Seat, WorkerId)} does. */
    default CompletionStage<Warmed> warm(InferenceRequest conversation, Seat seat, @Nullable WorkerId pullFrom) {
        return warm(conversation, seat);
    }

    /**
     * Looks whether the storage has room for a copy of what a seat's cache holds. It reserves none: {@link #save} may be refused all the
     * same. The seat may be in use.
     *
     * @param lease that the copy is for
     */
    default CompletionStage<Boolean> hasRoom(LeaseId lease, Seat seat) {
        return CompletableFuture.completedFuture(true);
    }

    /**
     * Writes a copy of what a seat's cache holds to storage that other engines read, under a new name, if the storage's budget has
     * room for it.
     */
    default CompletionStage<Saved> save(LedgerId ledger, LeaseId lease, Seat seat) {
        return CompletableFuture.completedFuture(new Saved(new Receipt.Unsupported(), null));
    }

    /**
     * Brings a stored copy into a seat's cache, replacing what is there. A copy that is missing, damaged or made by an
     * incompatible engine is refused, and the seat is empty then.
     */
    default CompletionStage<Receipt> load(StoredCopy copy, Seat seat) {
        return UNSUPPORTED;
    }

    /** Deletes a stored copy; nothing happens when there is none. */
    default CompletionStage<Done> discard(String location) {
        return CompletableFuture.completedFuture(Done.getInstance());
    }

    /** What the storage has of copies that were saved for a ledger, unfinished ones included. */
    default CompletionStage<List<FoundCopy>> copies(LedgerId ledger) {
        return CompletableFuture.completedFuture(List.of());
    }

    /** What {@link #warm} came to, and how many tokens were computed for it that were not cached. */
    record Warmed(Receipt receipt, int computedTokens) {}

    /**
     * What {@link #save} came to.
     *
     * @param copy written whole; null unless accepted
     */
    record Saved(Receipt receipt, @Nullable StoredCopy copy) {}

    /**
     * Answer of a live engine.
     *
     * @param lifeNumber another one after every start of the engine, such as its start time; 0 when it does not say
     * @param runningRequests requests the engine runs, by its own metrics
     * @param waitingRequests requests the engine queues, by its own metrics
     * @param copies what copies take of the storage that it writes them to; null when it writes none
     */
    record Probe(
            EngineFacts facts, long lifeNumber, int runningRequests, int waitingRequests, @Nullable CopyRoom copies) {
        /** An engine that writes no copies. */
        public Probe(EngineFacts facts, long lifeNumber, int runningRequests, int waitingRequests) {
            this(facts, lifeNumber, runningRequests, waitingRequests, null);
        }
    }
}
