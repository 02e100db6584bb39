package cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Operations on a directory with all it holds. Symbolic links are never followed. */
final class FileTree {

    private FileTree() {}

    /** Deletes {@code root} and everything below it, if it exists. */
    static void delete(Path root) throws IOException {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Makes the user with id {@code uid} the owner of {@code root} and everything below it. */
    static void own(Path root, int uid) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.toList()) {
                Files.setAttribute(file, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
            }
        }
    }
}
