package cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {

    @TempDir
    Path temporary;

    @Test
    void makesANewDirectoryWithItsParents() {
        Path wanted = temporary.resolve("a/b");
        try (DataDirectory data = DataDirectory.open(wanted)) {
            assertTrue(Files.isDirectory(data.logs()));
        }
    }

    @Test
    void opensItsOwnDirectoryAgainWithWhatItHolds() throws IOException {
        DataDirectory.open(temporary).close();
        Files.writeString(temporary.resolve("kept"), "kept");

        DataDirectory.open(temporary).close();

        assertEquals("kept", Files.readString(temporary.resolve("kept")));
    }

    @Test
    void refusesASecondOwner() {
        DataDirectory first = DataDirectory.open(temporary);

        assertRefused(
                temporary,
                "in use by another holdfast (process " + ProcessHandle.current().pid() + ")");

        first.close();
        DataDirectory.open(temporary).close();
    }

    @Test
    void refusesASecondProcess() throws IOException, InterruptedException {
        Process owner = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        DirectoryOwner.class.getName(),
                        temporary.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertEquals("mine", owner.inputReader().readLine());

        assertRefused(temporary, "in use by another holdfast (process " + owner.pid() + ")");

        owner.destroyForcibly().waitFor();
        DataDirectory.open(temporary).close();
    }

    @Test
    void leavesAForeignDirectoryUntouched() throws IOException {
        Files.writeString(temporary.resolve("thesis.tex"), "precious");

        assertRefused(temporary, "not Holdfast's");

        try (var content = Files.list(temporary)) {
            assertEquals(List.of(temporary.resolve("thesis.tex")), content.toList());
        }
    }

    @Test
    void refusesADirectoryOfAnotherLayout() throws IOException {
        Files.writeString(temporary.resolve("holdfast.lock"), "holdfast data directory, layout 99\n");

        assertRefused(temporary, "layout 99");
    }

    @Test
    void refusesAFile() throws IOException {
        assertRefused(Files.writeString(temporary.resolve("file"), ""), "not a directory");
    }

    @Test
    void refusesAPlaceWhereNothingCanBeWritten() {
        // Even root cannot make a directory there.
        assertRefused(Path.of("/proc/holdfast"), "cannot be written");
    }

    private static void assertRefused(Path directory, String reason) {
        String message = String.valueOf(assertThrows(StartFailure.class, () -> DataDirectory.open(directory))
                .getMessage());
        assertTrue(message.contains(reason), message);
        assertTrue(message.contains(directory.toString()), message);
        assertTrue(message.contains("--data-dir"), message);
        assertFalse(message.contains("\n"), message);
    }

    /** A process of its own that keeps the directory until its end. */
    static final class DirectoryOwner {

        private DirectoryOwner() {}

        public static void main(String[] arguments) throws IOException {
            try (DataDirectory data = DataDirectory.open(Path.of(arguments[0]))) {
                System.out.println("mine");
                int end = System.in.read();
                throw new IllegalStateException(data.path() + " was given up, not killed: " + end);
            }
        }
    }
}
