package cluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One simulated engine in a process of its own, started again on its ports when it dies.
 *
 * <p>The engine announces itself with one line {@code READY {json}} on standard output and ends when its standard input
 * closes, so it never outlives this process. It is a session of its own: a terminal's Ctrl-C must not reach it before the
 * turns that run on it have finished.
 *
 * <p><em>Thread-safety:</em> safe.
 */
final class EngineProcess {

    private static final Logger log = LoggerFactory.getLogger(EngineProcess.class);
    private static final String READY = "READY ";

    private final String name;
    private final List<String> command;
    private final Path logFile;
    private final EngineProcessSettings settings;
    private final CompletableFuture<EngineAddress> ready = new CompletableFuture<>();
    private final CountDownLatch closing = new CountDownLatch(1);

    private @Nullable Process process;
    private @Nullable EngineAddress address;
    private Duration backoff;

    EngineProcess(int number, List<String> command, Path logs, EngineProcessSettings settings) {
        this.name = "engine-" + number;
        this.command = List.copyOf(command);
        this.logFile = logs.resolve(name + ".log");
        this.settings = settings;
        this.backoff = settings.restartBackoff();
    }

    /** Starts it. Fails with a {@link StartFailure} if it ends or the deadline passes before it serves. */
    CompletableFuture<EngineAddress> start() {
        Thread supervision = new Thread(this::supervise, name);
        supervision.setDaemon(true);
        supervision.start();
        return ready.orTimeout(settings.readyTimeout().toMillis(), TimeUnit.MILLISECONDS);
    }

    String name() {
        return name;
    }

    Path logFile() {
        return logFile;
    }

    synchronized long pid() {
        return process == null ? -1 : process.pid();
    }

    /** Tells it to end, without waiting. */
    synchronized void askToStop() {
        closing.countDown();
        if (process != null) {
            try {
                process.getOutputStream().close();
            } catch (IOException goneAlready) {
                log.debug("{} had ended already", name, goneAlready);
            }
        }
    }

    /** Waits for its end, and kills it if it takes too long. */
    void awaitStop() {
        Process stopping;
        synchronized (this) {
            stopping = process;
        }
        try {
            if (stopping != null && !stopping.waitFor(settings.stopTimeout().toMillis(), TimeUnit.MILLISECONDS)) {
                log.warn("{} did not end by itself: killing it", name);
                stopping.destroyForcibly().waitFor();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            stopping.destroyForcibly();
        }
    }

    private void supervise() {
        try {
            boolean again = true;
            while (again) {
                again = afterEnd(run());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Runs it once; how that ended. */
    private String run() throws InterruptedException {
        try {
            Process running = launch();
            try {
                readOutput(running);
            } catch (IOException failure) {
                running.destroyForcibly().waitFor();
                throw failure;
            }
            return "ended with status " + running.waitFor();
        } catch (IOException failure) {
            log.debug("{} cannot run", name, failure);
            return "cannot run: " + failure.getMessage() + ", and ended";
        }
    }

    private synchronized Process launch() throws IOException {
        List<String> words = new ArrayList<>(List.of("setsid"));
        words.addAll(command);
        if (address != null) {
            words.addAll(List.of("--port", Integer.toString(address.url().getPort())));
            words.addAll(
                    List.of("--events-port", Integer.toString(address.events().getPort())));
            words.addAll(
                    List.of("--replay-port", Integer.toString(address.replay().getPort())));
        }
        Process launched = new ProcessBuilder(words)
                .redirectError(ProcessBuilder.Redirect.appendTo(logFile.toFile()))
                .start();
        process = launched;
        if (closing.getCount() == 0) {
            launched.getOutputStream().close();
        }
        return launched;
    }

    private void readOutput(Process running) throws IOException {
        try (BufferedReader lines = running.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(READY)) {
                    onReady(EngineAddress.parse(line.substring(READY.length())));
                } else {
                    Files.writeString(logFile, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                }
            }
        } catch (IllegalArgumentException unusable) {
            throw new IOException("its announcement is unusable, " + unusable.getMessage(), unusable);
        }
    }

    private synchronized void onReady(EngineAddress announced) {
        log.info("{} serves {} at {}, process {}", name, announced.model(), announced.url(), pid());
        address = announced;
        backoff = settings.restartBackoff();
        ready.complete(announced);
    }

    /** Pauses and asks for another start, unless it was told to end or has never served: then the caller gives up. */
    private boolean afterEnd(String how) throws InterruptedException {
        Duration pause;
        synchronized (this) {
            if (address == null) {
                ready.completeExceptionally(new StartFailure(name + " " + how + " before it served: see " + logFile));
                return false;
            }
            pause = backoff;
            Duration doubled = backoff.multipliedBy(2);
            backoff = doubled.compareTo(settings.restartBackoffMost()) < 0 ? doubled : settings.restartBackoffMost();
        }
        if (closing.getCount() > 0) {
            log.warn("{} {}: starting it again in {}", name, how, pause);
        }
        return !closing.await(pause.toMillis(), TimeUnit.MILLISECONDS);
    }
}
