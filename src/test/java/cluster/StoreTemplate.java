package cluster;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A data directory with a session store in it that has been stopped, made once per run and copied. Making one is the slowest part of a
 * node's first start, and no concern of most tests.
 */
public final class StoreTemplate {
    private static final Path BINARIES = Path.of("target/postgres-binaries").toAbsolutePath();
    private static final Path TEMPLATE = made(Path.of("target/store-template"));

    private StoreTemplate() {}

    /** Makes an empty or missing directory a data directory whose next start finds a store. */
    public static void copyTo(Path directory) throws IOException {
        Files.createDirectories(directory);
        Command.Result copied = new Command(List.of("cp", "-a", TEMPLATE + "/.", directory.toString())).run();
        if (!copied.succeeded()) {
            throw new IOException("no copy of " + TEMPLATE + " in " + directory + ": " + copied.lastLine());
        }
    }

    private static Path made(Path directory) {
        try {
            FileTree.delete(directory);
            PostgresBinaries.unpackedIn(BINARIES);
            try (DataDirectory data = DataDirectory.open(directory)) {
                Files.createSymbolicLink(directory.resolve("binaries"), BINARIES);
                EmbeddedStore.start(data, StoreSettings.of(ConfigFactory.load()))
                        .close();
            }
            return directory;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
