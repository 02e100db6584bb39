package workers;

import akka.Done;
import akka.NotUsed;
import akka.stream.javadsl.Source;
import inference.FinishReason;
import inference.InferenceEvent;
import inference.InferenceRequest;
import inference.Usage;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import kv.EngineHash;
import kv.Hold;
import kv.KvTier;
import kv.LeaseId;
import kv.Receipt;
import kv.WorkerId;
import org.jspecify.annotations.Nullable;
import workers.status.ColderTiers;
import workers.status.EngineCapabilities;
import workers.status.EngineFacts;

/** An engine whose probes answer what a test says. */
final class ScriptedEngine implements EngineClient {
    static final EngineFacts FACTS =
            new EngineFacts(List.of("sim-echo"), 2, 100, 8192, 2, 150, EngineCapabilities.NONE);
    /** The same engine with a way to hold prefixes. */
    static final EngineFacts HOLDING =
            new EngineFacts(List.of("sim-echo"), 2, 100, 8192, 2, 150, new EngineCapabilities(true, null, 0));

    /** The same with memory below its device in which it can hold, too. */
    static final EngineFacts TIERED = new EngineFacts(
            List.of("sim-echo"),
            2,
            100,
            8192,
            2,
            150,
            new EngineCapabilities(true, null, 0, new ColderTiers(200, 0, true, true, false)));

    /** The same with private slots, of which it writes copies. */
    static final EngineFacts COPYING =
            new EngineFacts(List.of("sim-echo"), 2, 100, 8192, 2, 150, new EngineCapabilities(true, "format", 2));

    /** What it was told to do, in order. */
    final List<String> orders = new CopyOnWriteArrayList<>();

    private volatile CompletionStage<Receipt> holdAnswer = CompletableFuture.completedFuture(new Receipt.Accepted());
    private volatile @Nullable CompletionStage<Receipt> hostAnswer;
    private volatile CompletionStage<Boolean> room = CompletableFuture.completedFuture(true);
    final AtomicInteger probes = new AtomicInteger();
    private volatile CompletionStage<Probe> answer = CompletableFuture.completedFuture(new Probe(FACTS, 1000, 0, 0));

    void answers(EngineFacts facts, long lifeNumber, int running, int waiting) {
        answer = CompletableFuture.completedFuture(new Probe(facts, lifeNumber, running, waiting));
    }

    void fails() {
        answer = CompletableFuture.failedFuture(new java.io.IOException("connection refused"));
    }

    @Override
    public Source<InferenceEvent, NotUsed> generate(InferenceRequest request, Seat seat) {
        orders.add("generate " + request.sampling().maxTokens());
        return Source.single(new InferenceEvent.Finished(FinishReason.LENGTH, null, new Usage(4, 0, 1, 0)));
    }

    /** Whether what it is asked to warm throws instead of failing its answer. */
    volatile boolean throwing;

    @Override
    public CompletionStage<Warmed> warm(InferenceRequest conversation, Seat seat) {
        orders.add("warm");
        if (throwing) {
            throw new IllegalStateException("a fault of the client");
        }
        return CompletableFuture.completedFuture(new Warmed(new Receipt.Accepted(), 4));
    }

    @Override
    public CompletionStage<Warmed> warm(InferenceRequest conversation, Seat seat, @Nullable WorkerId pullFrom) {
        if (pullFrom != null) {
            orders.add("pull from " + pullFrom.url());
        }
        return warm(conversation, seat);
    }

    void answersHolds(CompletionStage<Receipt> receipt) {
        holdAnswer = receipt;
    }

    /** To what is to be held in the host; null for what is said of other tiers. */
    void answersHostHolds(@Nullable CompletionStage<Receipt> receipt) {
        hostAnswer = receipt;
    }

    @Override
    public CompletionStage<Receipt> hold(Hold hold, List<EngineHash> blocks) {
        orders.add("hold " + hold.lease().low() + " of " + names(blocks));
        CompletionStage<Receipt> host = hostAnswer;
        return hold.tier() == KvTier.HOST && host != null ? host : holdAnswer;
    }

    @Override
    public CompletionStage<Receipt> prefetch(List<EngineHash> blocks) {
        orders.add("prefetch " + names(blocks));
        return CompletableFuture.completedFuture(new Receipt.Accepted());
    }

    void answersRoom(CompletionStage<Boolean> found) {
        room = found;
    }

    @Override
    public CompletionStage<Boolean> hasRoom(LeaseId lease, Seat seat) {
        orders.add("look for room");
        return room;
    }

    private static String names(List<EngineHash> blocks) {
        return blocks.stream().map(block -> String.valueOf(block.value())).collect(Collectors.joining(" "));
    }

    @Override
    public CompletionStage<Done> release(LeaseId lease) {
        orders.add("release " + lease.low());
        return CompletableFuture.completedFuture(Done.getInstance());
    }

    @Override
    public CompletionStage<Done> releaseAll() {
        orders.add("release all");
        return CompletableFuture.completedFuture(Done.getInstance());
    }

    @Override
    public CompletionStage<Probe> probe() {
        probes.incrementAndGet();
        return answer;
    }
}
