package replay.live;

import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import replay.Comparison;
import replay.PolicyOutcome;
import replay.SessionPace;
import replay.TurnRecords;
import replay.trace.Trace;
import replay.trace.TracedTurn;

/**
 * A trace sent over HTTP to a running node, at the trace's pace. All times of the report are the trace's: wall-clock time
 * divided by the time scale, so that engines that run 20 times faster and gaps that are 20 times shorter give figures to
 * compare with an offline replay.
 *
 * <p>Thread-safety: one run at a time. One thread owns pace and records; each turn in flight has a thread of its own.
 */
public final class LiveReplay {
    private static final double NANOS_PER_MILLI = 1e6;
    /** Failures quoted in a report; the others are only counted. */
    private static final int QUOTED_FAILURES = 5;
    /** No answer takes longer; a hang must end. */
    private static final Duration LIMIT = Duration.ofMinutes(30);

    private final Trace trace;
    private final Settings settings;
    private final LongSupplier nanoClock;
    private final Runnable onTurnEnded;
    private final TurnRecords records;
    private final SessionPace pace;
    private final PromptText text;
    private final List<String> failures = new ArrayList<>();
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private int turnsLeft;
    private final HttpClient client;
    private final ExecutorService streams = Executors.newCachedThreadPool();
    private final ScheduledExecutorService owner = Executors.newSingleThreadScheduledExecutor();
    private long startNanos;

    /**
     * How to run it.
     *
     * @param node base URL of the node
     * @param blockSizeTokens of the engines and of the trace
     * @param timeScale wall-clock seconds per second of the trace, above 0
     * @param seed another seed sends other texts, which no cache has seen
     */
    public record Settings(
            URI node,
            String model,
            int blockSizeTokens,
            int sessions,
            double gapCapSeconds,
            double timeScale,
            long seed) {
        public Settings {
            if (!(timeScale > 0)) {
                throw new IllegalArgumentException("the time scale is not above 0: " + timeScale);
            }
        }
    }

    public LiveReplay(Trace trace, Settings settings, LongSupplier nanoClock, Runnable onTurnEnded) {
        if (settings.blockSizeTokens() != trace.blockSizeTokens()) {
            throw new IllegalArgumentException("a live replay keeps the trace's block size of "
                    + trace.blockSizeTokens() + " tokens: start the node with --block-size-tokens "
                    + trace.blockSizeTokens());
        }
        this.trace = trace;
        this.settings = settings;
        this.nanoClock = nanoClock;
        this.onTurnEnded = onTurnEnded;
        this.records = new TurnRecords(trace.turns().size());
        this.pace = new SessionPace(trace, settings.gapCapSeconds(), this::schedule);
        this.text = new PromptText(settings.blockSizeTokens(), settings.seed());
        this.turnsLeft = trace.turns().size();
        this.client = HttpClient.newBuilder().executor(streams).build();
    }

    /** Sends every turn and waits for the last answer. */
    public Comparison run() throws InterruptedException {
        try {
            startNanos = nanoClock.getAsLong();
            own(() -> pace.begin(settings.sessions()), 0);
            done.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the replay failed", e.getCause());
        } finally {
            owner.shutdownNow();
            streams.shutdownNow();
        }
        PolicyOutcome outcome = new PolicyOutcome(
                "live",
                "node's",
                records,
                pace.sessionSeconds(),
                new double[0],
                0,
                0,
                new int[0],
                null,
                "",
                new long[0]);
        return Comparison.of(
                trace, settings.blockSizeTokens(), 0, settings.seed(), conditions(), List.of(outcome), failures);
    }

    private List<Comparison.Condition> conditions() {
        return List.of(
                new Comparison.Condition("mode", "live"),
                new Comparison.Condition("timeScale", settings.timeScale()),
                new Comparison.Condition("blockSizeTokens", settings.blockSizeTokens()),
                new Comparison.Condition("load", trace.arrivals() ? "recorded arrivals" : "closed loop"),
                new Comparison.Condition("sessions", settings.sessions()),
                new Comparison.Condition("gapCapSeconds", settings.gapCapSeconds()));
    }

    private void schedule(int turn, double atMillis) {
        double waitMillis = (atMillis - millis(nanoClock.getAsLong())) * settings.timeScale();
        own(() -> send(turn), Math.round(Math.max(0, waitMillis) * NANOS_PER_MILLI));
    }

    /** Runs on the thread that owns pace and records; a fault there ends the replay instead of leaving it waiting. */
    private void own(Runnable task, long delayNanos) {
        Runnable guarded = () -> {
            try {
                task.run();
            } catch (RuntimeException fault) {
                done.completeExceptionally(fault);
            }
        };
        ScheduledFuture<?> unused = owner.schedule(guarded, delayNanos, TimeUnit.NANOSECONDS);
    }

    private void send(int turn) {
        TracedTurn traced = trace.turns().get(turn);
        double sentMillis = millis(nanoClock.getAsLong());
        streams.execute(() -> {
            ChatTurn.Answer answer = ask(traced);
            double endedMillis = millis(nanoClock.getAsLong());
            own(() -> ended(turn, answer, sentMillis, endedMillis), 0);
        });
    }

    private ChatTurn.Answer ask(TracedTurn traced) {
        long[] ids = traced.blocks().expand(1, traced.inputTokens() / settings.blockSizeTokens());
        String session = trace.sessionNames().get(traced.session()) + "/" + traced.lineage();
        try {
            return new ChatTurn(
                            settings.node(),
                            settings.model(),
                            session,
                            text.messages(ids),
                            traced.outputTokens(),
                            LIMIT)
                    .run(client, nanoClock);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ChatTurn.Answer.failed("interrupted");
        } catch (RuntimeException e) {
            return ChatTurn.Answer.failed(e.toString());
        }
    }

    private void ended(int turn, ChatTurn.Answer answer, double sentMillis, double endedMillis) {
        String failure = answer.failure();
        if (failure == null) {
            records.arrived(turn, answer.inputTokens(), answer.outputTokens(), sentMillis);
            records.firstToken(turn, millis(answer.firstTokenNanos()));
            records.cached(turn, answer.cachedTokens());
            records.finished(turn, endedMillis);
        } else {
            records.arrived(turn, trace.turns().get(turn).inputTokens(), 0, sentMillis);
            if (failures.size() < QUOTED_FAILURES) {
                failures.add("turn " + turn + ": " + failure);
            }
        }
        pace.ended(turn, endedMillis);
        onTurnEnded.run();
        if (--turnsLeft == 0) {
            done.complete(null);
        }
    }

    /** Milliseconds of the trace since the start. */
    private double millis(long nanos) {
        return (nanos - startNanos) / NANOS_PER_MILLI / settings.timeScale();
    }
}
