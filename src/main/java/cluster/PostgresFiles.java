package cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The database's directory on disk: made once, checked at every start, freed of a server that outlived its node.
 *
 * <p><em>Thread-safety:</em> none needed: the data directory's lock admits one caller.
 */
final class PostgresFiles {

    static final String USER = "holdfast";

    private static final Logger log = LoggerFactory.getLogger(PostgresFiles.class);
    private static final Duration LEFT_OVER_PATIENCE = Duration.ofSeconds(10);
    private static final String PASSWORD_FILE = "holdfast.password";
    private static final String VERSION_FILE = "PG_VERSION";

    private final Path directory;
    private final PostgresBinaries binaries;
    private final Unprivileged user;

    private PostgresFiles(Path directory, PostgresBinaries binaries, Unprivileged user) {
        this.directory = directory;
        this.binaries = binaries;
        this.user = user;
    }

    /** Makes the directory fit to start a server on, whatever state the last run left it in. */
    static PostgresFiles prepare(Path directory, PostgresBinaries binaries, Unprivileged user) throws IOException {
        PostgresFiles files = new PostgresFiles(directory, binaries, user);
        if (Files.exists(directory)) {
            files.refuseOtherVersion();
        } else {
            files.initialise();
        }
        user.own(directory);
        files.stopLeftOver();
        return files;
    }

    Path directory() {
        return directory;
    }

    String password() throws IOException {
        return Files.readString(directory.resolve(PASSWORD_FILE)).strip();
    }

    /** The running server's process, if its pid file names one and it really works in this directory. */
    Optional<ProcessHandle> server() throws IOException {
        return fromPidFile().filter(this::worksHere);
    }

    /** A command of pg_ctl on this directory. */
    Command control(String... words) {
        return Command.of(user.prefix(), List.of(binaries.program("pg_ctl"), "-D", directory.toString()))
                .and(words);
    }

    /** Built beside its final place and moved there when complete, so that a kill in between leaves no half. */
    private void initialise() throws IOException {
        Path partial = directory.resolveSibling("postgres.partial");
        FileTree.delete(partial);
        Files.createDirectory(
                partial, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path secret = Files.createTempFile(
                directory.getParent(),
                "initdb",
                ".password",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        byte[] random = new byte[24];
        new SecureRandom().nextBytes(random);
        Files.writeString(secret, HexFormat.of().formatHex(random) + "\n");
        user.own(partial);
        user.own(secret);
        Command.Result made = Command.of(
                        user.prefix(), List.of(binaries.program("initdb"), "-D", partial.toString(), "-U", USER))
                .and("--auth=scram-sha-256", "--pwfile=" + secret, "--encoding=UTF8", "--no-locale")
                .run();
        if (!made.succeeded()) {
            Files.delete(secret);
            throw new StartFailure("PostgreSQL cannot make its files in " + partial + " (" + made.lastLine()
                    + "): check free space and permissions, or choose another directory with --data-dir");
        }
        Files.move(secret, partial.resolve(PASSWORD_FILE), StandardCopyOption.ATOMIC_MOVE);
        Files.move(partial, directory, StandardCopyOption.ATOMIC_MOVE);
        log.info("made a new session store in {}", directory);
    }

    private void refuseOtherVersion() throws IOException {
        Path version = directory.resolve(VERSION_FILE);
        if (!Files.exists(version) || !Files.exists(directory.resolve(PASSWORD_FILE))) {
            throw new StartFailure(
                    "session store " + directory + " is damaged (" + VERSION_FILE + " or " + PASSWORD_FILE
                            + " is missing): restore it from a backup or choose another directory with --data-dir");
        }
        String found = Files.readString(version).strip();
        String ours = binaries.majorVersion();
        if (!found.equals(ours)) {
            throw new StartFailure(
                    "session store " + directory + " belongs to PostgreSQL " + found + ", this holdfast brings " + ours
                            + ": upgrade it with pg_upgrade or choose another directory with --data-dir");
        }
    }

    /**
     * Ends a server whose node was killed, and waits for the last of its processes: two servers on one directory would
     * destroy it. A pid file that names another program by now would keep a server from starting.
     */
    private void stopLeftOver() throws IOException {
        if (server().isPresent()) {
            log.info("stopping the PostgreSQL server that an earlier run left behind in {}", directory);
            if (!control("-m", "fast", "-w", "-t", "30", "stop").run().succeeded()) {
                control("-m", "immediate", "-w", "-t", "10", "stop").run();
            }
        }
        List<ProcessHandle> remaining =
                ProcessHandle.allProcesses().filter(this::worksHere).toList();
        for (ProcessHandle process : remaining) {
            if (!ended(process)) {
                throw new StartFailure("a PostgreSQL process of an earlier run still works in " + directory
                        + ": end it with `kill " + process.pid() + "` and start again");
            }
        }
        if (fromPidFile().isPresent()) {
            Files.delete(pidFile());
        }
    }

    private Optional<ProcessHandle> fromPidFile() throws IOException {
        if (!Files.exists(pidFile())) {
            return Optional.empty();
        }
        try (Stream<String> lines = Files.lines(pidFile())) {
            return lines.findFirst()
                    .map(String::strip)
                    .filter(pid -> pid.matches("\\d{1,10}"))
                    .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid)));
        }
    }

    private Path pidFile() {
        return directory.resolve("postmaster.pid");
    }

    private boolean worksHere(ProcessHandle process) {
        try {
            Path program = Path.of("/proc/" + process.pid() + "/exe");
            Path place = Path.of("/proc/" + process.pid() + "/cwd");
            return Files.readSymbolicLink(program).getFileName().toString().startsWith("postgres")
                    && Files.readSymbolicLink(place).equals(directory);
        } catch (IOException endedOrForeign) {
            return false;
        }
    }

    private static boolean ended(ProcessHandle process) {
        try {
            process.onExit().get(LEFT_OVER_PATIENCE.toSeconds(), TimeUnit.SECONDS);
            return true;
        } catch (TimeoutException | ExecutionException stillThere) {
            return false;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
