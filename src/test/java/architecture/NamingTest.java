package architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** House rules that a name or a file's size can show. */
class NamingTest {
    private static final Path SOURCES = Path.of("src/main/java");
    private static final int HARD_CAP_LINES = 500;
    private static final Pattern EMPTY_SUFFIX =
            Pattern.compile(".*(Impl|Manager|Helper|Helpers|Util|Utils|Data|Info|Actor)\\.java");

    @Test
    void noTypeHasASuffixThatSaysNothing() throws IOException {
        assertEquals(
                Set.of(), sources(path -> EMPTY_SUFFIX.matcher(path.toString()).matches()));
    }

    @Test
    void noFileIsLongerThanTheHardCap() throws IOException {
        assertEquals(Set.of(), sources(path -> lines(path) > HARD_CAP_LINES));
    }

    @Test
    void everyPackageSaysWhatItOwnsAndIsNullMarked() throws IOException {
        Set<String> silent = new TreeSet<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            files.filter(Files::isDirectory).filter(NamingTest::holdsTypes).forEach(directory -> {
                Path packageInfo = directory.resolve("package-info.java");
                if (!Files.exists(packageInfo) || !read(packageInfo).contains("@NullMarked")) {
                    silent.add(directory.toString());
                }
            });
        }
        assertEquals(Set.of(), silent);
    }

    private static Set<String> sources(java.util.function.Predicate<Path> odd) throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            Set<Path> all = new TreeSet<>(
                    files.filter(path -> path.toString().endsWith(".java")).toList());
            assertTrue(all.size() > 10, "the test looks in the wrong place");
            Set<String> found = new TreeSet<>();
            all.stream().filter(odd).forEach(path -> found.add(path.toString()));
            return found;
        }
    }

    private static boolean holdsTypes(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.anyMatch(path -> path.toString().endsWith(".java"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static long lines(Path path) {
        return read(path).lines().count();
    }

    private static String read(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
