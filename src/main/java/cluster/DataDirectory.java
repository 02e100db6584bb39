package cluster;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * The one directory a node keeps its state in, owned by this process until closed.
 *
 * <p>The file {@code holdfast.lock} both marks the directory as ours and is locked by its owner. The operating system
 * drops the lock with the process, however it ends. A directory that has content but no such file belongs to somebody
 * else and is never written to.
 *
 * <p><em>Thread-safety:</em> immutable but for {@link #close}.
 */
public final class DataDirectory implements AutoCloseable {

    private static final String MARKER = "holdfast.lock";
    private static final int MARKER_MOST_BYTES = 256;
    private static final String LAYOUT = "holdfast data directory, layout 1";

    private final Path path;
    private final FileChannel lock;

    private DataDirectory(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Creates the directory if need be and takes it into possession.
     *
     * @throws StartFailure if it cannot be written, holds foreign content, has another layout or is in use
     */
    public static DataDirectory open(Path requested) {
        Path path = requested.toAbsolutePath().normalize();
        try {
            Files.createDirectories(path);
            path = path.toRealPath();
            refuseForeign(path);
            FileChannel lock = FileChannel.open(
                    path.resolve(MARKER), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            try {
                take(path, lock);
                Files.createDirectories(path.resolve("logs"));
                return new DataDirectory(path, lock);
            } catch (IOException | RuntimeException failure) {
                lock.close();
                throw failure;
            }
        } catch (FileAlreadyExistsException | NotDirectoryException notDirectory) {
            throw new StartFailure(
                    "data directory " + path + " is not a directory: choose another with --data-dir", notDirectory);
        } catch (IOException failure) {
            throw new StartFailure(
                    "data directory " + path + " cannot be written (" + reason(failure)
                            + "): fix its permissions or choose another with --data-dir",
                    failure);
        }
    }

    /** The directory itself, absolute and free of symbolic links. */
    public Path path() {
        return path;
    }

    /** Where every process of the node writes its log. */
    public Path logs() {
        return path.resolve("logs");
    }

    /** Gives the directory up to the next owner. */
    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException failure) {
            throw new IllegalStateException("cannot release the lock of " + path, failure);
        }
    }

    private static void refuseForeign(Path path) throws IOException {
        if (Files.exists(path.resolve(MARKER))) {
            return;
        }
        try (Stream<Path> content = Files.list(path)) {
            // The marker may appear meanwhile: two first starts at once.
            if (content.anyMatch(entry -> !entry.endsWith(MARKER)) && !Files.exists(path.resolve(MARKER))) {
                throw new StartFailure("data directory " + path
                        + " holds files that are not Holdfast's: choose an empty or new one with --data-dir");
            }
        }
    }

    private static void take(Path path, FileChannel lock) throws IOException {
        boolean ours = locked(lock);
        List<String> lines = lines(lock);
        if (!ours) {
            throw new StartFailure("data directory " + path + " is in use by another holdfast"
                    + (lines.size() < 2 ? "" : " (" + lines.get(1) + ")")
                    + ": stop that one or choose another directory with --data-dir");
        }
        if (!lines.isEmpty() && !lines.get(0).equals(LAYOUT)) {
            throw new StartFailure("data directory " + path + " was made by another version of holdfast ("
                    + lines.get(0) + "): run that version or choose another directory with --data-dir");
        }
        String content = LAYOUT + "\nprocess " + ProcessHandle.current().pid() + "\n";
        lock.truncate(0);
        lock.write(ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8)), 0);
    }

    private static boolean locked(FileChannel lock) throws IOException {
        try {
            return lock.tryLock() != null;
        } catch (OverlappingFileLockException sameProcess) {
            return false;
        }
    }

    /** Through the very channel that holds the lock: POSIX drops a process's locks when it closes any other one. */
    private static List<String> lines(FileChannel lock) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(MARKER_MOST_BYTES);
        int length = lock.read(content, 0);
        return new String(content.array(), 0, Math.max(length, 0), StandardCharsets.UTF_8)
                .lines()
                .toList();
    }

    private static String reason(IOException failure) {
        String name = failure.getClass().getSimpleName().replace("Exception", "");
        return failure.getMessage() == null ? name : name + ": " + failure.getMessage();
    }
}
