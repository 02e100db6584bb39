package workers.simserver;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import kv.KvEvent;
import kv.KvTier;
import org.jspecify.annotations.Nullable;
import workers.sim.SimHold;
import workers.sim.SimListener;
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
    private KvEventEncoder kvEvents = new KvEventEncoder();
    private int paced;
    private double passEndMillis;
    private volatile WorkerLoad load;
    private volatile boolean closed;

    /** Something to do at a time of the loop's clock. */
    private record Due(double atMillis, Runnable action) {}

    EngineLoop(SimServerSettings settings, KvEventPublisher publisher, EngineCounters counters) {
        this.settings = settings;
        this.publisher = publisher;
        this.counters = counters;
        this.engine = new SimulatedEngine(settings.engine(), settings.timingModel(), new Listener());
        this.load = engine.load();
        this.thread = new Thread(this::run, "engine");
        thread.setDaemon(true);
        thread.start();
    }

    /** Queues a request; its progress shows in the request itself. */
    void submit(LiveRequest request) {
        command(() -> {
            requests.put(request.id(), request);
            paced += request.answer().paced() ? 1 : 0;
            double delay = request.answer().delayMillisBefore(0);
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
     * Holds a prefix for a time.
     *
     * @return leading blocks that are kept, once the engine has come to it
     */
    CompletableFuture<Integer> hold(String id, long[] chain, double density, double seconds) {
        return ask(() -> {
            double now = nowMillis();
            return engine.hold(new SimHold(id, chain, KvTier.DEVICE, density, now + seconds * 1000), now);
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

    /** The engine's load after its last pass or command. */
    WorkerLoad load() {
        return load;
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
            load = engine.load();
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
        if (!commands.isEmpty()) {
            return;
        }
        if (due == null) {
            LockSupport.park(this);
        } else {
            LockSupport.parkNanos(this, nanos(due.atMillis - nowMillis()));
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
        if (!kvEvents.empty()) {
            publisher.publish(kvEvents.batch(System.currentTimeMillis() / 1000.0));
            kvEvents = new KvEventEncoder();
        }
        load = engine.load();
        told.forEach(Runnable::run);
        told.clear();
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
            LiveRequest request = requests.get(id);
            if (request != null) {
                int blockSize = settings.blockSizeTokens();
                @Nullable Long parent = event.root() ? null : event.parent();
                String salt = request.salt();
                kvEvents.stored(
                        event.sequenceHashes(), parent, request.tokens(), firstBlock * blockSize, blockSize, salt);
            }
        }

        @Override
        public void onBlocksMoved(KvEvent.BlocksStored event, double timeMillis) {
            throw new IllegalStateException("the engine has one tier");
        }

        @Override
        public void onBlocksRemoved(KvEvent.BlocksRemoved event, double timeMillis) {
            kvEvents.removed(event.sequenceHashes());
        }
    }
}
