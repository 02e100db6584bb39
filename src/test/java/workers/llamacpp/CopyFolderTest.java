package workers.llamacpp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import kv.FoundCopy;
import kv.LeaseId;
import kv.LedgerId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CopyFolderTest {
    private static final LedgerId OURS = new LedgerId(-1);
    private static final LedgerId THEIRS = new LedgerId(2);
    private static final LeaseId LEASE = new LeaseId(3, -4);

    @TempDir
    Path path;

    private CopyFolder folder() {
        return new CopyFolder(path);
    }

    @Test
    void filesOfALedgerAreFoundWithTheirLeasesAndNobodyElses() throws IOException {
        CopyFolder folder = folder();
        String ours = folder.newName(5, OURS, LEASE);
        String otherWeights = folder.newName(6, OURS, LEASE);
        for (String name : List.of(ours, otherWeights, folder.newName(5, THEIRS, LEASE), "notes.txt", "x" + ours)) {
            Files.writeString(path.resolve(name), "x");
        }

        List<FoundCopy> found = folder.of(OURS);

        assertEquals(2, found.size());
        assertTrue(found.containsAll(List.of(new FoundCopy(LEASE, ours), new FoundCopy(LEASE, otherWeights))));
    }

    @Test
    void nothingIsDeletedThatHasAnotherNameThanOurs() throws IOException {
        CopyFolder folder = folder();
        Path below = Files.createDirectory(path.resolve("below"));
        CopyFolder inner = new CopyFolder(below);
        String name = folder.newName(5, OURS, LEASE);
        for (Path file : List.of(path.resolve("notes.txt"), below.resolve(name), path.resolve(name + "x"))) {
            Files.writeString(file, "x");
        }

        folder.delete("notes.txt");
        folder.delete("below/" + name);
        folder.delete(name + "x");
        folder.delete(name);
        inner.delete("../notes.txt");

        assertFalse(inner.holds("../notes.txt", 1));
        assertTrue(Files.exists(path.resolve("notes.txt")));
        assertTrue(Files.exists(below.resolve(name)));
        assertTrue(Files.exists(path.resolve(name + "x")));
    }

    @Test
    void aFileCountsAtExactlyItsSize() throws IOException {
        CopyFolder folder = folder();
        String name = folder.newName(5, OURS, LEASE);
        assertFalse(folder.holds(name, 0));
        Files.writeString(path.resolve(name), "four");

        assertTrue(folder.holds(name, 4));
        assertFalse(folder.holds(name, 5));
        assertNotEquals(name, folder.newName(5, OURS, LEASE), "no name is used twice");
    }

    @Test
    void whatACutOffTrialLeftIsDeletedAndWhatRunsIsNot() throws IOException {
        CopyFolder folder = folder();
        Path old = Files.writeString(path.resolve(folder.trialName(5)), "x");
        Path running = Files.writeString(path.resolve(folder.trialName(5)), "x");
        Path copy = Files.writeString(path.resolve(folder.newName(5, OURS, LEASE)), "x");
        FileTime yesterday = FileTime.from(Instant.now().minus(Duration.ofDays(1)));
        Files.setLastModifiedTime(old, yesterday);
        Files.setLastModifiedTime(copy, yesterday);

        folder.deleteOldTrials();

        assertFalse(Files.exists(old));
        assertTrue(Files.exists(running));
        assertTrue(Files.exists(copy));
    }
}
