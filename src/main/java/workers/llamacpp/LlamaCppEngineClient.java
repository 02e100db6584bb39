package workers.llamacpp;

import akka.Done;
import akka.NotUsed;
import akka.actor.ActorSystem;
import akka.stream.javadsl.Source;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import inference.Draw;
import inference.InferenceEvent;
import inference.InferenceRequest;
import inference.Message;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import kv.EngineHash;
import kv.FoundCopy;
import kv.Hold;
import kv.LeaseId;
import kv.LedgerId;
import kv.Receipt;
import kv.StoredCopy;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import workers.EngineClient;
import workers.Seat;
import workers.openai.BegunText;
import workers.openai.EnginePriority;
import workers.openai.MetricsText;
import workers.openai.NextTurn;
import workers.openai.OpenAiEngineClient;
import workers.openai.RequestBody;
import workers.openai.TokenIds;
import workers.status.CopyRoom;
import workers.status.EngineCapabilities;

/**
 * A llama-server. Its slots are private caches, so a request goes to the slot that holds its beginning, and a prefix is kept by
 * sending nothing else there. What it can do is found out by trying, once per start of the server.
 *
 * <p>Callers keep two things: a seat is given one command or request at a time, and what a slot holds is theirs to remember.
 *
 * <p>Thread-safety: safe for concurrent use.
 */
public final class LlamaCppEngineClient implements EngineClient {
    private static final Logger log = LoggerFactory.getLogger(LlamaCppEngineClient.class);

    private static final String HELD_TOKENS = "n_prompt_tokens";
    private static final Receipt FAILED = new Receipt.Rejected(Receipt.Reason.ENGINE_FAILED);

    private final String engine;
    private final LlamaCppSettings settings;
    private final OpenAiEngineClient chat;
    private final SlotApi api;
    private final Executor files;
    private final ServerTrials trials;
    private volatile @Nullable KnownServer known;
    private volatile boolean continuesText = true;

    public LlamaCppEngineClient(ActorSystem system, WorkerId worker, LlamaCppSettings settings) {
        this.engine = worker.url();
        this.settings = settings;
        this.chat = new OpenAiEngineClient(system, worker, settings.http());
        this.api = new SlotApi(system, worker, settings);
        this.files = system.dispatchers().lookup("akka.actor.default-blocking-io-dispatcher");
        this.trials = new ServerTrials(api, settings.copies(), files);
    }

    @Override
    public Source<InferenceEvent, NotUsed> generate(InferenceRequest request, Seat seat) {
        return chat.stream(request, body(request, seat));
    }

    private ObjectNode body(InferenceRequest request, Seat seat) {
        ObjectNode body = body(settings.http().sent(request), settings.http().priority());
        body.put("cache_prompt", true);
        tellLogprobs(request, body);
        tellStop(request, body);
        if (!seat.equals(Seat.ANY)) {
            body.put("id_slot", seat.slot());
        }
        return body;
    }

    @Override
    public Optional<Draw> draw(InferenceRequest request) {
        return Draw.of(settings.http().sent(request).sampling(), "llama.cpp");
    }

    @Override
    public boolean resumes(InferenceRequest request, Message begun) {
        return continuesText && BegunText.of(request, begun).isPresent();
    }

    @Override
    public Source<InferenceEvent, NotUsed> resume(InferenceRequest request, Message begun, Seat seat) {
        BegunText text = BegunText.of(request, begun).orElseThrow();
        return text.rest(tokens(text), rest -> chat.stream(rest, text.continueIn(body(rest, seat))));
    }

    /**
     * Fails where the server's template would not end the prompt in the text, but change or close it: that is found out when it is
     * needed and for the prompt that needs it, on whatever node, not by the worker's probe. One that does not is not asked again.
     */
    private CompletionStage<Integer> tokens(BegunText text) {
        ObjectNode body = body(text.requestForRest(0), EnginePriority.OFF);
        return api.applyTemplate(text.continueIn(body)).thenCompose(prompt -> {
            if (!prompt.endsWith(text.text())) {
                continuesText = false;
                throw new SlotApi.Refused(engine + " has a template that does not end a prompt in what was said", true);
            }
            return api.length(text.text());
        });
    }

    /**
     * Tells the template of the effort, too: servers from before August 2026 drop the API's field.
     *
     * @see <a href="https://github.com/ggml-org/llama.cpp/pull/26941">llama.cpp, pull request 26941</a>
     */
    static ObjectNode body(InferenceRequest request, EnginePriority urgency) {
        ObjectNode body = RequestBody.write(request, urgency);
        if (body.has("reasoning_effort")) {
            body.putObject("chat_template_kwargs").set("reasoning_effort", body.get("reasoning_effort"));
        }
        return body;
    }

    /**
     * In the server's own words: in those of the API it refuses them for streams with tools, and takes 0 alternatives for no log
     * probabilities at all.
     *
     * @see <a href="https://github.com/ggml-org/llama.cpp/issues/28478">llama.cpp, issue 28478</a>
     */
    private static void tellLogprobs(InferenceRequest request, ObjectNode body) {
        Integer alternatives = request.sampling().topLogprobs();
        if (alternatives != null) {
            body.remove(List.of("logprobs", "top_logprobs"));
            body.put("n_probs", Math.max(1, alternatives));
        }
    }

    /** Which string ended an answer stands nowhere else, and nothing else is wanted there, least of all the prompt. */
    private static void tellStop(InferenceRequest request, ObjectNode body) {
        if (!request.sampling().stop().isEmpty()) {
            body.put("verbose", true).putArray("response_fields").add("stopping_word");
        }
    }

    /** By the text that its template makes of the request. */
    @Override
    public CompletionStage<Optional<int[]>> promptTokens(InferenceRequest request, boolean opening) {
        ObjectNode body = body(request, EnginePriority.OFF).put("add_generation_prompt", opening);
        return api.applyTemplate(body)
                .thenCompose(api::tokenize)
                .thenApply(tokens -> Optional.of(TokenIds.read(tokens)))
                .exceptionally(LlamaCppEngineClient::refused);
    }

    private static Optional<int[]> refused(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof SlotApi.Refused refused && refused.forGood()) {
            return Optional.empty();
        }
        throw new CompletionException(cause);
    }

    @Override
    public CompletionStage<Probe> probe() {
        return api.props().thenApply(ServerProps::read).thenCompose(props -> capabilities(props)
                .thenCompose(capabilities -> api.models()
                        .thenCombine(api.metrics(), (models, metrics) -> Map.entry(models, metrics))
                        .thenCombine(
                                room(capabilities),
                                (pages, room) -> props.probe(
                                        pages.getKey(),
                                        MetricsText.parse(pages.getValue()),
                                        settings.blockSizeTokens(),
                                        settings.http().unsaid(),
                                        capabilities,
                                        room.orElse(null)))));
    }

    /** Empty also while the folder cannot be read. */
    private CompletionStage<Optional<CopyRoom>> room(EngineCapabilities capabilities) {
        CopyFolder folder = trials.folder();
        return folder == null || !capabilities.copies()
                ? CompletableFuture.completedFuture(Optional.empty())
                : CompletableFuture.supplyAsync(() -> Optional.of(folder.room()), files)
                        .exceptionally(unreadable -> Optional.empty());
    }

    private CompletionStage<EngineCapabilities> capabilities(ServerProps props) {
        KnownServer before = known;
        if (before != null && before.props().equals(props)) {
            return CompletableFuture.completedFuture(before.capabilities());
        }
        return trials.run(props).thenApply(found -> {
            if (found.isEmpty()) {
                return EngineCapabilities.NONE; // its slots are busy: tried again at the next probe
            }
            known = found.get();
            log.info("llama-server {}: {} of {}", engine, found.get().capabilities(), props);
            return found.get().capabilities();
        });
    }

    /** Accepts: a slot keeps what it holds until something else is sent there, which is up to the caller. */
    @Override
    public CompletionStage<Receipt> hold(Hold hold, List<EngineHash> blocks) {
        KnownServer server = known;
        return server != null && server.capabilities().holds() ? answer(new Receipt.Accepted()) : UNSUPPORTED;
    }

    @Override
    public CompletionStage<Warmed> warm(InferenceRequest conversation, Seat seat) {
        KnownServer server = known;
        if (server == null || !server.props().has(seat.slot())) {
            return warmed(new Receipt.Unsupported(), 0);
        }
        String mark = "holdfast" + UUID.randomUUID().toString().replace("-", "");
        ObjectNode next = body(NextTurn.marked(conversation, mark), EnginePriority.OFF);
        return api.applyTemplate(next)
                .thenCompose(rendered -> {
                    Optional<String> certain = NextTurn.certain(rendered, mark);
                    return certain.isEmpty()
                            ? warmed(new Receipt.Unsupported(), 0)
                            : compute(certain.get(), seat, server.props().slotTokens());
                })
                .exceptionally(failure -> new Warmed(rejected("warm", failure), 0));
    }

    private CompletionStage<Warmed> compute(String text, Seat seat, int slotTokens) {
        return api.tokenize(text)
                .thenCompose(tokens -> tokens.size() >= slotTokens
                        ? warmed(new Receipt.Rejected(Receipt.Reason.BUDGET), 0)
                        : api.compute(seat.slot(), tokens)
                                .thenApply(cached -> new Warmed(new Receipt.Accepted(), tokens.size() - cached)));
    }

    /** By what the slot holds now: warming adds little. Yes where it cannot be told, which {@link #save} finds out. */
    @Override
    public CompletionStage<Boolean> hasRoom(LeaseId lease, Seat seat) {
        KnownServer server = known;
        CopyFolder folder = trials.folder();
        if (server == null || folder == null || !server.copies(seat)) {
            return CompletableFuture.completedFuture(true);
        }
        return api.slots()
                .thenCompose(slots -> new CopyWriting(api, folder, files, server, seat)
                        .hasRoom(
                                lease, slots.path(seat.slot()).path(HELD_TOKENS).asInt()))
                .exceptionally(unknown -> true);
    }

    @Override
    public CompletionStage<Saved> save(LedgerId ledger, LeaseId lease, Seat seat) {
        KnownServer server = known;
        CopyFolder folder = trials.folder();
        if (server == null || folder == null || !server.copies(seat)) {
            return saved(new Receipt.Unsupported());
        }
        return api.slots()
                .thenCompose(slots -> {
                    JsonNode slot = slots.path(seat.slot());
                    int tokens = slot.path(HELD_TOKENS).asInt();
                    return slot.path("is_processing").asBoolean() || tokens == 0
                            ? saved(FAILED)
                            : new CopyWriting(api, folder, files, server, seat).write(ledger, lease, tokens);
                })
                .exceptionally(failure -> new Saved(rejected("save", failure), null));
    }

    private static CompletionStage<Saved> saved(Receipt refusal) {
        return CompletableFuture.completedFuture(new Saved(refusal, null));
    }

    @Override
    public CompletionStage<Receipt> load(StoredCopy copy, Seat seat) {
        KnownServer server = known;
        CopyFolder folder = trials.folder();
        if (server == null || folder == null || !server.copies(seat)) {
            return UNSUPPORTED;
        }
        if (!server.reads(copy)) {
            return emptied(seat, new Receipt.Unsupported());
        }
        if (!folder.holds(copy)) {
            log.warn("llama-server {}: the copy {} is missing or not {} bytes", engine, copy.location(), copy.bytes());
            return emptied(seat, new Receipt.Rejected(Receipt.Reason.NOT_RESIDENT));
        }
        return api.restore(seat.slot(), copy.location())
                .thenCompose(restored -> restored.tokens() == copy.tokens() && restored.bytes() == copy.bytes()
                        ? answer(new Receipt.Accepted())
                        : emptied(seat, FAILED))
                .exceptionally(failure -> rejected("load", failure));
    }

    private CompletionStage<Receipt> emptied(Seat seat, Receipt refusal) {
        return api.erase(seat.slot()).handle((erased, failure) -> refusal);
    }

    @Override
    public CompletionStage<Done> discard(String location) {
        CopyFolder folder = trials.folder();
        if (folder != null) {
            folder.delete(location);
        }
        return CompletableFuture.completedFuture(Done.getInstance());
    }

    @Override
    public CompletionStage<List<FoundCopy>> copies(LedgerId ledger) {
        CopyFolder folder = trials.folder();
        return folder == null
                ? CompletableFuture.completedFuture(List.of())
                : CompletableFuture.supplyAsync(() -> folder.lookAfter(ledger), files);
    }

    private Receipt rejected(String what, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        log.warn("llama-server {}: {}: {}", engine, what, cause.toString());
        return FAILED;
    }

    private static CompletionStage<Warmed> warmed(Receipt receipt, int computedTokens) {
        return CompletableFuture.completedFuture(new Warmed(receipt, computedTokens));
    }

    private static CompletionStage<Receipt> answer(Receipt receipt) {
        return CompletableFuture.completedFuture(receipt);
    }
}
