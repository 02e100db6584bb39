package cli;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;

/** Progress of a replay with its estimated end, on a terminal; nothing elsewhere. Any thread may count. */
final class ReplayProgress implements AutoCloseable {
    private final @Nullable ProgressBar bar;

    /** From JDK 22 on there is always a console, so a pipe gets the bar too; it goes to standard error and does no harm. */
    @SuppressWarnings("SystemConsoleNull")
    ReplayProgress(String task, long turns) {
        bar = System.console() == null
                ? null
                : new ProgressBarBuilder()
                        .setTaskName(task)
                        .setInitialMax(turns)
                        .setUnit(" turns", 1)
                        .showSpeed()
                        .build();
    }

    void turnEnded() {
        if (bar != null) {
            bar.step();
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
