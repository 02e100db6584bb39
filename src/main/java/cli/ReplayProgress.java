package cli;

import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;

/** Progress of a replay: a bar with its estimated end on a terminal, elsewhere a line now and then. Any thread may count. */
final class ReplayProgress implements AutoCloseable {
    private static final long LINE_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final String task;
    private final long turns;
    private final PrintWriter lines;
    private final LongSupplier nanoClock;
    private final @Nullable ProgressBar bar;
    private final AtomicLong ended = new AtomicLong();
    private final AtomicLong lastLineNanos;

    ReplayProgress(String task, long turns, PrintWriter lines, LongSupplier nanoClock, boolean terminal) {
        this.task = task;
        this.turns = turns;
        this.lines = lines;
        this.nanoClock = nanoClock;
        this.lastLineNanos = new AtomicLong(nanoClock.getAsLong());
        bar = terminal
                ? new ProgressBarBuilder()
                        .setTaskName(task)
                        .setInitialMax(turns)
                        .setUnit(" turns", 1)
                        .showSpeed()
                        .build()
                : null;
    }

    /** From JDK 22 on there is always a console, so a pipe gets the bar too; it goes to standard error and does no harm. */
    @SuppressWarnings("SystemConsoleNull")
    static ReplayProgress of(String task, long turns, PrintWriter lines) {
        return new ReplayProgress(task, turns, lines, System::nanoTime, System.console() != null);
    }

    void turnEnded() {
        if (bar != null) {
            bar.step();
            return;
        }
        long count = ended.incrementAndGet();
        long last = lastLineNanos.get();
        long now = nanoClock.getAsLong();
        if (now - last >= LINE_EVERY_NANOS && lastLineNanos.compareAndSet(last, now)) {
            lines.println(task + ": " + count + " of " + turns + " turns");
            lines.flush();
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
