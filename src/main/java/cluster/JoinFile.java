package cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What another node needs to be one of a running node's cluster, as a file for {@code holdfast up --config}: where to join, the
 * store with its password, and the settings that nodes of one cluster share. Only its owner may read it. It goes with its node,
 * unless that is killed; then the next start writes it anew.
 *
 * <p><em>Thread-safety:</em> immutable but for {@link #close}.
 */
final class JoinFile implements AutoCloseable {
    private static final List<String> SHARED = List.of(
            "akka.cluster.split-brain-resolver.active-strategy",
            "holdfast.kv",
            "holdfast.workers",
            "holdfast.router",
            "holdfast.agents");

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
        content = content.withFallback(models(node));
        for (String section : SHARED) {
            content = content.withFallback(node.withOnlyPath(section));
        }
        String text = "# Written by a running node: `holdfast up --config` with it starts another one of its cluster.\n"
                + content.root()
                        .render(ConfigRenderOptions.concise().setFormatted(true).setJson(false));
        Path partial = null;
        try {
            partial = Files.createTempFile(
                    file.toAbsolutePath().getParent(),
                    "join",
                    ".partial",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(partial, text);
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | UnsupportedOperationException failure) {
            deleteQuietly(partial);
            throw new StartFailure(file + " cannot be written (" + failure + "): check space and permissions", failure);
        }
        return new JoinFile(file);
    }

    /** Files of models, found from any working directory. */
    private static Config models(Config node) {
        List<Map<String, Object>> models = new ArrayList<>();
        for (Config model : node.getConfigList("holdfast.models")) {
            Map<String, Object> shared = new TreeMap<>();
            for (String key : model.root().keySet()) {
                String value = model.getString(key);
                shared.put(
                        key,
                        key.equals("name")
                                ? value
                                : Path.of(value).toAbsolutePath().toString());
            }
            models.add(shared);
        }
        return ConfigFactory.parseMap(Map.of("holdfast.models", models));
    }

    private static void deleteQuietly(@Nullable Path partial) {
        try {
            if (partial != null) {
                Files.deleteIfExists(partial);
            }
        } catch (IOException stays) {
            // What is told is why the file cannot be written.
        }
    }

    Path path() {
        return file;
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
    }
}
