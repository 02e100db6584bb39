package workers.simserver;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import kv.KvEvent;
import kv.KvTier;
import org.jspecify.annotations.Nullable;
import workers.sim.SimFabric;
import workers.sim.SimHold;
import workers.sim.SimListener;
import workers.sim.SimTiers;
import workers.sim.SimulatedEngine;
import workers.status.WorkerLoad;

/**
 * The simulated engine under a wall clock: one thread runs its passes, sleeps until each is over, and then tells what came
 * of it.
 *
 * <p>Thread-safety: safe for concurrent use; the core belongs to the loop's thread.
 */
final class EngineLoop implements AutoCloseable {
    /**
     * Passes of a fast engine are taken in strides of this length: a thread cannot sleep much shorter, and clients gain
     * nothing from more frequent chunks. A new request waits for the end of a stride as it would for that of a pass.
     */
    private static final double STRIDE_MILLIS = 5;

    /** How late a pass may begin and still count as following the one before it without a pause. */
    private static final double CATCH_UP_MILLIS = 100;

    private final SimServerSettings settings;
    private final KvEventPublisher publisher;
    private final EngineCounters counters;
    private final SimulatedEngine engine;
    private final Thread thread;
    private final ConcurrentLinkedQueue<Runnable> commands = new ConcurrentLinkedQueue<>();
    private final PriorityQueue<Due> timers = new PriorityQueue<>((a, b) -> Double.compare(a.atMillis, b.atMillis));
    private final Map<String, LiveRequest> requests = new HashMap<>();
    private final List<Runnable> told = new ArrayList<>();
    private final long originNanos = System.nanoTime();
    private final BlockContents contents;
    private KvEventEncoder kvEvents = new KvEventEncoder();
    private int paced;
    private double passEndMillis;
    private volatile Levels levels;
    private volatile boolean closed;

    /** How full an engine is. */
    record Levels(WorkerLoad load, int hostBlocks, int diskBlocks) {}

    /**
     * Blocks that leave for another engine.
     *
     * @param sent when the link has carried them
     */
    record Sending(int blocks, CompletableFuture<Integer> sent) {}

    /** Something to do at a time of the loop's clock. */
    private record Due(double atMillis, Runnable action) {}

    EngineLoop(SimServerSettings settings, KvEventPublisher publisher, EngineCounters counters) {
        this.settings = settings;
        this.publisher = publisher;
        this.counters = counters;
        this.contents = new BlockContents(settings.blockSizeTokens());
        SimTiers tiers = settings.scaledTiers();
        SimFabric alone = new SimFabric(0, tiers.networkBytesPerSecond());
        this.engine = new SimulatedEngine(settings.engine(), settings.timingModel(), tiers, alone, new Listener());
        this.levels = levelsNow();
        this.thread = new Thread(this::run, "engine");
        thread.setDaemon(true);
        thread.start();
    }

    /** Queues a request; its progress shows in the request itself. */
    void submit(LiveRequest request) {
        command(() -> {
            requests.put(request.id(), request);
            paced += request.answer().paced() ? 1 : 0;
            double delay = request.answer().delayMillisBefore(request.begun());
            if (delay > 0) {
                timers.add(new Due(nowMillis() + delay, () -> start(request)));
            } else {
                start(request);
            }
        });
    }

    /** Takes a request out and frees its blocks, if it has not ended. */
    void cancel(LiveRequest request) {
        command(() -> {
            engine.cancel(request.id());
            retire(request.id());
        });
    }

    /**
     * Holds a prefix in a tier for a time.
     *
     * @return leading blocks that are kept, once the engine has come to it
     */
    CompletableFuture<Integer> hold(String id, long[] chain, KvTier tier, double density, double seconds) {
        return ask(() -> {
            double now = nowMillis();
            return engine.hold(new SimHold(id, chain, tier, density, now + seconds * 1000), now);
        });
    }

    /** Ends a hold; answers 0. */
    CompletableFuture<Integer> releaseHold(String id) {
        return ask(() -> {
            engine.release(id);
            return 0;
        });
    }

    /** Ends every hold; answers 0. */
    CompletableFuture<Integer> releaseHolds() {
        return ask(() -> {
            engine.releaseAll();
            return 0;
        });
    }

    /** Copies a prefix to a colder tier; answers how many leading blocks are there or on their way. */
    CompletableFuture<Integer> demote(long[] chain, KvTier tier) {
        return ask(() -> engine.demote(chain, tier, nowMillis()));
    }

    /** Brings a prefix back to the device; answers how many leading blocks are there or on their way. */
    CompletableFuture<Integer> prefetch(long[] chain) {
        return ask(() -> engine.prefetch(chain, nowMillis()));
    }

    /**
     * Takes in a prefix that another engine sends.
     *
     * @param tokens of its blocks
     * @return how many leading blocks are on the device or on their way, 0 when nothing is taken in
     */
    CompletableFuture<Integer> pull(String id, long[] chain, int[] tokens, @Nullable String salt) {
        return ask(() -> {
            contents.stored(chain, tokens, 0, salt);
            Runnable forget = () -> told.add(() -> contents.removed(chain));
            int blocks = engine.pull(id, chain, forget, nowMillis());
            if (blocks == 0) {
                forget.run();
            }
            return blocks;
        });
    }

    /** Gives up a pull that is not complete. */
    void abortPull(String id) {
        command(() -> engine.abortPull(id, nowMillis()));
    }

    /** Sends the leading blocks of a prefix that are in any tier. */
    CompletableFuture<Sending> send(long[] chain) {
        return ask(() -> {
            int blocks = engine.resident(chain);
            CompletableFuture<Integer> sent = new CompletableFuture<>();
            if (blocks == 0) {
                sent.complete(0);
            } else {
                engine.send(blocks, () -> sent.complete(blocks), nowMillis());
            }
            return new Sending(blocks, sent);
        });
    }

    /** How full the engine is after its last pass or command. */
    Levels levels() {
        return levels;
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private <T> CompletableFuture<T> ask(Supplier<T> question) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        command(() -> answer.complete(question.get()));
        return answer;
    }

    private void command(Runnable command) {
        commands.add(command);
        LockSupport.unpark(thread);
    }

    private void start(LiveRequest request) {
        if (requests.containsKey(request.id())) {
            engine.submit(request.request(), nowMillis());
        }
    }

    private void run() {
        while (!closed) {
            runCommands();
            if (engine.stalled()) {
                engine.settle(nowMillis());
            }
            tell();
            if (engine.stalled()) {
                awaitWork();
                passEndMillis = nowMillis();
            } else {
                runPass();
            }
        }
        requests.values().forEach(LiveRequest::end);
    }

    private void runCommands() {
        for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
            command.run();
        }
        double now = nowMillis();
        for (Due due = timers.peek(); due != null && due.atMillis <= now; due = timers.peek()) {
            timers.poll();
            due.action.run();
        }
    }

    private void awaitWork() {
        Due due = timers.peek();
        double next = Math.min(due == null ? Double.POSITIVE_INFINITY : due.atMillis, engine.nextArrivalMillis());
        if (!commands.isEmpty()) {
            return;
        }
        if (next == Double.POSITIVE_INFINITY) {
            LockSupport.park(this);
        } else {
            LockSupport.parkNanos(this, nanos(next - nowMillis()));
        }
    }

    private void runPass() {
        double now = nowMillis();
        double begin = now - passEndMillis < CATCH_UP_MILLIS ? passEndMillis : now;
        // Within a stride no request could be paused at its next token.
        passEndMillis = paced > 0 ? begin + engine.step(begin) : engine.advance(begin, begin + STRIDE_MILLIS);
        for (double left = passEndMillis - nowMillis(); left > 0 && !closed; left = passEndMillis - nowMillis()) {
            LockSupport.parkNanos(this, nanos(left));
        }
        tell();
    }

    /** Tells what came of a pass, or of transfers and commands between passes. */
    private void tell() {
        if (!kvEvents.empty()) {
            publisher.publish(kvEvents.batch(System.currentTimeMillis() / 1000.0));
            kvEvents = new KvEventEncoder();
        }
        levels = levelsNow();
        List<Runnable> news = List.copyOf(told);
        told.clear();
        news.forEach(Runnable::run);
    }

    private Levels levelsNow() {
        return new Levels(engine.load(), engine.blocks(KvTier.HOST), engine.blocks(KvTier.DISK));
    }

    private void tokens(String id, int count) {
        counters.generatedTokens.add(count);
        LiveRequest request = requests.get(id);
        if (request == null) {
            return;
        }
        int produced = request.produced(count);
        double delay =
                produced < request.answer().tokens().length ? request.answer().delayMillisBefore(produced) : 0;
        if (delay > 0) {
            engine.pause(id);
            timers.add(new Due(passEndMillis + delay, () -> engine.resume(id)));
        }
    }

    private void retire(String id) {
        LiveRequest request = requests.remove(id);
        if (request != null) {
            paced -= request.answer().paced() ? 1 : 0;
            request.end();
        }
    }

    private double nowMillis() {
        return (System.nanoTime() - originNanos) / 1e6;
    }

    private static long nanos(double millis) {
        return (long) Math.ceil(Math.max(0, millis) * 1e6);
    }

    /** Keeps what the core tells until the pass is over on the wall clock, too. */
    private final class Listener implements SimListener {
        @Override
        public void onFirstToken(String id, int cachedTokens, double timeMillis) {
            told.add(() -> {
                LiveRequest request = requests.get(id);
                if (request != null) {
                    request.firstToken(cachedTokens);
                    counters.promptTokens.add(request.request().inputTokens());
                    counters.cachedPromptTokens.add(cachedTokens);
                }
                tokens(id, 1);
            });
        }

        /** Never told: a process has no store that it shares. */
        @Override
        public void onRemoteLoaded(String id, int blocks, double timeMillis) {}

        @Override
        public void onTokens(String id, int count, double firstMillis, double intervalMillis) {
            told.add(() -> tokens(id, count));
        }

        @Override
        public void onFinished(String id, double timeMillis) {
            told.add(() -> {
                counters.finishedRequests.increment();
                retire(id);
            });
        }

        @Override
        public void onRejected(String id, Rejection reason, double timeMillis) {
            // Told outside of a pass: the server checks lengths itself, so this is its last guard.
            retire(id);
        }

        @Override
        public void onPreempted(String id, double timeMillis) {
            counters.preemptions.increment();
        }

        @Override
        public void onBlocksStored(String id, int firstBlock, KvEvent.BlocksStored event, double timeMillis) {
            LiveRequest request = Objects.requireNonNull(requests.get(id));
            stored(event, request.tokens(), firstBlock * settings.blockSizeTokens(), request.salt());
        }

        @Override
        public void onBlocksMoved(KvEvent.BlocksStored event, double timeMillis) {
            long[] hashes = event.sequenceHashes();
            counters.movedBlocks(event.tier()).add(hashes.length);
            stored(event, contents.tokens(hashes), 0, contents.salt(hashes[0]));
        }

        private void stored(KvEvent.BlocksStored event, int[] tokens, int from, @Nullable String salt) {
            @Nullable Long parent = event.root() ? null : event.parent();
            contents.stored(event.sequenceHashes(), tokens, from, salt);
            kvEvents.stored(
                    event.sequenceHashes(), parent, tokens, from, settings.blockSizeTokens(), salt, event.tier());
        }

        @Override
        public void onBlocksRemoved(KvEvent.BlocksRemoved event, double timeMillis) {
            contents.removed(event.sequenceHashes());
            kvEvents.removed(event.sequenceHashes(), event.tier());
        }
    }
}
