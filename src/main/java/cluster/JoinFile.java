package cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;

/**
 * What another node needs to be one of a running node's cluster, as a file for {@code holdfast up --config}: where to join, the
 * store with its password, and the settings that nodes of one cluster share. Only its owner may read it; it is there while its
 * node is.
 *
 * <p><em>Thread-safety:</em> immutable but for {@link #close}.
 */
final class JoinFile implements AutoCloseable {
    private static final List<String> SHARED =
            List.of("holdfast.kv", "holdfast.workers", "holdfast.router", "holdfast.agents");

    private final Path file;

    private JoinFile(Path file) {
        this.file = file;
    }

    /**
     * Writes the file, over one that an earlier run left.
     *
     * @param node the running node's whole configuration
     * @param address of the node in its cluster
     * @throws StartFailure if it cannot be written
     */
    static JoinFile write(Path file, Config node, String address, StoreConnection store) {
        Config content = ConfigFactory.parseMap(
                        Map.of("akka.cluster.seed-nodes", List.of(address), "holdfast.cluster.store.embedded", false))
                .withFallback(store.toConfig());
        for (String section : SHARED) {
            content = content.withFallback(node.withOnlyPath(section));
        }
        String text = "# Written by a running node: `holdfast up --config` with it starts another one of its cluster.\n"
                + content.root()
                        .render(ConfigRenderOptions.concise().setFormatted(true).setJson(false));
        try {
            Path partial = Files.createTempFile(
                    file.toAbsolutePath().getParent(),
                    "join",
                    ".partial",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(partial, text);
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException failure) {
            throw new StartFailure(file + " cannot be written (" + failure + "): check space and permissions", failure);
        }
        return new JoinFile(file);
    }

    Path path() {
        return file;
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
    }
}
